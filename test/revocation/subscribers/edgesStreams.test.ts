import { randomBytes } from 'node:crypto';
import { markAt } from '@countersign/verifier/revocation/issuedBefore';
import t from 'tap';
import { limits } from '../../../src/platform/limits.ts';
import { revoked, startOfTest } from '../../support/denyListNode.ts';
import { leaseMs } from '../../support/nodes.ts';
import { caughtUp, createWatchedNode, openEdge, openWithLease } from '../../support/watchedNode.ts';

const {
  edgeDrainMilliseconds,
  edgeLookMilliseconds,
  edgeSilenceMilliseconds,
  edgeStreamMilliseconds,
  leaseMarginMilliseconds,
} = limits;

const wholeLeaseMs = leaseMs + leaseMarginMilliseconds;
t.test('an edge of which nothing is heard is let go, and its lease is waited out', async (t) => {
  const { edges, clock } = await createWatchedNode();
  const [silent, other] = [await openWithLease(edges), await openWithLease(edges)];
  for (let now = 0; now < edgeSilenceMilliseconds; now += 500) {
    t.equal(silent.stream.ended(), undefined);
    await clock.advance(500);
    other.renew();
  }
  await clock.advance(2 * edgeLookMilliseconds);
  t.strictSame([silent.stream.ended(), other.stream.ended()], ['silent', undefined]);
  t.equal(edges.connected(), 1);
});

t.test('a stream is asked to move before it gets too old, and ended after', async (t) => {
  const { edges, clock, renew } = await createWatchedNode();
  const edge = await openWithLease(edges);
  let asked = Number.POSITIVE_INFINITY;
  for (let now = 0; now < edgeStreamMilliseconds + 2 * edgeDrainMilliseconds; now += 500) {
    await clock.advance(500);
    renew();
    const messages = await edge.follow();
    const move = messages.find(({ kind }) => kind === 'reconnect');
    if (move !== undefined) asked = now;
    if (move !== undefined)
      t.match(move, { reason: 'connection_age', graceMs: edgeDrainMilliseconds }, 'it says why');
    if (edge.stream.ended() === undefined) continue;
    t.ok(now - asked <= edgeDrainMilliseconds + 500, 'after its grace');
    break;
  }
  t.ok(asked >= edgeStreamMilliseconds * 0.8 - 1_000 && asked <= edgeStreamMilliseconds, 'not all at once');
  t.equal(edge.stream.ended(), 'reconnect');
});

t.test('a node that drains asks all edges to leave, and waits for them', async (t) => {
  const { edges, clock } = await createWatchedNode();
  const streams = [await openWithLease(edges), await openWithLease(edges)];
  let drained = false;
  const draining = edges.drain(0).then(() => {
    drained = true;
  });
  await t.rejects(
    edges.open(() => undefined, 'a'),
    { code: 'unavailable', reason: 'draining' },
  );
  for (const { reader } of streams) {
    t.strictSame(await reader.words(), [`reconnect: draining in ${edgeDrainMilliseconds}`]);
  }
  streams[0]?.stream.leave();
  await clock.settle();
  t.equal(drained, false);
  streams[1]?.stream.leave();
  await draining;
  t.equal(edges.leases(), 0);
  edges.close();
  t.equal(clock.timers(), 0);
});

t.test('those that do not leave are cut off, and their leases are known', async (t) => {
  const { edges, clock } = await createWatchedNode();
  const [stays, leaves] = [await openWithLease(edges), await openWithLease(edges)];
  const draining = edges.drain(0);
  leaves.stream.leave();
  await clock.advance(edgeDrainMilliseconds);
  await draining;
  t.equal(stays.stream.ended(), 'reconnect');
  t.strictSame([edges.connected(), edges.leases()], [0, 1]);
});

t.test('with nobody connected draining takes no time', async (t) => {
  const { edges } = await createWatchedNode();
  const { stream } = await openWithLease(edges);
  stream.disconnected();
  await edges.drain(0);
  t.equal(edges.leases(), 1);
});

