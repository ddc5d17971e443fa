/** How a node of many fills its memory: from the shared copy, else from the truth. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { limits } from '../../src/core/limits.ts';
import { markAt } from '../../src/revocation/issuedBefore.ts';
import type { OnProgress } from '../../src/revocation/loading.ts';
import { createCopyInMemory } from '../support/copyInMemory.ts';
import { outcomeOf, revoked, startOfTest } from '../support/denyListNode.ts';
import { filterLayer } from '../support/filterLayer.ts';
import { leaseMs, upTo } from '../support/nodes.ts';
import { createRenewingNode } from '../support/renewingNode.ts';

const confirmed = 'revoked logout by postgres';
const fromMemory = 'not revoked by bloom';
const rowsOf = (count: number) => Array.from({ length: count }, () => revoked(randomBytes(16)));

/** A node over a truth with these rows, and a copy that has the first of them and says up to where. */
function setUp(rows = rowsOf(10), copied = 8) {
  const copy = createCopyInMemory();
  const progress: Parameters<OnProgress>[0][] = [];
  const node = createRenewingNode({ copy, onProgress: (step) => progress.push(step) });
  for (const row of rows) node.truth.commit(row);
  const subjects = rows.slice(0, copied).map(({ subject }) => subject);
  const endsAt = Math.ceil((rows[0]?.expiresAt ?? 0) / node.sliceMs) * node.sliceMs;
  copy.slices = [{ ofSessions: true, endsAt, layers: [filterLayer(subjects)] }];
  copy.position = upTo(700 + copied);
  const outcomes = async () => {
    const all = new Set<string>();
    for (const { subject } of rows) all.add(await outcomeOf(node.denyList, [subject]));
    return [...all];
  };
  return { ...node, copy, progress, rows, outcomes };
}

t.test('from the copy: its filters and its position, and what came later from the truth', async (t) => {
  const { truth, copy, lease, denyList, progress, renewal, outcomes } = setUp();
  await renewal.renew();
  t.strictSame(copy.steps, ['load history one live at 0']);
  const reads = truth.steps.filter((step) => /^(read|page)/.test(step));
  t.strictSame(reads, ['read', 'read', 'readSince 708:708:', 'page 2'], 'not what the copy had');
  t.strictSame(progress, [{ from: 'redis', entries: 8 }]);
  t.strictSame([lease.remainingMs(), denyList.loaded()], [leaseMs, true]);
  t.strictSame(await outcomes(), [confirmed]);
  t.equal(await outcomeOf(denyList, [randomBytes(16)]), fromMemory);
});

t.test('marks, which the copy has among its ids only, from the truth', async (t) => {
  const rows = [...rowsOf(4), markAt(startOfTest), ...rowsOf(5)];
  const { denyList, progress, renewal, truth } = setUp(rows);
  await renewal.renew();
  t.match(progress, [{ from: 'redis' }]);
  t.match(denyList.marks(), [{ ...markAt(startOfTest), committed: true }]);
  t.match(denyList.check([], startOfTest), { revoked: true, reason: 'restored' });
  truth.commit(markAt(startOfTest + 1));
  await renewal.renew();
  t.match(await denyList.check([], startOfTest + 1), { revoked: true }, 'and later ones as anything else');
});

t.test('of the copy, what is live by either clock', async (t) => {
  for (const [ours, theirs] of [
    [5_000, 0],
    [0, 5_000],
  ] as const) {
    const { clock, truth, copy, renewal } = setUp();
    clock.stepWall(ours);
    truth.now = () => clock.now() - ours + theirs;
    await renewal.renew();
    t.strictSame(copy.steps, ['load history one live at 0']);
  }
});

