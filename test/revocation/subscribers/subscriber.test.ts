import t from 'tap';
import { propagationLimits } from '../../../src/revocation/propagation/limits.ts';
import { subscriberLimits } from '../../../src/revocation/subscribers/limits.ts';
import { leaseMs } from '../../support/nodes.ts';
import {
  createSubscriberOfNode,
  createSubscriberWithLease,
  watched,
} from '../../support/subscriberOfNode.ts';

const { subscriberBehindMilliseconds } = subscriberLimits;
const { leaseMarginMilliseconds } = propagationLimits;

t.test('whoever must know is told ahead of every later grant', async (t) => {
  const { subscriber, send, reader } = await createSubscriberWithLease();
  send(8);
  subscriber.renew(2);
  send(9);
  subscriber.renew(3);
  t.strictSame(await reader.words(), [
    ...['revocations 8', `lease 2 for ${leaseMs}`],
    ...['revocations 9', `lease 3 for ${leaseMs}`],
  ]);
});

t.test('there is no lease before the end of the snapshot was taken', async (t) => {
  const { subscriber, reader } = createSubscriberOfNode();
  subscriber.renew(1);
  t.match(await reader.one(), { kind: 'slice' });
  subscriber.renew(2);
  t.match(await reader.one(), { kind: 'snapshot_end' });
  t.equal(subscriber.holdsLease(), false);
  subscriber.renew(3);
  t.strictSame(await reader.words(), ['lease 1 for 0', 'lease 2 for 0', `lease 3 for ${leaseMs}`]);
  t.equal(subscriber.holdsLease(), true);
});

t.test('no lease is longer than what is left of the lease of the node', async (t) => {
  const table: readonly (readonly [string, number, number])[] = [
    ['at once', 0, leaseMs],
    ['later', 1_200, leaseMs - 1_200],
    ['a part of a millisecond is not counted', 0.4, leaseMs - 1],
    ['at its last moment', leaseMs - 1, 1],
    ['when it is over', leaseMs, 0],
    ['long after', 10 * leaseMs, 0],
  ];
  for (const [when, elapsed, granted] of table) {
    const { clock, subscriber, reader } = createSubscriberOfNode();
    await reader.all();
    await clock.advance(elapsed);
    subscriber.renew(1);
    t.strictSame(await reader.words(), [`lease 1 for ${granted}`], when);
    t.equal(subscriber.holdsLease(), granted > 0, when);
  }
});

t.test('the wall clock of the node shortens what it grants', async (t) => {
  const { clock, subscriber, reader } = createSubscriberOfNode();
  await reader.all();
  clock.stepWall(2_000);
  subscriber.renew(1);
  clock.stepWall(-1_000_000);
  t.strictSame(await reader.words(), [`lease 1 for ${leaseMs - 2_000}`]);
});

t.test('a node that gave its lease back grants none, and what was granted goes on', async (t) => {
  const { clock, nodeLease, subscriber, reader } = await createSubscriberWithLease();
  nodeLease.drop();
  subscriber.renew(2);
  t.strictSame(await reader.words(), ['lease 2 for 0']);
  await clock.advance(leaseMs + leaseMarginMilliseconds - 1);
  t.equal(subscriber.holdsLease(), true, 'nobody has told the subscriber to stop');
  await clock.advance(1);
  t.equal(subscriber.holdsLease(), false);
});

t.test('a grant that is shorter does not end one that is longer', async (t) => {
  const { clock, nodeLease, subscriber } = await createSubscriberWithLease();
  const known = watched(subscriber.knows(8));
  nodeLease.hold({ monotonic: clock.monotonic() - leaseMs + 10, wall: clock.now() });
  subscriber.renew(2);
  await clock.advance(leaseMs);
  t.equal(subscriber.holdsLease(), true);
  await clock.advance(leaseMarginMilliseconds);
  t.strictSame([subscriber.holdsLease(), known()], [false, 'lease_expired']);
});

t.test('a subscriber without a lease is not waited for', async (t) => {
  const { clock, subscriber, send } = createSubscriberOfNode();
  send(8);
  t.equal(subscriber.knows(8), undefined);
  t.equal(clock.timers(), 0);
});