t.test('who may not come in is told why', async (t) => {
  const { edges, denyList } = await createWatchedNode();
  const unloaded = denyList.load(() => new Promise(() => {}));
  await t.rejects(
    edges.open(() => undefined, 'a'),
    { code: 'unavailable', reason: 'loading' },
  );
  void unloaded;
  await denyList.load(async () => {});
  await edges.open(() => undefined, 'a');
  edges.close();
  await t.rejects(
    edges.open(() => undefined, 'a'),
    { code: 'unavailable' },
    'after the end nobody does',
  );
});

t.test('what is done before the first edge is done once, and again when it failed', async (t) => {
  let fails = true;
  let done = 0;
  const { edges } = await createWatchedNode({
    async beforeFirst() {
      if (fails) throw new Error('the disk is full');
      done += 1;
    },
  });
  await t.rejects(openEdge(edges), { code: 'unavailable', reason: 'not_prepared' });
  await t.rejects(openEdge(edges), { code: 'unavailable', reason: 'not_prepared' });
  t.equal(edges.connected(), 0);
  fails = false;
  await Promise.all([openEdge(edges), openEdge(edges)]);
  await openEdge(edges);
  t.equal(done, 1);
});

t.test('nothing is left behind after the end', async (t) => {
  const { edges, denyList, clock } = await createWatchedNode();
  const streams = [await openWithLease(edges), await openWithLease(edges), await openWithLease(edges)];
  const [left, lost, open] = streams.map(({ stream }) => stream);
  left?.leave();
  lost?.disconnected();
  edges.close();
  t.equal(clock.timers(), 0);
  t.equal(open?.ended(), 'reconnect', 'the one that was open is told to go elsewhere');
  t.equal(await open?.next(), undefined);
  t.equal(edges.leases(), 2, 'what was granted goes on');
  denyList.add([revoked(randomBytes(16))]);
  const state = caughtUp(edges);
  await clock.advance(wholeLeaseMs);
  t.equal(state(), 'caught up');
  t.equal(clock.timers(), 0);
});

t.test('however a stream ended, nothing of it is left behind', async (t) => {
  const { edges, denyList, clock } = await createWatchedNode();
  await openWithLease(edges);
  await clock.advance(edgeSilenceMilliseconds + 2 * edgeLookMilliseconds);
  t.equal(clock.timers(), 1, 'silent');
  await openWithLease(edges);
  await denyList.load(async () => {});
  t.equal(clock.timers(), 1, 'started over');
});

t.test('a mark is behind the snapshot, and ahead of any lease', async (t) => {
  const { edges, denyList } = await createWatchedNode();
  const first = await openWithLease(edges);
  denyList.addCommitted([markAt(startOfTest)]);
  t.equal(caughtUp(edges)(), 'waiting', 'whoever has a lease is told, and waited for');
  await first.follow();
  t.equal(caughtUp(edges)(), 'at once');

  const second = await openEdge(edges);
  t.equal(caughtUp(edges)(), 'at once', 'nobody is waited for because of a new stream');
  second.renew();
  t.strictSame(
    await second.reader.words(),
    ['snapshot up to 1', 'revocations 2', 'lease 1 for 0'],
    'nothing is granted before it is on its way',
  );
  second.renew();
  t.strictSame(await second.reader.words(), ['lease 2 for 5000']);
  t.equal(caughtUp(edges)(), 'waiting', 'it has not said that it knows');
  second.stream.acknowledge(2);
  t.equal(caughtUp(edges)(), 'at once');

  denyList.add([markAt(startOfTest + 1)]);
  const third = await openEdge(edges);
  const messages = (await third.reader.all()).filter(({ kind }) => kind === 'revocations');
  t.match(messages, [
    { position: 2, committed: true, revocations: [markAt(startOfTest)] },
    { position: 3, committed: false, revocations: [markAt(startOfTest + 1)] },
  ]);
});

t.test('a mark that was there before the first edge', async (t) => {
  const { edges, denyList } = await createWatchedNode();
  denyList.addCommitted([markAt(startOfTest)]);
  for (let opened = 0; opened < 2; opened += 1) {
    const edge = await openEdge(edges);
    t.strictSame(await edge.reader.words(), ['snapshot up to 0', 'revocations 1']);
    edge.stream.acknowledge(1);
  }
});
