import { randomBytes } from 'node:crypto';
import { verifierLimits } from '@countersign/verifier/limits';
import type { Revocation } from '@countersign/verifier/revocation/revocation';
import { createSlicedFilter } from '@countersign/verifier/revocation/slicedFilter';
import t from 'tap';
import { propagationLimits } from '../../../src/revocation/propagation/limits.ts';
import type { FeedMessage } from '../../../src/revocation/subscribers/feed.ts';
import { subscriberLimits } from '../../../src/revocation/subscribers/limits.ts';
import { revoked, startOfTest } from '../../support/denyListNode.ts';
import { leaseMs } from '../../support/nodes.ts';
import {
  caughtUp,
  createWatchedNode,
  openSubscriber,
  openWithLease,
  type WatchingSubscriber,
} from '../../support/watchedNode.ts';

const { subscriberBacklogEntries, subscriberSilenceMilliseconds } = subscriberLimits;
const { subscriberMessageEntries } = verifierLimits;
const { leaseMarginMilliseconds } = propagationLimits;

const wholeLeaseMs = leaseMs + leaseMarginMilliseconds;
const row = (expiresAt = revoked(Buffer.of()).expiresAt): Revocation => ({
  ...revoked(randomBytes(16)),
  expiresAt,
});

/** Whether what a subscriber was sent has all of these, as its own deny-list would say. */
function has(messages: readonly FeedMessage[], ...rows: readonly Revocation[]): boolean {
  const filter = createSlicedFilter(60_000);
  for (const message of messages) {
    if (message.kind === 'slice') filter.adopt(message.slice.endsAt, message.slice.layers);
    if (message.kind !== 'revocations') continue;
    for (const { subject, expiresAt } of message.revocations) filter.add(subject, expiresAt);
  }
  return rows.every(({ subject }) => filter.mayContain(subject));
}

const positionsOf = (messages: readonly FeedMessage[]) =>
  messages.flatMap((message) => (message.kind === 'revocations' ? [message.position] : []));

t.test('nobody is waited for when there is no subscriber', async (t) => {
  const { subscribers, denyList, clock } = await createWatchedNode();
  denyList.add([row()]);
  t.equal(caughtUp(subscribers)(), 'at once');
  t.equal(clock.timers(), 1, 'but for the look at subscribers');
});

t.test('it is caught up when every subscriber with a lease', async (t) => {
  const table: readonly (readonly [
    string,
    (subscriber: WatchingSubscriber, node: Awaited<ReturnType<typeof createWatchedNode>>) => unknown,
    string,
  ])[] = [
    ['is silent', () => {}, 'waiting'],
    ['has taken it, and said nothing', (subscriber) => subscriber.reader.all(), 'waiting'],
    ['has acknowledged it', (subscriber) => subscriber.follow(), 'acknowledged'],
    ['has left', (subscriber) => subscriber.stream.leave(), 'left'],
    ['has lost its connection', (subscriber) => subscriber.stream.disconnected(), 'waiting'],
    [
      'has lost its connection, and its lease has run out',
      async (subscriber, { clock }) => {
        subscriber.stream.disconnected();
        await clock.advance(wholeLeaseMs);
      },
      'lease_expired',
    ],
    ['holds none any more', (_, { clock }) => clock.advance(wholeLeaseMs), 'lease_expired'],
    ['was cut off by a load', (_, { denyList }) => denyList.load(async () => {}), 'waiting'],
  ];
  for (const [what, happens, outcome] of table) {
    const node = await createWatchedNode();
    const { subscribers, denyList, clock, outcomes } = node;
    const [one, two] = [await openWithLease(subscribers), await openWithLease(subscribers)];
    denyList.add([row()]);
    const state = caughtUp(subscribers);
    await happens(one, node);
    await clock.settle();
    t.equal(
      state(),
      outcome === 'lease_expired' ? 'caught up' : 'waiting',
      `${what}: there is another subscriber`,
    );
    await two.follow();
    t.equal(state(), outcome === 'waiting' ? 'waiting' : 'caught up', `one subscriber ${what}`);
    const settled = outcome === 'lease_expired' ? [outcome, outcome] : [outcome, 'acknowledged'];
    if (outcome !== 'waiting') t.strictSame(outcomes, settled);
  }
});

