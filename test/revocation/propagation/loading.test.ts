/** How a node of many fills its memory: from what was saved, else from the truth. */
import { randomBytes } from 'node:crypto';
import { markAt } from '@countersign/verifier/revocation/issuedBefore';
import type { ProjectedSlice } from '@countersign/verifier/revocation/projection';
import type { Revocation } from '@countersign/verifier/revocation/revocation';
import t from 'tap';
import { propagationLimits } from '../../../src/revocation/propagation/limits.ts';
import type { OnProgress } from '../../../src/revocation/propagation/loading.ts';
import type { MemoryHead } from '../../../src/revocation/propagation/savedMemory.ts';
import { outcomeOf, revoked, startOfTest } from '../../support/denyListNode.ts';
import { filterLayer } from '../../support/filterLayer.ts';
import { leaseMs, upTo } from '../../support/nodes.ts';
import { createRenewingNode } from '../../support/renewingNode.ts';
import { createSavedInMemory } from '../../support/savedInMemory.ts';

const confirmed = 'revoked logout by postgres';
const fromMemory = 'not revoked by bloom';
const rowsOf = (count: number) => Array.from({ length: count }, () => revoked(randomBytes(16)));

/** A node over a truth with these rows, and saved memory that has the first of them and says up to where. */
function setUp(rows = rowsOf(10), copied = 8) {
  const saved = createSavedInMemory();
  const progress: Parameters<OnProgress>[0][] = [];
  const node = createRenewingNode({ saved, onProgress: (step) => progress.push(step) });
  for (const row of rows) node.truth.commit(row);
  const subjects = rows.slice(0, copied).map(({ subject }) => subject);
  const endsAt = Math.ceil((rows[0]?.expiresAt ?? 0) / node.sliceMs) * node.sliceMs;
  saved.memory = {
    ...{ id: 'one', savedAt: node.clock.now(), position: upTo(700 + copied), marks: [] },
    slices: [{ ofSessions: true, endsAt, layers: [filterLayer(subjects)] }],
  };
  const { memory } = saved;
  const outcomes = async () => {
    const all = new Set<string>();
    for (const { subject } of rows) all.add(await outcomeOf(node.denyList, [subject]));
    return [...all];
  };
  return { ...node, saved, memory, endsAt, progress, rows, outcomes };
}

t.test('from what was saved: its filters and its position, and what came later from the truth', async (t) => {
  const { truth, saved, lease, denyList, progress, renewal, outcomes } = setUp();
  await renewal.renew();
  t.strictSame(saved.steps, ['latest', 'read']);
  const reads = truth.steps.filter((step) => /^(read|page)/.test(step));
  t.strictSame(reads, ['read', 'read', 'readSince 708:708:', 'page 2'], 'not what was saved');
  t.strictSame(progress, [{ from: 'redis', entries: 8 }]);
  t.strictSame([lease.remainingMs(), denyList.loaded()], [leaseMs, true]);
  t.strictSame(renewal.position(), upTo(710));
  t.equal(renewal.rowsRead(), 2);
  t.strictSame(await outcomes(), [confirmed]);
  t.equal(await outcomeOf(denyList, [randomBytes(16)]), fromMemory);
});

t.test('marks, which are in no filter', async (t) => {
  const { denyList, saved, memory, renewal, truth } = setUp([...rowsOf(4), markAt(startOfTest)]);
  saved.memory = { ...memory, marks: [markAt(startOfTest)] };
  await renewal.renew();
  t.match(denyList.marks(), [markAt(startOfTest)]);
  t.match(await denyList.check([], startOfTest), { revoked: true, reason: 'restored' });
  truth.commit(markAt(startOfTest + 1));
  await renewal.renew();
  t.match(await denyList.check([], startOfTest + 1), { revoked: true }, 'and later ones as anything else');
});

t.test('of what was saved, what is live by either clock', async (t) => {
  for (const [ours, theirs, slices] of [
    [5_000, 0, 1],
    [0, 5_000, 1],
    [0, 0, 0],
    [5_000, 5_000, 0],
  ] as const) {
    const { clock, truth, saved, memory, denyList, renewal } = setUp();
    const [slice] = memory.slices;
    saved.memory = {
      ...memory,
      slices: [{ ...slice, endsAt: clock.now() + (slices === 0 ? 0 : 1) } as ProjectedSlice],
    };
    const mark = { ...revoked(randomBytes(27)), expiresAt: clock.now() + (slices === 0 ? 0 : 1) };
    saved.memory = { ...saved.memory, marks: [mark] };
    clock.stepWall(ours);
    truth.now = () => clock.now() - ours + theirs;
    const added: number[] = [];
    const { load } = denyList;
    denyList.load = (fill) =>
      load((into) =>
        fill({
          ...into,
          add(rows) {
            added.push(rows.length);
            into.add(rows);
          },
          adopt(some) {
            added.push(some.length);
            into.adopt(some);
          },
        }),
      );
    await renewal.renew();
    t.strictSame(added.slice(0, 2), [slices, slices], `${ours} ${theirs}`);
  }
});

t.test('of tokens as of sessions, and marks', async (t) => {
  const [token, mark] = [revoked(randomBytes(27)), revoked(randomBytes(27), 'rights')];
  const { truth, saved, memory, endsAt, renewal, denyList } = setUp([token, mark], 2);
  const slices = [{ ofSessions: false, endsAt, layers: [filterLayer([token.subject])] }];
  saved.memory = { ...memory, slices, marks: [mark] };
  await renewal.renew();
  t.notOk(truth.steps.includes('readLive'));
  t.equal(await outcomeOf(denyList, [token.subject]), confirmed);
  t.equal(await outcomeOf(denyList, [mark.subject]), 'revoked rights by postgres');
  t.equal(await outcomeOf(denyList, [token.subject.subarray(0, 16)]), fromMemory);
});

