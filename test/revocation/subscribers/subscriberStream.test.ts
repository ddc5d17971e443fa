import t from 'tap';
import { propagationLimits } from '../../../src/revocation/propagation/limits.ts';
import type { PublicKeys } from '../../../src/revocation/subscribers/feed.ts';
import { subscriberLimits } from '../../../src/revocation/subscribers/limits.ts';
import type { createSubscriber } from '../../../src/revocation/subscribers/subscriber.ts';
import { leaseMs } from '../../support/nodes.ts';
import {
  createSubscriberOfNode,
  createSubscriberWithLease,
  slice,
  watched,
} from '../../support/subscriberOfNode.ts';

const { subscriberBacklogEntries, subscriberBacklogMessages, subscriberKeysMilliseconds } = subscriberLimits;
const { leaseMarginMilliseconds } = propagationLimits;
const refused = { code: 'invalid_request' };

t.test('a subscriber is sent the snapshot, then what it says is complete, then what is new', async (t) => {
  const { subscriber, send, reader } = createSubscriberOfNode({
    slices: [slice, slice],
    keys: { jwks: 'one', ageMs: 5 },
  });
  t.equal(subscriber.snapshotEntries, 12, 'so that it can refuse what does not fit');
  send(8);
  subscriber.renew(1);
  send(9);
  t.strictSame(await reader.words(), [
    ...['slice', 'slice', 'keys one of 5 ms', 'snapshot up to 7'],
    ...['revocations 8', 'lease 1 for 0', 'revocations 9'],
  ]);
});

t.test('a message that does not fit the protocol is refused, and changes nothing', async (t) => {
  const table: readonly (readonly [string, (subscriber: ReturnType<typeof createSubscriber>) => void])[] = [
    ['a position that was not sent', (subscriber) => subscriber.acknowledge(9)],
    ['a position that still waits to be sent', (subscriber) => subscriber.acknowledge(8)],
    ['a position that is none', (subscriber) => subscriber.acknowledge(Number.NaN)],
    ['a number again', (subscriber) => subscriber.renew(1)],
    ['a number that does not grow', (subscriber) => subscriber.renew(0)],
    ['a number that is none', (subscriber) => subscriber.renew(Number.NaN)],
    ['a number that cannot be sent back as it came', (subscriber) => subscriber.renew(2 ** 53)],
  ];
  for (const [what, message] of table) {
    const { clock, subscriber, send, reader } = await createSubscriberWithLease();
    const known = watched(subscriber.knows(8));
    send(8);
    t.throws(() => message(subscriber), refused, what);
    await clock.settle();
    t.equal(known(), 'waiting', `${what}: it settles nothing`);
    t.strictSame(await reader.words(), ['revocations 8'], `${what}: and grants nothing`);
    subscriber.acknowledge(8);
    subscriber.renew(2);
    t.strictSame(await reader.words(), [`lease 2 for ${leaseMs}`], `${what}: the next one is taken`);
  }
});

t.test('positions that a subscriber has acknowledged can be acknowledged again', async (t) => {
  const { subscriber, send, reader } = await createSubscriberWithLease();
  send(8);
  await reader.all();
  for (const position of [8, 8, 7, 1, -1]) subscriber.acknowledge(position);
  t.equal(subscriber.knows(8), undefined);
  t.ok(subscriber.knows(9));
});

t.test('more than may wait for a subscriber is too slow', async (t) => {
  const table: readonly (readonly [string, number, number, boolean])[] = [
    ['entries', subscriberBacklogEntries / 1_000, 1_000, true],
    // Of which none can be joined with the one before.
    ['messages', subscriberBacklogMessages - 2, 1, false],
  ];
  for (const [what, messages, entries, alike] of table) {
    const { subscriber, send, reader } = createSubscriberOfNode();
    for (let sent = 0; sent < messages; sent += 1) send(8 + sent, entries, alike || sent % 2 === 0);
    t.equal(subscriber.ended(), undefined, `${what}: this much is not`);
    send(8 + messages, entries);
    t.equal(subscriber.ended(), 'too_slow', what);
    t.equal(await reader.one(), undefined, `${what}: the rest is not kept`);
  }
});