t.test('a subscriber without a lease is not waited for', async (t) => {
  const { subscribers, denyList } = await createWatchedNode();
  await openSubscriber(subscribers);
  denyList.add([row()]);
  t.equal(caughtUp(subscribers)(), 'at once');
});

t.test('one that lost its connection is waited for also with what comes after', async (t) => {
  const { subscribers, denyList, clock } = await createWatchedNode();
  const { stream } = await openWithLease(subscribers);
  stream.disconnected();
  t.strictSame([subscribers.connected(), subscribers.leases()], [0, 1]);
  t.equal(caughtUp(subscribers)(), 'at once', 'it knows what was before');
  denyList.add([row()]);
  t.equal(caughtUp(subscribers)(), 'waiting');
  await openWithLease(subscribers);
  await clock.advance(wholeLeaseMs - 1);
  t.equal(caughtUp(subscribers)(), 'waiting');
  await clock.advance(1);
  t.equal(caughtUp(subscribers)(), 'at once');
  t.equal(subscribers.leases(), 0);
});

t.test('a subscriber whose stream was ended by its node is waited for until its lease is over', async (t) => {
  const ends: readonly (readonly [
    string,
    (node: Awaited<ReturnType<typeof createWatchedNode>>) => unknown,
  ])[] = [
    [
      'too slow',
      ({ denyList }) => {
        denyList.add(Array.from({ length: subscriberBacklogEntries + 1 }, () => row()));
      },
    ],
    ['started over', ({ denyList }) => denyList.load(async () => {})],
    ['closed', ({ subscribers }) => subscribers.close()],
  ];
  for (const [what, end] of ends) {
    const node = await createWatchedNode();
    const { subscribers, denyList, clock } = node;
    const { stream } = await openWithLease(subscribers);
    await end(node);
    t.not(stream.ended(), undefined, what);
    denyList.add([row()]);
    const state = caughtUp(subscribers);
    await clock.advance(wholeLeaseMs - 1);
    t.equal(state(), 'waiting', what);
    await clock.advance(1);
    t.equal(state(), 'caught up', what);
  }
});

t.test('what a load brought is nothing that an earlier subscriber knows', async (t) => {
  const { subscribers, denyList, clock } = await createWatchedNode();
  const subscriber = await openWithLease(subscribers);
  // The node has read it with everything else: no subscriber was sent it.
  await denyList.load(async (memory) => memory.add([row()]));
  t.match(subscriber.stream.ended(), 'started_over');
  const state = caughtUp(subscribers);
  t.equal(state(), 'waiting', 'nothing was sent since, and it lacks something');
  const later = await openWithLease(subscribers);
  await later.follow();
  t.equal(state(), 'waiting');
  await clock.advance(wholeLeaseMs);
  t.equal(state(), 'caught up');
});

t.test('what is heard twice is sent once, to all that need it', async (t) => {
  const { subscribers, denyList } = await createWatchedNode();
  const first = await openWithLease(subscribers);
  const rows = [row(), row()];
  denyList.add(rows);
  denyList.add(rows);
  denyList.addCommitted(rows.slice(0, 1));
  t.equal(positionsOf(await first.follow()).length, 1);
  t.equal(caughtUp(subscribers)(), 'at once');
});

t.test('the second hearing waits for the first one', async (t) => {
  const { subscribers, denyList } = await createWatchedNode();
  const subscriber = await openWithLease(subscribers);
  const same = row();
  denyList.add([same]);
  denyList.add([same]);
  const state = caughtUp(subscribers);
  t.equal(state(), 'waiting');
  await subscriber.follow();
  t.equal(state(), 'caught up');
});