t.test('of tokens as of sessions', async (t) => {
  const token = revoked(randomBytes(27));
  const { copy, renewal, denyList, sliceMs } = setUp([token], 1);
  const endsAt = Math.ceil(token.expiresAt / sliceMs) * sliceMs;
  copy.slices = [{ ofSessions: false, endsAt, layers: [filterLayer([token.subject])] }];
  await renewal.renew();
  t.equal(await outcomeOf(denyList, [token.subject]), confirmed);
  t.equal(await outcomeOf(denyList, [token.subject.subarray(0, 16)]), fromMemory);
});

t.test('from the truth, when the copy cannot be relied upon', async (t) => {
  const unreliable: Record<string, (copy: ReturnType<typeof createCopyInMemory>) => void> = {
    'it is empty': (copy) => copy.flush(),
    'it is of another history': (copy) => {
      copy.position = upTo(708, 'history two');
    },
    'it fails': (copy) => {
      copy.fault = new Error('lost');
    },
    'it throws at once': (copy) => {
      copy.load = () => {
        throw new Error('lost');
      };
    },
    'its filters are of another size': (copy) => {
      const [slice] = copy.slices;
      const [layer] = slice?.layers ?? [];
      if (slice === undefined || layer === undefined) throw new Error('no layer');
      copy.slices = [slice, { ...slice, layers: [{ ...layer, bytes: layer.bytes.subarray(4) }] }];
    },
  };
  for (const [what, spoil] of Object.entries(unreliable)) {
    const { truth, copy, denyList, lease, progress, renewal, outcomes } = setUp();
    spoil(copy);
    await renewal.renew();
    const reads = truth.steps.filter((step) => /^(read|page)/.test(step));
    t.strictSame(reads, ['read', 'readLive', 'page 10', 'read', 'readSince 710:710:'], what);
    t.strictSame(progress, [{ from: 'postgres', entries: 10 }], what);
    t.equal(lease.held(), true, what);
    t.strictSame(await outcomes(), [confirmed], what);
    t.equal(await outcomeOf(denyList, [randomBytes(16)]), fromMemory, what);
    t.equal(denyList.stats().entries, 10, `${what}: nothing of the copy is left`);
  }
});

t.test('what is added while it loads stays', async (t) => {
  for (const source of ['copy', 'truth']) {
    const { truth, copy, denyList, renewal, outcomes } = setUp();
    if (source === 'truth') copy.flush();
    const row = revoked(randomBytes(16));
    const add = () => denyList.addCommitted(truth.commit(row).revocations);
    if (source === 'truth') truth.before.set('page', add);
    else copy.before = add;
    await renewal.renew();
    t.strictSame(await outcomes(), [confirmed], source);
    t.equal(await outcomeOf(denyList, [row.subject]), 'revoked logout by lru', source);
  }
});

t.test('neither can be read: it is not loaded, and the next attempt mends it', async (t) => {
  const { truth, copy, denyList, lease, renewal, outcomes } = setUp();
  copy.fault = new Error('lost');
  truth.faults.set('readLive', new Error('down'));
  await t.rejects(renewal.renew(), { message: 'down' });
  t.strictSame([denyList.loaded(), lease.held()], [false, false]);
  truth.faults.clear();
  await renewal.renew();
  t.strictSame(await outcomes(), [confirmed]);
});

t.test('a long load tells how far it has come, now and then', async (t) => {
  const { clock, truth, copy, progress, renewal } = setUp(rowsOf(10), 0);
  copy.flush();
  truth.pageRows = 1;
  truth.before.set('page', () => clock.advance(limits.loadProgressMilliseconds / 4));
  await renewal.renew();
  t.strictSame(progress, [
    { from: 'postgres', entries: 4 },
    { from: 'postgres', entries: 8 },
    { from: 'postgres', entries: 10 },
  ]);
});

t.test('it makes room for what it loads', async (t) => {
  const { copy, denyList, renewal } = setUp(rowsOf(9_000), 0);
  copy.flush();
  await renewal.renew();
  const { bytes, capacity } = denyList.stats();
  t.equal(capacity, 9_000);
  t.ok(bytes <= 3 * 9_000, `${bytes} bytes`);
});
