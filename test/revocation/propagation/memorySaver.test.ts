/** When a node saves its memory for those that start, and what it then says of it. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { propagationLimits } from '../../../src/revocation/propagation/limits.ts';
import { createMemorySaver } from '../../../src/revocation/propagation/savedMemory.ts';
import { revoked } from '../../support/denyListNode.ts';
import { upTo } from '../../support/nodes.ts';
import { createRenewingNode } from '../../support/renewingNode.ts';
import { createSavedInMemory } from '../../support/savedInMemory.ts';

const { savedMemoryMilliseconds, savedMemoryKeptMilliseconds } = propagationLimits;

function setUp() {
  const saved = createSavedInMemory();
  const node = createRenewingNode({ saved });
  const { denyList, renewal, clock, truth } = node;
  const save = createMemorySaver({ saved, denyList, renewal, snapshots: truth.snapshots, clock });
  const saves = () => saved.steps.filter((step) => step === 'save').length;
  /** A logout somewhere, which this node has read. */
  const logout = async () => {
    truth.commit(revoked(randomBytes(16)));
    await renewal.renew();
  };
  return { ...node, saved, save, saves, logout };
}

t.test('nothing before memory is whole; then at once, with what its position covers', async (t) => {
  const { truth, saved, save, saves, renewal, denyList, clock } = setUp();
  await save();
  t.strictSame(saved.steps, []);
  truth.commit(revoked(randomBytes(16)));
  await renewal.renew();
  truth.commit(revoked(randomBytes(16)));
  await save();
  t.equal(saves(), 1);
  t.match(saved.memory, { position: upTo(701), savedAt: clock.now(), marks: [] });
  t.strictSame(saved.memory?.slices, denyList.slices());
  t.strictSame(renewal.position(), upTo(701), 'not what is committed, but not yet read');
});

t.test('again when something has changed and a minute is over, or after a while', async (t) => {
  const { clock, save, saves, logout, renewal } = setUp();
  await renewal.renew();
  await save();
  await logout();
  await clock.advance(savedMemoryMilliseconds - 1);
  await save();
  t.equal(saves(), 1, 'too soon');
  await clock.advance(1);
  await save();
  t.equal(saves(), 2, 'something has changed');
  await clock.advance(savedMemoryMilliseconds);
  await save();
  t.equal(saves(), 2, 'nothing has');
  await clock.advance(savedMemoryKeptMilliseconds - savedMemoryMilliseconds);
  await save();
  t.equal(saves(), 3, 'but it must not become too old');
});

t.test('one node at a time, and not what another one has just done', async (t) => {
  const one = setUp();
  await one.renewal.renew();
  one.truth.taken = true;
  await one.save();
  t.equal(one.saves(), 0, 'another one is at it');
  one.truth.taken = false;
  one.truth.before.set('read', async () => {
    one.truth.before.clear();
    await one.saved.save({ savedAt: 0, position: upTo(700), slices: [], marks: [] });
  });
  await one.save();
  t.equal(one.saved.memory?.savedAt, 0, 'another one was quicker');
  t.equal(one.saves(), 1);
});

t.test('of another history it is made anew; without one that is sure, not at all', async (t) => {
  const { clock, truth, saved, save, saves, renewal } = setUp();
  await renewal.renew();
  await save();
  truth.history = 'history two';
  truth.faults.set('readLive', new Error('down'));
  await t.rejects(renewal.renew());
  t.equal(renewal.position(), undefined);
  await clock.advance(savedMemoryMilliseconds);
  await save();
  t.equal(saves(), 1, 'memory is of neither');
  truth.faults.clear();
  await renewal.renew();
  await save();
  t.equal(saves(), 2);
  t.match(saved.memory, { position: { history: 'history two' } });
});

t.test('somebody who deletes it again and again has it saved once a minute', async (t) => {
  const { clock, saved, save, saves, renewal } = setUp();
  await renewal.renew();
  for (let second = 0; second < 120; second += 1) {
    saved.memory = undefined;
    await save();
    await clock.advance(1_000);
  }
  t.equal(saves(), 2);
});

t.test('what fails is told, and tried again a minute later', async (t) => {
  const { clock, saved, save, saves, renewal } = setUp();
  await renewal.renew();
  saved.before = (step) => {
    if (step === 'save') throw new Error('full');
  };
  await t.rejects(save(), { message: 'full' });
  saved.before = () => {};
  await save();
  t.equal(saves(), 1);
  await clock.advance(savedMemoryMilliseconds);
  await save();
  t.ok(saved.memory);
});