t.test('a subscriber with a lease is waited for, until one of these', async (t) => {
  const table: readonly (readonly [
    string,
    (parts: Awaited<ReturnType<typeof createSubscriberOfNode>>) => unknown,
    string,
  ])[] = [
    ['nothing happens', () => {}, 'waiting'],
    ['it acknowledges', ({ subscriber }) => subscriber.acknowledge(8), 'acknowledged'],
    ['it acknowledges a later position', ({ subscriber }) => subscriber.acknowledge(9), 'acknowledged'],
    ['it acknowledges an earlier position', ({ subscriber }) => subscriber.acknowledge(7), 'waiting'],
    ['it leaves', ({ subscriber }) => subscriber.leave(), 'left'],
    [
      'its connection is gone: it goes on from memory',
      ({ subscriber }) => subscriber.disconnected(),
      'waiting',
    ],
    [
      'it was cut off, which it may not have noticed',
      ({ subscriber }) => subscriber.end('too_slow'),
      'waiting',
    ],
    ['its lease is nearly over', ({ clock }) => clock.advance(leaseMs), 'waiting'],
    [
      'its lease is over, and the margin of the clocks',
      ({ clock }) => clock.advance(leaseMs + leaseMarginMilliseconds),
      'lease_expired',
    ],
    [
      'its lease is over, and it has asked for another one meanwhile',
      async ({ clock, nodeLease, subscriber }) => {
        await clock.advance(1_000);
        nodeLease.hold(nodeLease.moment());
        subscriber.renew(2);
        await clock.advance(leaseMs - 1_000 + leaseMarginMilliseconds);
      },
      'lease_expired',
    ],
  ];
  for (const [what, happens, outcome] of table) {
    const parts = await createSubscriberWithLease();
    const { clock, subscriber, send, reader } = parts;
    send(8);
    send(9);
    await reader.all();
    const known = watched(subscriber.knows(8));
    t.equal(known(), 'waiting');
    await happens(parts);
    await clock.settle();
    t.equal(known(), outcome, what);
    t.equal(clock.timers(), outcome === 'waiting' ? 1 : 0, `${what}: nothing is left behind`);
  }
});

t.test('what it has acknowledged before is not waited for', async (t) => {
  const { subscriber, send, reader } = await createSubscriberWithLease();
  send(8);
  await reader.all();
  subscriber.acknowledge(8);
  t.equal(subscriber.knows(8), undefined);
  t.equal(watched(subscriber.knows(9))(), 'waiting', 'what was not even sent to it is');
});

t.test('a subscriber that does not acknowledge gets no further lease', async (t) => {
  const { clock, nodeLease, subscriber, send, reader } = await createSubscriberWithLease();
  send(8);
  await clock.advance(subscriberBehindMilliseconds - 1);
  nodeLease.hold(nodeLease.moment());
  subscriber.renew(2);
  await clock.advance(1);
  subscriber.renew(3);
  t.strictSame(await reader.words(), ['revocations 8', `lease 2 for ${leaseMs}`, 'lease 3 for 0']);
  await clock.advance(leaseMs + leaseMarginMilliseconds);
  t.equal(subscriber.knows(8), undefined, 'so it is waited for once');
  subscriber.acknowledge(8);
  nodeLease.hold(nodeLease.moment());
  subscriber.renew(4);
  t.strictSame(await reader.words(), [`lease 4 for ${leaseMs}`], 'until it does');
});

t.test('neither does one that acknowledges, but always too late', async (t) => {
  const { clock, nodeLease, subscriber, send, reader } = await createSubscriberWithLease();
  const lateMs = subscriberBehindMilliseconds + 1_000;
  const granted: number[] = [];
  let renewal = 1;
  for (let now = 0; now < 10_000; now += 100) {
    send(8 + now / 100);
    await reader.all();
    if (now >= lateMs) subscriber.acknowledge(8 + (now - lateMs) / 100);
    nodeLease.hold(nodeLease.moment());
    renewal += 1;
    subscriber.renew(renewal);
    for (const message of await reader.all()) {
      if (message.kind === 'lease' && message.leaseMs > 0) granted.push(now);
    }
    await clock.advance(100);
  }
  t.ok(
    granted.every((at) => at <= subscriberBehindMilliseconds),
    `granted at ${granted.at(-1)} ms`,
  );
  t.equal(subscriber.holdsLease(), false, 'logouts do not wait for it each time');
});

t.test('one that is always a little late keeps its lease', async (t) => {
  const { clock, nodeLease, subscriber, send, reader } = await createSubscriberWithLease();
  const lateMs = subscriberBehindMilliseconds - 500;
  for (let now = 0; now < 10_000; now += 100) {
    send(8 + now / 100);
    await reader.all();
    if (now >= lateMs) subscriber.acknowledge(8 + (now - lateMs) / 100);
    nodeLease.hold(nodeLease.moment());
    subscriber.renew(2 + now / 100);
    t.match((await reader.all()).at(-1), { kind: 'lease', leaseMs });
    await clock.advance(100);
  }
});
