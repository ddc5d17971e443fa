import { randomBytes } from 'node:crypto';
import t from 'tap';
import type { Acknowledgement, Announcement } from '../../src/revocation/bus.ts';
import { createAnnouncementListener } from '../../src/revocation/sharedEffect.ts';
import { outcomeOf, revoked } from '../support/denyListNode.ts';
import { noEdges } from '../support/noEdges.ts';
import { createRenewingNode } from '../support/renewingNode.ts';

function setUp() {
  const node = createRenewingNode();
  const { denyList, renewal } = node;
  const acknowledged: Acknowledgement[] = [];
  const faults: unknown[] = [];
  const bus = {
    before: () => {},
    acknowledge(acknowledgement: Acknowledgement) {
      bus.before();
      acknowledged.push(acknowledgement);
    },
  };
  const listen = createAnnouncementListener({
    self: 'self',
    denyList,
    renewal,
    edges: noEdges,
    bus,
    onFault: (error) => void faults.push(error),
  });
  return { ...node, listen, acknowledged, faults, bus };
}

const announcement = (number: number, revocations: Announcement['revocations']): Announcement => ({
  from: 'other',
  number,
  revocations,
});
const acknowledgement = (number: number): Acknowledgement => ({ to: 'other', number, from: 'self' });

t.test('it says that it knows when it does', async (t) => {
  const { denyList, renewal, listen, acknowledged, bus } = setUp();
  await renewal.renew();
  const [one, two] = [revoked(randomBytes(16)), revoked(randomBytes(27), 'token_revoked')];
  t.equal(await outcomeOf(denyList, [one.subject]), 'not revoked by bloom');
  bus.before = () => t.match(denyList.check([one.subject]), { revoked: true }, 'before it says so');
  listen(announcement(7, [one, two]));
  t.strictSame(acknowledged, [acknowledgement(7)]);
  t.equal(await outcomeOf(denyList, [one.subject]), 'revoked logout by lru', 'committed: nothing to confirm');
  t.equal(await outcomeOf(denyList, [two.subject]), 'revoked token_revoked by lru');
});

t.test('one that comes twice is held once and acknowledged twice', async (t) => {
  const { denyList, renewal, listen, acknowledged } = setUp();
  await renewal.renew();
  const rows = [revoked(randomBytes(16))];
  listen(announcement(7, rows));
  listen(announcement(7, rows));
  t.strictSame(acknowledged, [acknowledgement(7), acknowledgement(7)]);
  t.equal(denyList.stats().entries, 1);
});

t.test('what is announced while it loads is there when it has a lease', async (t) => {
  const { clock, truth, denyList, renewal, listen, acknowledged } = setUp();
  for (const step of ['read', 'readLive', 'readSince'] as const) {
    truth.history = `history of ${step}`;
    const row = revoked(randomBytes(16));
    truth.before.set(step, () => {
      truth.before.delete(step);
      listen(announcement(1, truth.commit(row).revocations));
    });
    await renewal.renew();
    t.equal(await outcomeOf(denyList, [row.subject]), 'revoked logout by lru', step);
    t.ok(denyList.stats().entries > 0);
  }
  await clock.settle();
  t.equal(acknowledged.length, 3, 'without a lease it answers nothing from memory, so it says yes at once');
});

t.test('too many for one message are read before it says that it knows', async (t) => {
  const { clock, truth, denyList, renewal, listen, acknowledged, faults } = setUp();
  await renewal.renew();
  const row = revoked(randomBytes(16));
  truth.commit(row);
  truth.faults.set('readSince', new Error('down'));
  listen(announcement(7, undefined));
  await clock.settle();
  t.strictSame([acknowledged, faults.length], [[], 1], 'it could not');
  truth.faults.clear();
  listen(announcement(8, undefined));
  t.strictSame(acknowledged, []);
  await clock.settle();
  t.strictSame(acknowledged, [acknowledgement(8)]);
  t.equal(await outcomeOf(denyList, [row.subject]), 'revoked logout by postgres');
});

t.test('a renewal that had begun before the announcement is not enough', async (t) => {
  const { clock, truth, renewal, listen, acknowledged } = setUp();
  await renewal.renew();
  let open = () => {};
  truth.before.set(
    'readSince',
    () =>
      new Promise<void>((resolve) => {
        open = resolve;
      }),
  );
  void renewal.renew();
  await clock.settle();
  truth.commit(revoked(randomBytes(16)));
  listen(announcement(7, undefined));
  open();
  await clock.settle();
  t.strictSame(acknowledged, [], 'it had read before');
  open();
  await clock.settle();
  t.strictSame(acknowledged, [acknowledgement(7)]);
});