t.test('no subscriber lacks what it was not sent because others were', async (t) => {
  const longer = startOfTest + 2_000_000;
  const table: readonly (readonly [
    string,
    (node: Awaited<ReturnType<typeof createWatchedNode>>, known: Revocation) => unknown,
  ])[] = [
    ['it came after the first hearing', () => {}],
    [
      'it came after a load that brought it',
      ({ denyList }, known) => denyList.load(async (memory) => memory.add([known])),
    ],
    ['it came after a load that did not', ({ denyList }) => denyList.load(async () => {})],
    ['all subscribers were lost meanwhile', ({ clock }) => clock.advance(subscriberSilenceMilliseconds * 2)],
  ];
  for (const [what, between] of table) {
    const node = await createWatchedNode();
    const { subscribers, denyList } = node;
    const first = await openWithLease(subscribers);
    const known = row();
    denyList.add([known]);
    first.stream.disconnected();
    await between(node, known);
    const subscriber = await openSubscriber(subscribers);
    const snapshot = await subscriber.reader.all();
    denyList.add([known]);
    t.ok(has([...snapshot, ...(await subscriber.reader.all())], known), what);
    denyList.add([{ ...known, expiresAt: longer }]);
    const expiries = (await subscriber.reader.all()).flatMap((message) =>
      message.kind === 'revocations' ? message.revocations.map(({ expiresAt }) => expiresAt) : [],
    );
    t.ok(expiries.includes(longer), `${what}: it is told of the later expiry`);
  }
});

t.test('an expiry that is earlier, or no later, is not news', async (t) => {
  const { subscribers, denyList } = await createWatchedNode();
  const subscriber = await openWithLease(subscribers);
  const known = row(startOfTest + 2_000_000);
  denyList.add([known]);
  denyList.add([{ ...known, expiresAt: startOfTest + 1_000_000 }]);
  t.equal(positionsOf(await subscriber.follow()).length, 1);
});

t.test('whenever a subscriber opens, its snapshot and what follows have everything', async (t) => {
  const { subscribers, denyList } = await createWatchedNode();
  const rows = Array.from({ length: 60 }, () => row());
  const streams: WatchingSubscriber[] = [];
  for (const [index, next] of rows.entries()) {
    if (index % 3 === 0) streams.push(await openSubscriber(subscribers));
    denyList.add([next]);
    // What is heard again, in any order.
    denyList.add(rows.slice(0, index + 1).filter((_, other) => other % 4 === index % 4));
  }
  for (const [index, subscriber] of streams.entries()) {
    const messages = await subscriber.reader.all();
    t.ok(has(messages, ...rows), `subscriber ${index}`);
    const [end] = messages.flatMap((message) => (message.kind === 'snapshot_end' ? [message.position] : []));
    const positions = [end ?? Number.NaN, ...positionsOf(messages)];
    t.ok(
      positions.every((position, at) => at === 0 || position > (positions[at - 1] ?? Number.NaN)),
      `subscriber ${index}: positions grow from that of the snapshot`,
    );
  }
});

t.test('many at once come in messages of a size, and the last one is waited for', async (t) => {
  const { subscribers, denyList } = await createWatchedNode();
  const subscriber = await openWithLease(subscribers);
  denyList.add(Array.from({ length: 2 * subscriberMessageEntries + 1 }, () => row()));
  const state = caughtUp(subscribers);
  const messages = await subscriber.reader.all();
  const [first, second, third] = positionsOf(messages);
  t.strictSame([second, third, subscriber.position()], [(first ?? 0) + 1, (first ?? 0) + 2, third]);
  subscriber.stream.acknowledge(second ?? 0);
  await Promise.resolve();
  t.equal(state(), 'waiting');
  await subscriber.follow();
  t.equal(state(), 'caught up');
});

t.test('a subscriber that never acknowledges is waited for once', async (t) => {
  const { subscribers, denyList, clock, renew, outcomes } = await createWatchedNode();
  const subscriber = await openWithLease(subscribers);
  for (let now = 0; now < 20_000; now += 500) {
    denyList.add([row()]);
    const state = caughtUp(subscribers);
    if (now > 2 * wholeLeaseMs) t.equal(state(), 'at once', `${now} ms`);
    await clock.advance(500);
    renew();
    subscriber.renew();
    await subscriber.reader.all();
  }
  t.ok(outcomes.every((outcome) => outcome === 'lease_expired'));
  t.equal(subscribers.connected(), 1, 'it may mend');
});
