import t from 'tap';
import { propagationLimits } from '../../../src/revocation/propagation/limits.ts';
import type { OtherNode, Others } from '../../../src/revocation/propagation/liveNodes.ts';
import { unknownNodes, waitForNodes } from '../../../src/revocation/propagation/waitingForNodes.ts';
import { history, leaseMs, nodeRow, upTo } from '../../support/nodes.ts';

const committedAt = 10_000;
const mark = { history, transaction: '700' };
const margin = propagationLimits.leaseMarginMilliseconds;
/** The end of a lease that began with the commit. */
const latest = committedAt + leaseMs + margin;
const never = Number.NEGATIVE_INFINITY;

const other = (id: string, leaseEndsAt = latest, more: Partial<OtherNode> = {}): OtherNode => ({
  ...nodeRow(id),
  leaseEndsAt,
  ...more,
});
const others = (nodes: readonly OtherNode[], more: Partial<Others> = {}): Others => ({
  nodes,
  unknownUntil: never,
  unknownLeaseMs: leaseMs,
  history,
  ...more,
});
const begin = (...looks: readonly Others[]) => {
  const waiting = waitForNodes(mark, committedAt);
  for (const look of looks) waiting.saw(look);
  return waiting;
};
/** Node → outcome, or that it is still waited for. */
const settled = (waiting: ReturnType<typeof begin>, now = committedAt) => {
  const outcomes = waiting.settled(now);
  return outcomes === undefined ? 'waiting' : Object.fromEntries(outcomes);
};

t.test('before anybody was seen nothing is settled, however late it is', (t) => {
  const waiting = begin();
  waiting.acknowledged('a');
  t.equal(waiting.hasSeen(), false);
  t.equal(settled(waiting, Number.MAX_SAFE_INTEGER), 'waiting');
  waiting.saw(others([]));
  t.equal(waiting.hasSeen(), true);
  t.strictSame(settled(waiting), {}, 'with no other node it is settled at once');
  t.end();
});

t.test('how each node is settled', (t) => {
  const seen = others([other('a')]);
  const read = (snapshot: string, of = history) =>
    others([other('a', latest, { position: { history: of, snapshot } })]);
  const table: readonly (readonly [string, readonly Others[], string | undefined])[] = [
    ['its row is as it was', [seen, seen], undefined],
    ['it has stopped', [seen, others([])], 'stopped'],
    ['it has read the transaction', [seen, read('701:701:')], 'read'],
    ['it had read it before the first look', [read('701:701:')], 'read'],
    ['it has read until just before', [seen, read('700:700:')], undefined],
    ['it has read more, but the transaction was open', [seen, read('700:705:700')], undefined],
    ['what it has read is of another history', [seen, read('800:800:', 'history two')], undefined],
    ['it has stopped after it was settled', [read('701:701:'), others([])], 'read'],
  ];
  for (const [what, looks, outcome] of table) {
    t.strictSame(settled(begin(...looks)), outcome === undefined ? 'waiting' : { a: outcome }, what);
  }
  t.end();
});

t.test('a node that acknowledged is settled, before or after it was seen', (t) => {
  for (const first of ['acknowledged', 'seen']) {
    const waiting = begin(...(first === 'seen' ? [others([other('a'), other('b')])] : []));
    waiting.acknowledged('a');
    waiting.acknowledged('a');
    waiting.acknowledged('stranger');
    if (first !== 'seen') waiting.saw(others([other('a'), other('b')]));
    t.equal(settled(waiting), 'waiting', `${first}: the other one has not`);
    waiting.acknowledged('b');
    t.strictSame(settled(waiting), { a: 'acknowledged', b: 'acknowledged' }, first);
  }
  t.end();
});

t.test('a node that is not heard of is waited for until its lease has run out', (t) => {
  const waiting = begin(others([other('a', 12_000), other('b', 13_000)]));
  t.equal(settled(waiting, 12_999), 'waiting');
  t.strictSame(settled(waiting, 13_000), { a: 'lease_expired', b: 'lease_expired' });
  t.strictSame(settled(begin(others([other('a', 9_000)]))), {}, 'unless it was over at the commit');
  t.end();
});

t.test('never for longer than a lease that began with the commit', (t) => {
  const waiting = begin(others([other('a', latest + 60_000)]));
  t.equal(settled(waiting, latest - 1), 'waiting');
  t.strictSame(settled(waiting, latest), { a: 'lease_expired' }, 'seen late');
  const short = begin(others([other('a', latest, { leaseMs: 1_000 })]));
  t.equal(settled(short, committedAt + 1_000 + margin - 1), 'waiting');
  t.strictSame(settled(short, committedAt + 1_000 + margin), { a: 'lease_expired' }, 'by its own lease');
  t.end();
});

t.test('who renews after the first look has read the revocation, and is not waited for longer', (t) => {
  const waiting = begin(
    others([other('a', 12_000)]),
    others([other('a', 16_000, { renewal: 2 })]),
    others([other('a', 17_000, { renewal: 3 }), other('new', 17_000)]),
  );
  t.equal(settled(waiting, 11_999), 'waiting');
  t.strictSame(settled(waiting, 12_000), { a: 'lease_expired' }, 'nor is who came later');
  t.end();
});

t.test('after a change of history, forgotten nodes are waited for', (t) => {
  // Before the commit: what was committed to is what is looked at.
  const changed = { unknownUntil: 14_000 };
  const unknown = begin(others([], changed));
  t.equal(settled(unknown, 13_999), 'waiting');
  t.strictSame(settled(unknown, 14_000), { [unknownNodes]: 'history_changed' });
  const late = begin(others([], { unknownUntil: latest + 700 }));
  t.strictSame(settled(late, latest), { [unknownNodes]: 'history_changed' }, 'and no longer than a lease');
  const before = { ...changed, unknownUntil: committedAt };
  t.strictSame(settled(begin(others([], before))), {}, 'unless their leases had run out at the commit');

  const known = begin(others([other('a', 12_000)], changed));
  known.acknowledged('a');
  t.equal(settled(known, 13_999), 'waiting', 'nor does it help that the others are settled');
  known.saw(others([], changed));
  t.strictSame(settled(known, 14_000), { a: 'acknowledged', [unknownNodes]: 'history_changed' });
  const impostor = begin(others([], changed));
  impostor.saw(others([], changed));
  t.equal(settled(impostor), 'waiting', 'they are in no row, so no missing row settles them');
  t.end();
});

t.test('a history that was not committed to may be one without the commit', (t) => {
  const two = { history: 'history two', unknownUntil: 16_000 };
  for (const [what, looks] of [
    ['at the first look', [others([other('a')], two)]],
    ['while a node is waited for', [others([other('a')]), others([], two)]],
    [
      'though all have read it there',
      [others([other('a')]), others([other('a', 17_000, { position: upTo(701, 'history two') })], two)],
    ],
  ] as const) {
    const waiting = begin(...looks);
    t.equal(waiting.mayBeLost(), true, what);
    waiting.saw(others([]));
    t.equal(waiting.mayBeLost(), true, `${what}: and so it stays`);
  }
  t.equal(begin(others([other('a')])).mayBeLost(), false);
  t.end();
});
