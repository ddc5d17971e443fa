import { randomBytes } from 'node:crypto';
import t from 'tap';
import { propagationLimits } from '../../../src/revocation/propagation/limits.ts';
import { outcomeOf, revoked } from '../../support/denyListNode.ts';
import { leaseMs, nodeRow } from '../../support/nodes.ts';
import { createRenewedNode, createRenewingNode } from '../../support/renewingNode.ts';
import type { Step } from '../../support/sharedTruth.ts';

const { deadNodeMilliseconds, leaseMarginMilliseconds } = propagationLimits;
const fault = new Error('down');
const confirmed = 'revoked logout by postgres';
const fromMemory = 'not revoked by bloom';

t.test('the first renewal registers, loads, reads what came meanwhile, and only then holds', async (t) => {
  const { truth, lease, denyList, renewal } = createRenewingNode();
  const [early, late] = [revoked(randomBytes(16)), revoked(randomBytes(16))];
  truth.commit(early);
  const held: boolean[] = [];
  for (const step of ['register', 'read', 'readLive', 'readSince'] as const) {
    truth.before.set(step, () => held.push(lease.held()));
  }
  truth.before.set('readLive', () => truth.commit(late));
  await renewal.renew();
  t.strictSame(truth.steps.slice(0, 6), [
    ...['register self 1', 'read', 'readLive', 'page 1'],
    ...['read', 'readSince 701:701:'],
  ]);
  t.equal(held.includes(true), false);
  t.equal(lease.remainingMs(), leaseMs);
  for (const { subject } of [early, late]) t.equal(await outcomeOf(denyList, [subject]), confirmed);
  t.equal(await outcomeOf(denyList, [randomBytes(16)]), fromMemory);
});

t.test('a renewal registers, then reads, then holds', async (t) => {
  const { clock, truth, lease, renewal } = await createRenewedNode();
  await clock.advance(1_000);
  const remaining: [Step, number, number | undefined][] = [];
  for (const step of ['register', 'read', 'readSince'] as const) {
    truth.before.set(step, () =>
      remaining.push([step, lease.remainingMs(), truth.rows.get('self')?.renewal]),
    );
  }
  await renewal.renew();
  t.strictSame(
    remaining,
    [
      ['register', leaseMs - 1_000, 1],
      ['read', leaseMs - 1_000, 2],
      ['readSince', leaseMs - 1_000, 2],
    ],
    'each begins when the one before it is done; until then the old lease goes on',
  );
  t.strictSame(truth.steps, ['register self 2', 'read', 'readSince 700:700:']);
  t.equal(lease.remainingMs(), leaseMs);
});

t.test('the lease is good from before it was registered, however long the steps took', async (t) => {
  for (const step of ['register', 'read', 'readSince'] as const) {
    const { clock, truth, lease, renewal } = await createRenewedNode();
    truth.before.set(step, () => clock.advance(1_200));
    await renewal.renew();
    t.equal(lease.remainingMs(), leaseMs - 1_200, step);
    truth.before.set(step, () => clock.advance(leaseMs));
    await renewal.renew();
    t.equal(lease.held(), false, `${step}: not at all when they took as long as it is`);
  }
});

t.test('what was committed before the reading is in memory when the lease is held', async (t) => {
  const { truth, lease, denyList, renewal } = await createRenewedNode();
  const rows = Array.from({ length: 5 }, () => revoked(randomBytes(16)));
  truth.pageRows = 2;
  truth.commit(rows[0] as (typeof rows)[0]);
  // Whoever commits after this node has registered, but before it reads.
  truth.before.set('read', () => truth.commit(...rows.slice(1)));
  await renewal.renew();
  truth.before.clear();
  t.equal(lease.held(), true);
  for (const { subject } of rows) t.equal(await outcomeOf(denyList, [subject]), confirmed);
  await renewal.renew();
  t.match(truth.steps.at(-1), 'readSince 702:702:', 'the next one begins where this one was');
});

t.test('when a step fails, the old lease goes on, and no longer than it was good', async (t) => {
  for (const step of ['register', 'read', 'readSince'] as const) {
    const { clock, truth, lease, denyList, renewal } = await createRenewedNode();
    await clock.advance(1_000);
    truth.faults.set(step, fault);
    await t.rejects(renewal.renew(), fault, step);
    t.equal(lease.remainingMs(), leaseMs - 1_000, `${step}: as before`);
    await clock.advance(leaseMs - 1_000);
    t.equal(lease.held(), false, `${step}: it ran out`);
    t.equal(await outcomeOf(denyList, [randomBytes(16)]), 'not revoked by postgres');

    const missed = revoked(randomBytes(16));
    truth.commit(missed);
    truth.faults.clear();
    await renewal.renew();
    t.equal(lease.remainingMs(), leaseMs, `${step}: and it is taken again`);
    t.equal(await outcomeOf(denyList, [missed.subject]), confirmed, `${step}: with what was missed`);
    t.equal(await outcomeOf(denyList, [randomBytes(16)]), fromMemory);
  }
});

