import { randomBytes } from 'node:crypto';
import t from 'tap';
import { propagationLimits } from '../../../src/revocation/propagation/limits.ts';
import { outcomeOf, revoked } from '../../support/denyListNode.ts';
import { leaseMs } from '../../support/nodes.ts';
import { createRenewedNode } from '../../support/renewingNode.ts';

const { renewalMilliseconds } = propagationLimits;
const fault = new Error('down');

t.test('it renews regularly, tells what fails, and goes on', async (t) => {
  const { clock, truth, lease, renewal } = await createRenewedNode();
  const faults: unknown[] = [];
  renewal.start((error) => faults.push(error));
  await clock.advance(3 * renewalMilliseconds);
  t.strictSame(
    truth.steps.filter((step) => step.startsWith('register')),
    ['register self 2', 'register self 3', 'register self 4'],
  );
  truth.faults.set('register', fault);
  await clock.advance(2 * renewalMilliseconds);
  t.strictSame(faults, [fault, fault]);
  truth.faults.set('register', 'hangs');
  await clock.advance(4 * renewalMilliseconds);
  t.equal(truth.rows.get('self')?.renewal, 4);
  t.equal(truth.steps.at(-1), 'register self 7', 'one that hangs is not overlapped');
  t.equal(lease.remainingMs(), leaseMs - 6 * renewalMilliseconds);
});

t.test('callers share renewals that began after they asked', async (t) => {
  const { clock, truth, denyList, renewal } = await createRenewedNode();
  let open = () => {};
  truth.before.set(
    'readSince',
    () =>
      new Promise<void>((resolve) => {
        open = resolve;
      }),
  );
  const running = renewal.renew();
  await clock.settle();
  const late = revoked(randomBytes(16));
  truth.commit(late);
  const asked = [renewal.renew(), renewal.renew()];
  truth.before.clear();
  open();
  await running;
  await Promise.all(asked);
  t.equal(truth.steps.filter((step) => step.startsWith('register')).length, 2);
  t.equal(await outcomeOf(denyList, [late.subject]), 'revoked logout by postgres');
});

t.test('when it stops, the lease is given back before the row goes', async (t) => {
  for (const failing of [undefined, fault]) {
    const { clock, truth, lease, subscribers, renewal } = await createRenewedNode();
    renewal.start(() => {});
    await clock.advance(renewalMilliseconds);
    subscribers.close();
    const held: boolean[] = [];
    truth.before.set('remove', () => held.push(lease.held()));
    if (failing !== undefined) truth.faults.set('register', failing);
    await renewal.stop();
    t.strictSame([truth.steps.at(-1), held], ['remove self 2', [false]]);
    t.equal(truth.rows.has('self'), false);
    t.equal(clock.timers(), 0);
    await renewal.renew();
    t.strictSame([truth.steps.at(-1), lease.held()], ['remove self 2', false], 'and it stays so');
  }
});

t.test('a renewal that is going on when it stops takes no lease, and its row goes, too', async (t) => {
  for (const step of ['register', 'read', 'readSince'] as const) {
    const { clock, truth, lease, renewal } = await createRenewedNode();
    let open = () => {};
    truth.before.set(
      step,
      () =>
        new Promise<void>((resolve) => {
          open = resolve;
        }),
    );
    const running = renewal.renew();
    await clock.settle();
    const stopped = renewal.stop();
    t.equal(lease.held(), false, `${step}: at once`);
    await clock.settle();
    t.equal(
      truth.steps.some((name) => name.startsWith('remove')),
      false,
      `${step}: not while it may register`,
    );
    truth.before.clear();
    open();
    await Promise.all([running, stopped]);
    t.equal(lease.held(), false, step);
    t.equal(truth.rows.has('self'), false, `${step}: nobody waits for it`);
  }
});
