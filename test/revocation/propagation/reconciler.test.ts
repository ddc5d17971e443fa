import { randomBytes } from 'node:crypto';
import type { Revocation } from '@countersign/verifier/revocation/revocation';
import t from 'tap';
import { propagationLimits } from '../../../src/revocation/propagation/limits.ts';
import { createReconciler } from '../../../src/revocation/propagation/reconciler.ts';
import { createCopyInMemory } from '../../support/copyInMemory.ts';
import { revoked, startOfTest } from '../../support/denyListNode.ts';
import { createManualClock } from '../../support/manualClock.ts';
import { upTo } from '../../support/nodes.ts';
import { createSharedTruth } from '../../support/sharedTruth.ts';

const rowsOf = (count: number) => Array.from({ length: count }, () => revoked(randomBytes(16)));
const fault = new Error('lost');

/** Over a truth with seven rows, in pages of three. */
function setUp() {
  const clock = createManualClock(startOfTest);
  const truth = createSharedTruth(clock.now);
  truth.pageRows = 3;
  const copy = createCopyInMemory();
  const { snapshots } = truth;
  const reconciler = createReconciler({ snapshots, copy, clock });
  const reconcile = async () => (await reconciler()).outcome;
  const rows = rowsOf(7);
  truth.commit(...rows);
  const whole = (more: readonly Revocation[] = []) => [...rows, ...more].every(copy.has);
  return { clock, truth, copy, reconciler, reconcile, rows, whole };
}

t.test('an empty copy is made anew, and stamped in the same step as its last page', async (t) => {
  const { copy, reconcile, whole } = setUp();
  t.equal(await reconcile(), 'rebuilt');
  t.strictSame(copy.steps, ['stamped', 'beginRebuild', 'advance 3', 'advance 3', 'advance 1 to 701:701:']);
  t.ok(whole());
  t.strictSame(copy.position, upTo(701));
});

t.test('a copy that is whole is given what became visible since', async (t) => {
  const { truth, copy, reconcile, whole } = setUp();
  await reconcile();
  copy.steps.length = 0;
  t.equal(await reconcile(), 'done');
  t.strictSame(copy.steps, ['stamped', 'advance 0 to 701:701:'], 'nothing is new');
  const more = rowsOf(6);
  truth.commit(...more);
  copy.steps.length = 0;
  t.equal(await reconcile(), 'done');
  t.strictSame(copy.steps, ['stamped', 'advance 3', 'advance 3 to 702:702:']);
  t.ok(whole(more));
  t.strictSame(copy.position, upTo(702));
});

t.test('nothing to copy is a position, too', async (t) => {
  const clock = createManualClock(startOfTest);
  const truth = createSharedTruth(clock.now);
  const copy = createCopyInMemory();
  const { snapshots } = truth;
  const reconcile = createReconciler({ snapshots, copy, clock });
  t.strictSame(await reconcile(), { outcome: 'rebuilt', ageMs: 0 });
  t.strictSame(copy.steps, ['stamped', 'beginRebuild', 'advance 0 to 700:700:']);
});

t.test('a copy that another node has just stamped is left alone, and its age is told', async (t) => {
  const { copy, truth, reconciler } = setUp();
  t.strictSame(await reconciler(), { outcome: 'rebuilt', ageMs: 0 });
  copy.steps.length = 0;
  copy.ageMs = propagationLimits.reconcileMilliseconds - 1;
  t.strictSame(await reconciler(), { outcome: 'elsewhere', ageMs: copy.ageMs });
  t.strictSame(copy.steps, []);
  copy.ageMs = 60_000;
  truth.taken = true;
  t.strictSame(await reconciler(), { outcome: 'elsewhere', ageMs: 60_000 }, 'so that nobody thinks it whole');
  truth.taken = false;
  t.strictSame(await reconciler(), { outcome: 'done', ageMs: 0 });
});

t.test('a copy of another history is made anew', async (t) => {
  const { truth, copy, reconcile } = setUp();
  await reconcile();
  truth.history = 'history two';
  t.equal(await reconcile(), 'rebuilt');
  t.strictSame(copy.position, upTo(701, 'history two'));
});

t.test('overtaken: it adds nothing more and does not say that the copy is whole', async (t) => {
  type Node = ReturnType<typeof setUp>;
  const before = (step: string) => (node: Node) => {
    node.copy.before = (next) => next === step && node.copy.flush();
  };
  const moments: Record<string, (node: Node) => void> = {
    'before the first page': ({ truth, copy }) => void truth.before.set('readLive', copy.flush),
    'before a page': before('advance 3'),
    'before the last page': before('advance 1 to 701:701:'),
  };
  for (const [moment, interfere] of Object.entries(moments)) {
    const node = setUp();
    const { truth, copy, reconcile, whole } = node;
    interfere(node);
    t.equal(await reconcile(), 'overtaken', moment);
    t.equal(copy.position, undefined, `${moment}: no position`);
    t.equal(whole(), false, moment);
    copy.before = () => {};
    truth.before.clear();
    t.equal(await reconcile(), 'rebuilt', `${moment}: the next round begins again`);
    t.ok(whole(), moment);
  }
});

t.test('overtaken while it adds what is new', async (t) => {
  const { truth, copy, reconcile } = setUp();
  await reconcile();
  const more = rowsOf(9);
  truth.commit(...more);
  let pages = 0;
  truth.before.set('page', () => {
    pages += 1;
    if (pages === 2) copy.flush();
  });
  t.equal(await reconcile(), 'overtaken');
  t.equal(copy.position, undefined);
  t.equal(more.some(copy.has), false, 'what it would have added to a copy that is not whole');
});

t.test('a failure is told, and leaves no position that is not true', async (t) => {
  const { truth, copy, reconcile, whole } = setUp();
  for (const moment of ['stamped', 'beginRebuild', 'advance 3', 'advance 1 to 701:701:']) {
    copy.before = (step) => {
      if (step === moment) throw fault;
    };
    await t.rejects(reconcile(), fault, moment);
    t.equal(copy.position, undefined, moment);
  }
  copy.before = () => {};
  truth.faults.set('page', fault);
  await t.rejects(reconcile(), fault, 'the truth');
  t.equal(copy.position, undefined, 'the truth');
  truth.faults.clear();
  t.equal(await reconcile(), 'rebuilt');
  t.ok(whole());
});

t.test('while another node is at it, it does nothing', async (t) => {
  const { truth, copy, reconcile } = setUp();
  truth.taken = true;
  t.equal(await reconcile(), 'elsewhere');
  t.strictSame(copy.steps, []);
});

t.test('what has expired is not copied', async (t) => {
  const { clock, truth, copy, reconcile } = setUp();
  const expired = { ...revoked(randomBytes(16)), expiresAt: clock.now() };
  truth.commit(expired);
  t.equal(await reconcile(), 'rebuilt');
  t.equal(copy.has(expired), false);
});