t.test(
  'one that is much older, put back by somebody: nothing that was revoked since is missing',
  async (t) => {
    const { clock, truth, saved, memory, endsAt, sliceMs, denyList, renewal, rows, outcomes } = setUp();
    // As it was before: of what it holds, one is extended, one is deleted as expired, and others come.
    const [extended, expired] = [rows[0] as Revocation, revoked(randomBytes(16))];
    const slices = [
      ...memory.slices,
      { ofSessions: true, endsAt: endsAt - 2 * sliceMs, layers: [filterLayer([expired.subject])] },
    ];
    const savedAt = clock.now() - propagationLimits.savedMemoryUsableMilliseconds;
    saved.memory = { ...memory, savedAt, slices };
    const later = { ...extended, expiresAt: extended.expiresAt + 10 * sliceMs };
    truth.commit(later);
    const more = rowsOf(500);
    for (const row of more) truth.commit(row);
    await renewal.renew();
    t.strictSame(saved.steps, ['latest', 'read'], 'it is loaded');
    t.strictSame(await outcomes(), [confirmed]);
    for (const { subject } of more) t.match(await outcomeOf(denyList, [subject]), confirmed);
    denyList.dropExpired(endsAt);
    const outcome = await outcomeOf(denyList, [extended.subject]);
    t.equal(outcome, 'revoked logout by lru', 'for as long as it was extended');
  },
);

t.test('from the truth, when what was saved cannot be relied upon', async (t) => {
  type Saved = ReturnType<typeof setUp>['saved'];
  const change = (to: Partial<MemoryHead>) => (saved: Saved) => {
    saved.memory = saved.memory && { ...saved.memory, ...to };
  };
  const old = startOfTest - propagationLimits.savedMemoryUsableMilliseconds - 1;
  const unreliable: Record<string, (saved: Saved) => void> = {
    'there is none': (saved) => {
      saved.memory = undefined;
    },
    'it is of another history': change({ position: upTo(708, 'history two') }),
    'it is of a later state of this one': change({ position: upTo(711) }),
    'it is too old': change({ savedAt: old }),
    'it is of a later time': change({ savedAt: 2 * startOfTest - old }),
    'it is not whole': (saved) => {
      saved.incomplete = true;
    },
    'it fails': (saved) => {
      saved.fault = new Error('lost');
    },
    'it throws at once': (saved) => {
      saved.latest = () => {
        throw new Error('lost');
      };
    },
    'its filters are of another size': (saved) => {
      const { memory } = saved;
      const [slice] = memory?.slices ?? [];
      const [layer] = slice?.layers ?? [];
      if (memory === undefined || slice === undefined || layer === undefined) throw new Error('no layer');
      const wrong = { ...slice, layers: [{ ...layer, bytes: layer.bytes.subarray(4) }] };
      saved.memory = { ...memory, slices: [slice, wrong] };
    },
  };
  for (const [what, spoil] of Object.entries(unreliable)) {
    const { truth, saved, denyList, lease, progress, renewal, outcomes } = setUp();
    spoil(saved);
    await renewal.renew();
    const reads = truth.steps.filter((step) => /^(read|page)/.test(step));
    t.strictSame(reads, ['read', 'readLive', 'page 10', 'read', 'readSince 710:710:'], what);
    t.strictSame(progress, [{ from: 'postgres', entries: 10 }], what);
    t.equal(lease.held(), true, what);
    t.strictSame(await outcomes(), [confirmed], what);
    t.equal(await outcomeOf(denyList, [randomBytes(16)]), fromMemory, what);
    t.equal(denyList.stats().entries, 10, `${what}: nothing of it is left`);
  }
});

t.test('what is added while it loads stays', async (t) => {
  for (const source of ['what was saved', 'truth']) {
    const { truth, saved, denyList, renewal, outcomes } = setUp();
    if (source === 'truth') saved.memory = undefined;
    const row = revoked(randomBytes(16));
    const add = () => denyList.addCommitted(truth.commit(row).revocations);
    if (source === 'truth') truth.before.set('page', add);
    else saved.before = add;
    await renewal.renew();
    t.strictSame(await outcomes(), [confirmed], source);
    t.equal(await outcomeOf(denyList, [row.subject]), 'revoked logout by lru', source);
  }
});

t.test('neither can be read: it is not loaded, and the next attempt mends it', async (t) => {
  const { truth, saved, denyList, lease, renewal, outcomes } = setUp();
  saved.fault = new Error('lost');
  truth.faults.set('readLive', new Error('down'));
  await t.rejects(renewal.renew(), { message: 'down' });
  t.strictSame([denyList.loaded(), lease.held()], [false, false]);
  truth.faults.clear();
  await renewal.renew();
  t.strictSame(await outcomes(), [confirmed]);
});

t.test('a long load tells how far it has come, now and then', async (t) => {
  const { clock, truth, saved, progress, renewal } = setUp(rowsOf(10), 0);
  saved.memory = undefined;
  truth.pageRows = 1;
  truth.before.set('page', () => clock.advance(propagationLimits.loadProgressMilliseconds / 4));
  await renewal.renew();
  t.strictSame(progress, [
    { from: 'postgres', entries: 4 },
    { from: 'postgres', entries: 8 },
    { from: 'postgres', entries: 10 },
  ]);
});

t.test('it makes room for what it loads', async (t) => {
  const { saved, denyList, renewal } = setUp(rowsOf(9_000), 0);
  saved.memory = undefined;
  await renewal.renew();
  const { bytes, capacity } = denyList.stats();
  t.equal(capacity, 9_000);
  t.ok(bytes <= 3 * 9_000, `${bytes} bytes`);
});
