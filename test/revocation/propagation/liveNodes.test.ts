import { array, assert as check, integer, property, tuple } from 'fast-check';
import t from 'tap';
import { propagationLimits } from '../../../src/revocation/propagation/limits.ts';
import { createLiveNodes, type NodeList } from '../../../src/revocation/propagation/liveNodes.ts';
import { createManualClock } from '../../support/manualClock.ts';
import { leaseMs, nodeList, nodeRow, upTo } from '../../support/nodes.ts';

const wait = leaseMs + propagationLimits.leaseMarginMilliseconds;

function setUp() {
  const clock = createManualClock(Date.UTC(2030, 0, 1));
  const liveNodes = createLiveNodes({ self: 'self', leaseMs, clock });
  /** When each lease ends, by node. */
  const observe = (list: NodeList) =>
    new Map(liveNodes.observe(list).nodes.map(({ id, leaseEndsAt }) => [id, leaseEndsAt]));
  return { clock, liveNodes, observe };
}

t.test('a lease ends its own length after it was first seen, and a margin', async (t) => {
  const { clock, observe } = setUp();
  await clock.advance(1_000);
  t.strictSame(
    observe(nodeList([nodeRow('self'), nodeRow('a'), nodeRow('b', 1, { leaseMs: 60_000 })])),
    new Map([
      ['a', 1_000 + wait],
      ['b', 1_000 + 60_000 + propagationLimits.leaseMarginMilliseconds],
    ]),
    'and this node is not another one',
  );
});

t.test('the same renewal keeps its end, a new one begins again', async (t) => {
  const { clock, observe } = setUp();
  observe(nodeList([nodeRow('a', 1)]));
  await clock.advance(4_000);
  t.equal(observe(nodeList([nodeRow('a', 1, { position: upTo(9) })])).get('a'), wait, 'seen again');
  t.equal(observe(nodeList([nodeRow('a', 2)])).get('a'), 4_000 + wait, 'renewed');
  await clock.advance(10_000);
  t.equal(observe(nodeList([nodeRow('a', 2)])).get('a'), 4_000 + wait, 'dead, and its row is still there');
  t.equal(observe(nodeList([nodeRow('a', 3)])).get('a'), 14_000 + wait, 'it came back');
});

t.test('the wall clock has no say', async (t) => {
  const { clock, observe } = setUp();
  observe(nodeList([nodeRow('a')]));
  for (const step of [86_400_000, -172_800_000]) {
    clock.stepWall(step);
    t.equal(observe(nodeList([nodeRow('a')])).get('a'), wait, `${step} ms`);
  }
});

t.test('counted are those that may hold a lease', async (t) => {
  const { clock, liveNodes } = setUp();
  t.equal(liveNodes.count(), 0);
  liveNodes.observe(nodeList([nodeRow('self'), nodeRow('a'), nodeRow('b')]));
  t.equal(liveNodes.count(), 2);
  await clock.advance(1_000);
  liveNodes.observe(nodeList([nodeRow('a', 2), nodeRow('b')]));
  await clock.advance(wait - 1_001);
  t.equal(liveNodes.count(), 2);
  await clock.advance(1);
  t.equal(liveNodes.count(), 1, 'one ran out');
  liveNodes.observe(nodeList([]));
  t.equal(liveNodes.count(), 0, 'one has stopped');
});

t.test('when the database has another history, nodes it may have forgotten are waited for', async (t) => {
  const { clock, liveNodes } = setUp();
  const first = liveNodes.observe(nodeList([nodeRow('a'), nodeRow('b', 1, { leaseMs: 9_000 })]));
  t.ok(first.unknownUntil < 0, 'nobody is unknown in the first one');
  await clock.advance(1_000);
  const second = liveNodes.observe(nodeList([nodeRow('a', 1)], 'history two'));
  t.equal(second.history, 'history two');
  t.equal(
    second.unknownUntil,
    1_000 + 9_000 + propagationLimits.leaseMarginMilliseconds,
    'by the longest lease of all',
  );
  t.equal(second.nodes[0]?.leaseEndsAt, 1_000 + wait, 'and what was known of the others counts no more');
  await clock.advance(500);
  const third = liveNodes.observe(nodeList([nodeRow('a', 1)], 'history two'));
  t.equal(third.unknownUntil, second.unknownUntil, 'once');
  t.equal(third.nodes[0]?.leaseEndsAt, 1_000 + wait);
  const back = liveNodes.observe(nodeList([], 'history one'));
  t.equal(back.unknownUntil, 1_500 + wait, 'and again when it changes back; nobody has a longer one now');
});

t.test('without other nodes, an unknown one is taken to have a lease like ours', async (t) => {
  const { liveNodes } = setUp();
  liveNodes.observe(nodeList([]));
  t.equal(liveNodes.observe(nodeList([], 'history two')).unknownUntil, wait);
});

t.test('however late lists arrive, and in whatever order, no lease seems to end before it does', (t) => {
  // A node renews at some times; lists of what was there at some time arrive later, in any order.
  const times = array(integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 8 });
  const looks = array(tuple(integer({ min: 0, max: 20_000 }), integer({ min: 0, max: 4_000 })), {
    minLength: 1,
    maxLength: 12,
  });
  const never = property(times, looks, (pauses, lists) => {
    let now = 0;
    const renewals = pauses.map((pause) => {
      now += pause;
      return now;
    });
    let at = 0;
    const clock = { ...createManualClock(0), monotonic: () => at };
    const liveNodes = createLiveNodes({ self: 'self', leaseMs, clock });
    const arriving = lists.map(([read, late]) => ({ read, arrives: read + late }));
    arriving.sort((one, other) => one.arrives - other.arrives);
    return arriving.every(({ read, arrives }) => {
      at = arrives;
      const renewal = renewals.filter((time) => time <= read).length;
      const seen = liveNodes.observe(nodeList(renewal === 0 ? [] : [nodeRow('a', renewal)])).nodes[0];
      // The lease began at the renewal that the list shows.
      return seen === undefined || seen.leaseEndsAt >= (renewals[renewal - 1] ?? 0) + leaseMs;
    });
  });
  t.doesNotThrow(() => check(never, { numRuns: 2_000 }));
  t.end();
});

t.test('a late list that shows an earlier renewal shortens nothing', async (t) => {
  const { clock, observe } = setUp();
  observe(nodeList([nodeRow('a', 1)]));
  await clock.advance(4_000);
  observe(nodeList([nodeRow('a', 2)]));
  await clock.advance(100);
  t.equal(observe(nodeList([nodeRow('a', 1)])).get('a'), 4_100 + wait, 'the earlier renewal');
  t.equal(observe(nodeList([])).size, 0, 'from before it registered');
  await clock.advance(100);
  t.equal(observe(nodeList([nodeRow('a', 2)])).get('a'), 4_200 + wait, 'and the later one again');
});