t.test('single revocations that wait for a slow subscriber are joined, in their order', async (t) => {
  const { subscriber, send, reader } = createSubscriberOfNode();
  const many = 3 * subscriberBacklogMessages;
  for (let sent = 0; sent < many; sent += 1) send(8 + sent);
  t.equal(subscriber.ended(), undefined, 'there is room');
  const messages = await reader.all();
  const revocations = messages.flatMap((message) => (message.kind === 'revocations' ? [message] : []));
  const positions = revocations.map(({ position }) => position);
  t.ok(messages.length < 200, `${messages.length} messages`);
  t.strictSame(
    positions,
    [...new Set(positions)].toSorted((one, other) => one - other),
    'they grow',
  );
  t.equal(positions.at(-1), 7 + many, 'up to the last one');
  t.equal(revocations.flatMap((message) => message.revocations).length, many, 'none is lost');
});

t.test('room that was freed is there again', async (t) => {
  const { subscriber, send, reader } = createSubscriberOfNode();
  for (let round = 0; round < 3; round += 1) {
    for (let sent = 0; sent < subscriberBacklogEntries / 1_000; sent += 1)
      send(8 + round * 1_000 + sent, 1_000);
    await reader.all();
  }
  t.equal(subscriber.ended(), undefined);
});

t.test('a stream that has ended is no way to a lease, nor to anything else', async (t) => {
  const ends = ['too_slow', 'silent', 'started_over', 'reconnect'] as const;
  for (const why of ends) {
    const { clock, nodeLease, subscriber, send, reader } = await createSubscriberWithLease();
    subscriber.end(why);
    send(8);
    await clock.advance(1_000);
    nodeLease.hold(nodeLease.moment());
    subscriber.renew(2);
    subscriber.askToReconnect('draining', 1_000);
    t.strictSame(await reader.words(), [], why);
    await clock.advance(leaseMs - 1_000 + leaseMarginMilliseconds);
    t.equal(subscriber.holdsLease(), false, `${why}: what the subscriber was not granted is not waited for`);
    subscriber.end('disconnected');
    t.equal(subscriber.ended(), why, 'the first reason stays');
  }
});

t.test(
  'keys are sent when they change, and again before the subscriber would take them for old',
  async (t) => {
    const { clock, ring, subscriber, reader } = createSubscriberOfNode({ keys: { jwks: 'one', ageMs: 0 } });
    await reader.all();
    let renewal = 0;
    const renewed = async (keys: PublicKeys | undefined, afterMs: number) => {
      ring.keys = keys;
      await clock.advance(afterMs);
      renewal += 1;
      subscriber.renew(renewal);
      return (await reader.words()).filter((words) => words.startsWith('keys'));
    };
    t.strictSame(await renewed({ jwks: 'one', ageMs: 3 }, subscriberKeysMilliseconds - 1), []);
    t.strictSame(await renewed({ jwks: 'one', ageMs: 4 }, 1), ['keys one of 4 ms']);
    t.strictSame(await renewed({ jwks: 'two', ageMs: 5 }, 1), ['keys two of 5 ms']);
    t.strictSame(
      await renewed(undefined, subscriberKeysMilliseconds),
      [],
      'those of a ring that is too old are not',
    );
    t.strictSame(await renewed({ jwks: 'two', ageMs: 6 }, 0), ['keys two of 6 ms']);
  },
);

t.test('when it was heard last', async (t) => {
  const { clock, subscriber, send, reader } = await createSubscriberWithLease();
  await clock.advance(100);
  send(8);
  await reader.all();
  t.equal(subscriber.heardAt(), 0, 'what it is sent says nothing');
  subscriber.acknowledge(8);
  t.equal(subscriber.heardAt(), 100);
  await clock.advance(100);
  subscriber.renew(2);
  t.equal(subscriber.heardAt(), 200);
});

t.test('whoever waits for a message when the stream ends is told', async (t) => {
  const { subscriber, reader } = await createSubscriberWithLease();
  const next = subscriber.next();
  subscriber.disconnected();
  t.equal(await next, undefined);
  t.equal(await reader.one(), undefined);
});