t.test('no renewal number is used twice, whatever failed', async (t) => {
  const { truth, renewal } = createRenewingNode();
  for (const step of ['register', 'read', 'register', 'readSince'] as const) {
    truth.faults.set(step, fault);
    await t.rejects(renewal.renew(), fault);
    truth.faults.clear();
  }
  await renewal.renew();
  t.strictSame(
    truth.steps.filter((step) => step.startsWith('register')),
    [1, 2, 3, 4, 5].map((number) => `register self ${number}`),
  );
});

t.test('it reports how far it has read when there was something to read', async (t) => {
  const { truth, lease, renewal } = await createRenewedNode();
  await renewal.renew();
  t.notOk(
    truth.steps.some((step) => step.startsWith('report')),
    'there was not',
  );
  truth.commit(revoked(randomBytes(16)));
  truth.before.set('report', () => t.equal(lease.remainingMs(), leaseMs, 'it holds the lease already'));
  await renewal.renew();
  t.strictSame(truth.steps.slice(-3), ['readSince 700:700:', 'page 1', 'report self 701:701:']);
  await renewal.renew();
  t.match(truth.steps.at(-1), /^readSince/, 'and not again');

  truth.commit(revoked(randomBytes(16)));
  truth.faults.set('report', fault);
  await t.rejects(renewal.renew(), fault, 'a report that fails is told');
  t.equal(lease.remainingMs(), leaseMs, 'and costs no lease');
});

t.test('another history: the lease is given up, everything is loaded, and it goes on', async (t) => {
  const { truth, lease, denyList, renewal } = await createRenewedNode();
  const early = revoked(randomBytes(16));
  truth.commit(early);
  truth.history = 'history two';
  const held: boolean[] = [];
  for (const step of ['read', 'readLive', 'readSince'] as const) {
    truth.before.set(step, () => held.push(lease.held()));
  }
  await renewal.renew();
  t.strictSame(truth.steps, [
    ...['register self 2', 'read', 'readLive', 'page 1', 'read', 'readSince 701:701:'],
    'report self 701:701:',
  ]);
  t.strictSame(held, [false, false, false, false], 'what was known of the other one says nothing');
  t.equal(lease.held(), true);
  t.equal(await outcomeOf(denyList, [early.subject]), confirmed);
  t.equal(await outcomeOf(denyList, [randomBytes(16)]), fromMemory);
});

t.test('a load that failed is repeated, also when the history is the former one again', async (t) => {
  for (const history of ['history two', 'history one']) {
    const { truth, lease, denyList, renewal } = await createRenewedNode();
    truth.history = 'history two';
    truth.faults.set('readLive', fault);
    await t.rejects(renewal.renew(), fault);
    t.equal(lease.held(), false, history);
    truth.faults.clear();
    truth.history = history;
    await renewal.renew();
    t.equal(denyList.loaded(), true, history);
    t.equal(await outcomeOf(denyList, [randomBytes(16)]), fromMemory, history);
  }
});

t.test('a history that changes between the registration and the reading fails the renewal', async (t) => {
  const { clock, truth, lease, renewal } = await createRenewedNode();
  await clock.advance(1_000);
  truth.before.set('read', () => {
    truth.history = 'history two';
  });
  await t.rejects(renewal.renew());
  t.equal(lease.held(), false, 'and gives the lease back');
  await renewal.renew();
  t.equal(lease.remainingMs(), leaseMs, 'the next one loads');
  t.ok(truth.steps.includes('readLive'));
});

t.test('rows of the long dead are removed, if they are as they were', async (t) => {
  const { clock, truth, renewal } = await createRenewedNode();
  const removals = () => truth.steps.filter((step) => step.startsWith('remove'));
  truth.rows.set('dead', nodeRow('dead', 3));
  truth.rows.set('alive', nodeRow('alive', 8));
  await renewal.renew();
  await clock.advance(leaseMs + leaseMarginMilliseconds + deadNodeMilliseconds);
  truth.rows.set('alive', nodeRow('alive', 9));
  await renewal.renew();
  t.strictSame(removals(), [], 'not yet');
  await clock.advance(1);
  // It comes back at the last moment.
  truth.before.set('remove', () => truth.rows.set('dead', nodeRow('dead', 4)));
  await renewal.renew();
  t.strictSame(removals(), ['remove dead 3']);
  t.ok(truth.rows.has('dead'), 'so it is waited for again');
  t.ok(truth.rows.has('alive'));
});

t.test('what has expired by both clocks, and by the time that has passed, is forgotten', async (t) => {
  const { clock, truth, sliceMs, denyList, renewal } = await createRenewedNode();
  const short = { ...revoked(randomBytes(16)), expiresAt: clock.now() + sliceMs };
  truth.commit(short);
  await renewal.renew();
  t.equal(denyList.stats().entries, 1);
  clock.stepWall(10 * sliceMs);
  truth.now = () => short.expiresAt - 1;
  await renewal.renew();
  t.equal(denyList.stats().entries, 1, 'only our clock says so');
  clock.stepWall(-10 * sliceMs);
  truth.now = () => clock.now() + 10 * sliceMs;
  await renewal.renew();
  t.equal(denyList.stats().entries, 1, "only the database's clock says so");
  clock.stepWall(10 * sliceMs);
  await renewal.renew();
  t.equal(denyList.stats().entries, 1, 'both say so, but no time has passed (J23)');
  await clock.advance(10 * sliceMs);
  await renewal.renew();
  t.equal(denyList.stats().entries, 0, 'all three');
});
