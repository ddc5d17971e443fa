import { randomBytes } from 'node:crypto';
import { verifierLimits } from '@countersign/verifier/limits';
import t from 'tap';
import { propagationLimits } from '../../../src/revocation/propagation/limits.ts';
import { revoked } from '../../support/denyListNode.ts';
import { leaseMs, nodeRow, upTo } from '../../support/nodes.ts';
import { createRevokingNode } from '../../support/revokingNode.ts';

const { copyMilliseconds } = verifierLimits;
const { leaseMarginMilliseconds, lookAgainMilliseconds } = propagationLimits;
const lost = new Error('lost');
/** What a port that is not there does. */
const ways: Record<string, () => Promise<void>> = {
  rejects: () => Promise.reject(lost),
  hangs: () => new Promise<never>(() => {}),
};

t.test('a look that fails is made again', async (t) => {
  const { clock, truth, faults, acknowledge, announce, looks } = createRevokingNode('a');
  truth.faults.set('list', lost);
  const effect = announce();
  await clock.settle();
  acknowledge('a');
  await clock.advance(2 * lookAgainMilliseconds - 1);
  t.strictSame([effect.now(), looks(), faults], ['waiting', 2, [lost, lost]]);
  truth.faults.clear();
  await clock.advance(1);
  t.strictSame(effect.now(), { a: 'acknowledged' });
});

t.test('when nobody could be seen for as long as a lease, the answer is not known', async (t) => {
  for (const fault of [lost, 'hangs'] as const) {
    const { clock, truth, reports, announce } = createRevokingNode();
    truth.faults.set('list', fault);
    const effect = announce();
    await clock.advance(leaseMs + lookAgainMilliseconds - 1);
    t.equal(effect.now(), 'waiting', `${fault}`);
    await clock.advance(lookAgainMilliseconds);
    t.equal(effect.now(), 'unavailable nodes_unknown', `${fault}`);
    await t.rejects(effect.work, { code: 'unavailable', retryAfterSeconds: 1 });
    t.strictSame(reports, [], `${fault}: no effect is told`);
    t.equal(clock.timers(), 0, `${fault}: nothing is left behind`);
  }
});

t.test('a node with a longer lease than ours is waited for as long as that', async (t) => {
  const { clock, truth, announce } = createRevokingNode();
  truth.rows.set('a', nodeRow('a', 1, { leaseMs: 60_000 }));
  const effect = announce();
  await clock.advance(60_000 + leaseMarginMilliseconds - 1);
  t.equal(effect.now(), 'waiting');
  await clock.advance(1);
  t.strictSame(effect.now(), { a: 'lease_expired' });
});

t.test('a look that hangs keeps nobody from hearing the others, nor leases from running out', async (t) => {
  const { clock, truth, acknowledge, announce, looks } = createRevokingNode('a', 'b');
  const [first, second] = [announce(), announce()];
  await clock.settle();
  truth.faults.set('list', 'hangs');
  await clock.advance(lookAgainMilliseconds);
  t.equal(looks(), 3, 'one for each of them, and now one that hangs');
  acknowledge('a', 1);
  acknowledge('b', 1);
  acknowledge('b', 2);
  await clock.settle();
  t.strictSame(first.now(), { a: 'acknowledged', b: 'acknowledged' });
  await clock.advance(leaseMs + leaseMarginMilliseconds - lookAgainMilliseconds - 1);
  t.equal(second.now(), 'waiting');
  await clock.advance(lookAgainMilliseconds);
  t.strictSame(second.now(), { a: 'lease_expired', b: 'acknowledged' });
  t.equal(looks(), 3);
  t.equal(clock.timers(), 0);
});

t.test('what no message brings, the report in the database says', async (t) => {
  for (const [how, port] of Object.entries(ways)) {
    const { clock, truth, ports, faults, announce } = createRevokingNode('a', 'b', 'c');
    ports.announce = port;
    const effect = announce(truth.commit(revoked(randomBytes(16))));
    await clock.advance(300);
    t.equal(effect.now(), 'waiting', how);
    truth.rows.set('a', nodeRow('a', 2, { position: upTo(701) }));
    truth.rows.set('b', nodeRow('b', 2, { position: upTo(700) }));
    truth.rows.delete('c');
    await clock.advance(lookAgainMilliseconds);
    t.equal(effect.now(), 'waiting', `${how}: one has not read so far`);
    truth.rows.set('b', nodeRow('b', 3, { position: upTo(701) }));
    await clock.advance(lookAgainMilliseconds + copyMilliseconds);
    t.strictSame(effect.now(), { a: 'read', b: 'read', c: 'stopped' }, how);
    t.equal(faults.length, 1, `${how}: it is told once`);
    t.equal(clock.timers(), 0);
  }
});

t.test('a node that nothing is heard of costs one lease, whatever else fails', async (t) => {
  for (const [how, port] of Object.entries(ways)) {
    const { clock, ports, announce } = createRevokingNode('a');
    ports.announce = port;
    ports.add = port;
    const effect = announce();
    await clock.advance(leaseMs + leaseMarginMilliseconds - 1);
    t.equal(effect.now(), 'waiting', how);
    await clock.advance(lookAgainMilliseconds + copyMilliseconds);
    t.strictSame(effect.now(), { a: 'lease_expired' }, how);
    t.ok((await effect.work).milliseconds <= leaseMs + 1_000, `${how}: within a lease and a second (I3)`);
  }
});

t.test('the copy is told first, and waited for, but not for long', async (t) => {
  const { clock, ports, announced, copied, faults, announce } = createRevokingNode();
  let added = () => {};
  ports.add = () => {
    t.equal(announced.length, 0, 'before any node');
    return new Promise<void>((resolve) => {
      added = resolve;
    });
  };
  const first = announce();
  await clock.advance(copyMilliseconds - 1);
  t.equal(first.now(), 'waiting');
  added();
  await clock.settle();
  t.strictSame([first.now(), faults], [{}, []]);
  t.strictSame(copied, [1]);

  announced.length = 0;
  const second = announce();
  await clock.advance(copyMilliseconds);
  t.strictSame(second.now(), {}, 'one that hangs');
  t.equal(faults.length, 1);

  ports.add = () => Promise.reject(lost);
  const third = announce();
  await clock.settle();
  t.strictSame([third.now(), faults.at(-1)], [{}, lost], 'one that fails');
  t.equal(announced.length, 2, 'keeps no node from being told');
});

t.test('after a change of history, nodes that were forgotten are waited for', async (t) => {
  const { clock, truth, announce } = createRevokingNode('a');
  announce();
  await clock.settle();
  truth.rows.clear();
  truth.history = 'history two';
  await clock.advance(lookAgainMilliseconds);
  const after = announce();
  await clock.advance(leaseMs - lookAgainMilliseconds);
  t.equal(after.now(), 'waiting');
  await clock.advance(leaseMarginMilliseconds + 2 * lookAgainMilliseconds);
  t.strictSame(after.now(), { unknown: 'history_changed' });
});

t.test('a commit that another history may not have is not acknowledged', async (t) => {
  const { clock, truth, announce } = createRevokingNode('a');
  const before = announce();
  await clock.settle();
  t.equal(before.now(), 'waiting');
  truth.history = 'history two';
  await clock.advance(lookAgainMilliseconds);
  t.match(before.now(), /commit_may_be_lost/);
});
