import { randomBytes } from 'node:crypto';
import t from 'tap';
import { createAnnouncementListener } from '../../../src/revocation/propagation/announcementListener.ts';
import type { Acknowledgement, Announcement, DroppedFor } from '../../../src/revocation/propagation/bus.ts';
import { propagationLimits } from '../../../src/revocation/propagation/limits.ts';
import { outcomeOf, revoked } from '../../support/denyListNode.ts';
import { history, leaseMs } from '../../support/nodes.ts';
import { createRenewingNode } from '../../support/renewingNode.ts';
import { openWithLease } from '../../support/watchedNode.ts';

const { leaseMarginMilliseconds } = propagationLimits;

function setUp() {
  const node = createRenewingNode();
  const { denyList, renewal, subscribers } = node;
  const acknowledged: Acknowledgement[] = [];
  const faults: unknown[] = [];
  const dropped: DroppedFor[] = [];
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
    subscribers,
    bus,
    onFault: (error) => void faults.push(error),
    onDropped: (why) => void dropped.push(why),
  });
  return { ...node, listen, acknowledged, dropped, faults, bus };
}

const announcement = (
  number: number,
  revocations: Announcement['revocations'],
  of = history,
): Announcement => ({ from: 'other', number, history: of, revocations });
const acknowledgement = (number: number, of = history): Acknowledgement => ({
  to: 'other',
  number,
  from: 'self',
  history: of,
});

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
      listen(announcement(1, truth.commit(row).revocations, truth.history));
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

t.test('it says that it knows when all its subscribers do', async (t) => {
  for (const how of ['a list', 'no list'] as const) {
    const { clock, truth, subscribers, denyList, renewal, listen, acknowledged } = setUp();
    await renewal.renew();
    const [one, two] = [await openWithLease(subscribers), await openWithLease(subscribers)];
    const { revocations } = truth.commit(revoked(randomBytes(16)));
    listen(announcement(7, how === 'a list' ? revocations : undefined));
    await clock.settle();
    t.match(await denyList.check([revocations[0]?.subject as Buffer]), { revoked: true }, how);
    await one.follow();
    t.strictSame(acknowledged, [], `${how}: one subscriber does not`);
    await two.follow();
    t.strictSame(acknowledged, [acknowledgement(7)], how);
  }
});

t.test('of a subscriber that cannot be reached it waits for the end of its lease', async (t) => {
  const { clock, subscribers, renewal, listen, acknowledged, outcomes } = setUp();
  await renewal.renew();
  const { stream } = await openWithLease(subscribers);
  stream.disconnected();
  listen(announcement(7, [revoked(randomBytes(16))]));
  await clock.advance(leaseMs + leaseMarginMilliseconds - 1);
  t.strictSame(acknowledged, []);
  await clock.advance(1);
  t.strictSame([acknowledged, outcomes], [[acknowledgement(7)], ['lease_expired']]);
});

t.test('what a subscriber was to learn from a load, and did not, is not acknowledged for it', async (t) => {
  const { clock, truth, subscribers, renewal, listen, acknowledged } = setUp();
  await renewal.renew();
  const subscriber = await openWithLease(subscribers);
  truth.history = 'another one';
  truth.commit(revoked(randomBytes(16)));
  let heard = false;
  truth.before.set('readLive', () => {
    if (!heard) listen(announcement(7, undefined, 'another one'));
    heard = true;
  });
  await renewal.renew();
  await clock.settle();
  t.equal(subscriber.stream.ended(), 'started_over');
  t.strictSame(acknowledged, []);
  await clock.advance(leaseMs + leaseMarginMilliseconds);
  t.strictSame(acknowledged, [acknowledgement(7, 'another one')]);
});

t.test('of another history than its own it believes nothing, asks nothing, and counts it', async (t) => {
  const { truth, denyList, renewal, listen, acknowledged, dropped } = setUp();
  const row = revoked(randomBytes(16));
  listen(announcement(1, [row]));
  t.strictSame([acknowledged, dropped], [[], ['other_history']], 'before it knows of any');
  await renewal.renew();
  truth.steps.length = 0;
  for (const rows of [[row], undefined]) listen(announcement(2, rows, 'history two'));
  t.strictSame([acknowledged, dropped.length, truth.steps], [[], 3, []]);
  t.equal(await outcomeOf(denyList, [row.subject]), 'not revoked by bloom');
  t.equal(renewal.history(), history);
});

t.test('a bus that fails is a fault, also after subscribers were waited for', async (t) => {
  const { clock, subscribers, renewal, listen, faults, bus } = setUp();
  await renewal.renew();
  const subscriber = await openWithLease(subscribers);
  bus.before = () => {
    throw new Error('closed');
  };
  listen(announcement(7, [revoked(randomBytes(16))]));
  await subscriber.follow();
  await clock.settle();
  t.equal(faults.length, 1);
});
