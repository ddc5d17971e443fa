import { randomBytes } from 'node:crypto';
import t from 'tap';
import { propagationLimits } from '../../../src/revocation/propagation/limits.ts';
import { revoked } from '../../support/denyListNode.ts';
import { leaseMs } from '../../support/nodes.ts';
import { createRenewedNode } from '../../support/renewingNode.ts';
import { openWithLease } from '../../support/watchedNode.ts';

const wholeLeaseMs = leaseMs + propagationLimits.leaseMarginMilliseconds;
const fault = new Error('down');

/** A node with one subscriber that holds a lease, and faults of what it does on its own. */
async function setUp() {
  const node = await createRenewedNode();
  const { truth, subscribers, renewal } = node;
  const faults: unknown[] = [];
  renewal.start((error) => void faults.push(error));
  const subscriber = await openWithLease(subscribers);
  const reports = () => truth.steps.filter((step) => /^(report|remove)/.test(step));
  const commit = () => void truth.commit(revoked(randomBytes(16)));
  return { ...node, subscriber, faults, reports, commit };
}

t.test('it reports when its subscribers know, too; the lease does not wait for that', async (t) => {
  const { clock, lease, renewal, subscriber, reports, commit } = await setUp();
  commit();
  await renewal.renew();
  t.equal(lease.remainingMs(), leaseMs);
  t.strictSame(reports(), []);
  await subscriber.follow();
  t.strictSame(reports(), ['report self 701:701:']);
  await clock.advance(1_000);
  t.equal(reports().length, 1, 'once');
});

t.test('of a subscriber that is lost, when its lease is over', async (t) => {
  const { clock, subscribers, renewal, subscriber, reports, commit } = await setUp();
  subscriber.stream.disconnected();
  commit();
  await renewal.renew();
  await clock.advance(wholeLeaseMs - 1);
  t.strictSame(reports(), []);
  await clock.advance(1);
  t.strictSame(reports(), ['report self 701:701:']);
  t.equal(subscribers.leases(), 0);
});

t.test('what was loaded is reported when the subscribers of the time before hold no lease', async (t) => {
  const { clock, truth, renewal, subscriber, reports, commit } = await setUp();
  commit();
  truth.history = 'history two';
  await renewal.renew();
  t.equal(subscriber.stream.ended(), 'started_over');
  t.strictSame(reports(), [], 'they do not have it');
  await clock.advance(wholeLeaseMs - 1);
  t.strictSame(reports(), []);
  await clock.advance(1);
  t.strictSame(reports(), ['report self 701:701:']);
});

t.test('an older report never comes after a later one', async (t) => {
  for (const slow of [false, true]) {
    const { clock, truth, renewal, subscribers, subscriber, reports, commit } = await setUp();
    const other = await openWithLease(subscribers);
    let arrive = () => {};
    if (slow) {
      truth.before.set('report', () => {
        truth.before.delete('report');
        return new Promise<void>((resolve) => {
          arrive = resolve;
        });
      });
    }
    commit();
    await renewal.renew();
    await subscriber.follow();
    commit();
    await renewal.renew();
    await subscriber.follow();
    await other.follow();
    await clock.settle();
    arrive();
    await clock.settle();
    t.equal(reports().at(-1), 'report self 702:702:', slow ? 'the first one is slow' : 'both at once');
    t.match(truth.rows.get('self')?.position, { snapshot: '702:702:' });
  }
});

t.test('one at a time, so that none overtakes another', async (t) => {
  const { clock, truth, renewal, subscriber, reports, commit } = await setUp();
  const arrivals: (() => void)[] = [];
  truth.before.set('report', () => new Promise<void>((resolve) => arrivals.push(resolve)));
  commit();
  await renewal.renew();
  await subscriber.follow();
  commit();
  await renewal.renew();
  await subscriber.follow();
  await clock.settle();
  t.equal(reports().length, 1, 'the second one waits');
  arrivals[0]?.();
  await clock.settle();
  arrivals[1]?.();
  await clock.settle();
  t.match(truth.rows.get('self')?.position, { snapshot: '702:702:' });
});

t.test('a report that failed after the subscribers knew is made again', async (t) => {
  const { clock, truth, renewal, subscriber, faults, reports, commit } = await setUp();
  commit();
  await renewal.renew();
  truth.faults.set('report', fault);
  await subscriber.follow();
  t.strictSame(faults, [fault]);
  truth.faults.clear();
  await clock.advance(propagationLimits.renewalMilliseconds);
  t.equal(reports().length, 2);
  t.match(truth.rows.get('self')?.position, { snapshot: '701:701:' });
});

t.test('what was read of a former history is not reported any more', async (t) => {
  const { clock, truth, renewal, subscriber, reports, commit } = await setUp();
  commit();
  await renewal.renew();
  truth.history = 'history two';
  await renewal.renew();
  subscriber.stream.leave();
  await clock.advance(2 * wholeLeaseMs);
  t.ok(reports().length > 0);
  t.match(truth.rows.get('self')?.position, { history: 'history two' });
  const [first] = reports();
  t.equal(first, 'report self 701:701:');
  t.equal(reports().length, 1);
});

t.test('a node that stops keeps its row while a subscriber holds a lease', async (t) => {
  const { truth, lease, renewal, reports } = await setUp();
  await renewal.stop();
  t.equal(lease.held(), false);
  t.strictSame(reports(), []);
  t.ok(truth.rows.has('self'), 'so others wait for the end of its lease, and so of theirs');
});

t.test('also while that of a lost subscriber goes on', async (t) => {
  const { truth, subscribers, renewal, subscriber } = await setUp();
  subscriber.stream.disconnected();
  subscribers.close();
  await renewal.stop();
  t.ok(truth.rows.has('self'));
});

t.test('it removes its row when all have left, or their leases are over', async (t) => {
  const { truth, renewal, subscriber } = await setUp();
  subscriber.stream.leave();
  await renewal.stop();
  t.notOk(truth.rows.has('self'));

  const other = await setUp();
  await other.clock.advance(wholeLeaseMs);
  await other.renewal.stop();
  t.notOk(other.truth.rows.has('self'));
});

t.test('after the end it grants no lease, and reports nothing more', async (t) => {
  const { clock, truth, renewal, subscriber, reports, commit } = await setUp();
  commit();
  await renewal.renew();
  await renewal.stop();
  subscriber.renew();
  t.match(await subscriber.reader.all(), [{ kind: 'revocations' }, { kind: 'lease', leaseMs: 0 }]);
  await subscriber.follow();
  await clock.advance(2 * wholeLeaseMs);
  t.strictSame(reports(), []);
  t.equal(truth.steps.filter((step) => step.startsWith('register')).length, 1);
});
