import { randomBytes } from 'node:crypto';
import { markAt } from '@countersign/verifier/revocation/issuedBefore';
import t from 'tap';
import { propagationLimits } from '../../../src/revocation/propagation/limits.ts';
import { subscriberLimits } from '../../../src/revocation/subscribers/limits.ts';
import { revoked, startOfTest } from '../../support/denyListNode.ts';
import { leaseMs } from '../../support/nodes.ts';
import { caughtUp, createWatchedNode, openSubscriber, openWithLease } from '../../support/watchedNode.ts';

const {
  subscriberDrainMilliseconds,
  subscriberLookMilliseconds,
  subscriberSilenceMilliseconds,
  subscriberStreamMilliseconds,
} = subscriberLimits;
const { leaseMarginMilliseconds } = propagationLimits;

const wholeLeaseMs = leaseMs + leaseMarginMilliseconds;
t.test('a subscriber of which nothing is heard is let go, and its lease is waited out', async (t) => {
  const { subscribers, clock } = await createWatchedNode();
  const [silent, other] = [await openWithLease(subscribers), await openWithLease(subscribers)];
  for (let now = 0; now < subscriberSilenceMilliseconds; now += 500) {
    t.equal(silent.stream.ended(), undefined);
    await clock.advance(500);
    other.renew();
  }
  await clock.advance(2 * subscriberLookMilliseconds);
  t.strictSame([silent.stream.ended(), other.stream.ended()], ['silent', undefined]);
  t.equal(subscribers.connected(), 1);
});

t.test('a stream is asked to move before it gets too old, and ended after', async (t) => {
  const { subscribers, clock, renew } = await createWatchedNode();
  const subscriber = await openWithLease(subscribers);
  let asked = Number.POSITIVE_INFINITY;
  for (let now = 0; now < subscriberStreamMilliseconds + 2 * subscriberDrainMilliseconds; now += 500) {
    await clock.advance(500);
    renew();
    const messages = await subscriber.follow();
    const move = messages.find(({ kind }) => kind === 'reconnect');
    if (move !== undefined) asked = now;
    if (move !== undefined)
      t.match(move, { reason: 'connection_age', graceMs: subscriberDrainMilliseconds }, 'it says why');
    if (subscriber.stream.ended() === undefined) continue;
    t.ok(now - asked <= subscriberDrainMilliseconds + 500, 'after its grace');
    break;
  }
  t.ok(
    asked >= subscriberStreamMilliseconds * 0.8 - 1_000 && asked <= subscriberStreamMilliseconds,
    'not all at once',
  );
  t.equal(subscriber.stream.ended(), 'reconnect');
});

t.test('a node that drains asks all subscribers to leave, and waits for them', async (t) => {
  const { subscribers, clock } = await createWatchedNode();
  const streams = [await openWithLease(subscribers), await openWithLease(subscribers)];
  let drained = false;
  const draining = subscribers.drain(0).then(() => {
    drained = true;
  });
  await t.rejects(
    subscribers.open(() => undefined, 'a'),
    { code: 'unavailable', reason: 'draining' },
  );
  for (const { reader } of streams) {
    t.strictSame(await reader.words(), [`reconnect: draining in ${subscriberDrainMilliseconds}`]);
  }
  streams[0]?.stream.leave();
  await clock.settle();
  t.equal(drained, false);
  streams[1]?.stream.leave();
  await draining;
  t.equal(subscribers.leases(), 0);
  subscribers.close();
  t.equal(clock.timers(), 0);
});

t.test('those that do not leave are cut off, and their leases are known', async (t) => {
  const { subscribers, clock } = await createWatchedNode();
  const [stays, leaves] = [await openWithLease(subscribers), await openWithLease(subscribers)];
  const draining = subscribers.drain(0);
  leaves.stream.leave();
  await clock.advance(subscriberDrainMilliseconds);
  await draining;
  t.equal(stays.stream.ended(), 'reconnect');
  t.strictSame([subscribers.connected(), subscribers.leases()], [0, 1]);
});

t.test('with nobody connected draining takes no time', async (t) => {
  const { subscribers } = await createWatchedNode();
  const { stream } = await openWithLease(subscribers);
  stream.disconnected();
  await subscribers.drain(0);
  t.equal(subscribers.leases(), 1);
});

t.test('who may not come in is told why', async (t) => {
  const { subscribers, denyList } = await createWatchedNode();
  const unloaded = denyList.load(() => new Promise(() => {}));
  await t.rejects(
    subscribers.open(() => undefined, 'a'),
    { code: 'unavailable', reason: 'loading' },
  );
  void unloaded;
  await denyList.load(async () => {});
  await subscribers.open(() => undefined, 'a');
  subscribers.close();
  await t.rejects(
    subscribers.open(() => undefined, 'a'),
    { code: 'unavailable' },
    'after the end nobody does',
  );
});

t.test('what is done before the first subscriber is done once, and again when it failed', async (t) => {
  let fails = true;
  let done = 0;
  const { subscribers } = await createWatchedNode({
    async beforeFirst() {
      if (fails) throw new Error('the disk is full');
      done += 1;
    },
  });
  await t.rejects(openSubscriber(subscribers), { code: 'unavailable', reason: 'not_prepared' });
  await t.rejects(openSubscriber(subscribers), { code: 'unavailable', reason: 'not_prepared' });
  t.equal(subscribers.connected(), 0);
  fails = false;
  await Promise.all([openSubscriber(subscribers), openSubscriber(subscribers)]);
  await openSubscriber(subscribers);
  t.equal(done, 1);
});

t.test('nothing is left behind after the end', async (t) => {
  const { subscribers, denyList, clock } = await createWatchedNode();
  const streams = [
    await openWithLease(subscribers),
    await openWithLease(subscribers),
    await openWithLease(subscribers),
  ];
  const [left, lost, open] = streams.map(({ stream }) => stream);
  left?.leave();
  lost?.disconnected();
  subscribers.close();
  t.equal(clock.timers(), 0);
  t.equal(open?.ended(), 'reconnect', 'the one that was open is told to go elsewhere');
  t.equal(await open?.next(), undefined);
  t.equal(subscribers.leases(), 2, 'what was granted goes on');
  denyList.add([revoked(randomBytes(16))]);
  const state = caughtUp(subscribers);
  await clock.advance(wholeLeaseMs);
  t.equal(state(), 'caught up');
  t.equal(clock.timers(), 0);
});

t.test('however a stream ended, nothing of it is left behind', async (t) => {
  const { subscribers, denyList, clock } = await createWatchedNode();
  await openWithLease(subscribers);
  await clock.advance(subscriberSilenceMilliseconds + 2 * subscriberLookMilliseconds);
  t.equal(clock.timers(), 1, 'silent');
  await openWithLease(subscribers);
  await denyList.load(async () => {});
  t.equal(clock.timers(), 1, 'started over');
});

t.test('a mark is behind the snapshot, and ahead of any lease', async (t) => {
  const { subscribers, denyList } = await createWatchedNode();
  const first = await openWithLease(subscribers);
  denyList.addCommitted([markAt(startOfTest)]);
  t.equal(caughtUp(subscribers)(), 'waiting', 'whoever has a lease is told, and waited for');
  await first.follow();
  t.equal(caughtUp(subscribers)(), 'at once');

  const second = await openSubscriber(subscribers);
  t.equal(caughtUp(subscribers)(), 'at once', 'nobody is waited for because of a new stream');
  second.renew();
  t.strictSame(
    await second.reader.words(),
    ['snapshot up to 1', 'revocations 2', 'lease 1 for 0'],
    'nothing is granted before it is on its way',
  );
  second.renew();
  t.strictSame(await second.reader.words(), ['lease 2 for 5000']);
  t.equal(caughtUp(subscribers)(), 'waiting', 'it has not said that it knows');
  second.stream.acknowledge(2);
  t.equal(caughtUp(subscribers)(), 'at once');

  denyList.add([markAt(startOfTest + 1)]);
  const third = await openSubscriber(subscribers);
  const messages = (await third.reader.all()).filter(({ kind }) => kind === 'revocations');
  t.match(messages, [
    { position: 2, committed: true, revocations: [markAt(startOfTest)] },
    { position: 3, committed: false, revocations: [markAt(startOfTest + 1)] },
  ]);
});

t.test('a mark that was there before the first subscriber', async (t) => {
  const { subscribers, denyList } = await createWatchedNode();
  denyList.addCommitted([markAt(startOfTest)]);
  for (let opened = 0; opened < 2; opened += 1) {
    const subscriber = await openSubscriber(subscribers);
    t.strictSame(await subscriber.reader.words(), ['snapshot up to 0', 'revocations 1']);
    subscriber.stream.acknowledge(1);
  }
});
