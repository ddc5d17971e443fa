/** What is live is so by the clock of the database as well, whatever the clock of a node says. */

import type { Revocation } from '@countersign/verifier/revocation/revocation';
import t from 'tap';
import { eventually } from '../../support/eventually.ts';
import { liveRevocations, openSharedDatabase, subjectsOf } from '../../support/sharedDatabase.ts';

const hour = 3_600_000;

t.test('nothing that is live by either clock is deleted or left out', async (t) => {
  const { database, snapshots } = await openSharedDatabase(t);
  const { record, prune } = database.revocations;
  const now = Date.now();
  const [live, expired] = [liveRevocations(3, now + hour / 2), liveRevocations(2, now - hour / 2)];
  await record([...live, ...expired], now);
  const readLive = async (at: number) => {
    const rows: Revocation[] = [];
    await snapshots.read((snapshot) => snapshot.readLive(at, (page) => void rows.push(...page)));
    return subjectsOf(rows);
  };
  t.strictSame(await readLive(now), subjectsOf(live), 'by both clocks');
  t.strictSame(await readLive(now + hour), subjectsOf(live), "the node's clock is ahead");
  t.strictSame(await readLive(now - hour), subjectsOf([...live, ...expired]), "the node's clock is behind");

  t.equal(await prune(now - hour, 100), 0, "the node's clock is behind");
  t.equal(await prune(now + hour, 1), 1, 'in batches');
  t.equal(await prune(now + hour, 100), 1, "the node's clock is ahead");
  t.equal(await prune(now + hour, 100), 0);
  t.strictSame(await readLive(now), subjectsOf(live), 'and nothing live has gone');
});

t.test('what is extended while it is pruned stays', async (t) => {
  const { database, connect } = await openSharedDatabase(t);
  const now = Date.now();
  const [row, other] = liveRevocations(2, now - hour) as [Revocation, Revocation];
  await database.revocations.record([row, other], now);
  const watcher = await connect();
  const pruning = await database.transaction(async ({ revocations }) => {
    await revocations.record([{ ...row, expiresAt: now + hour }], now);
    const pruned = database.revocations.prune(now, 100);
    const blocked = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%DELETE%'";
    await eventually(
      'the deletion waits for the row',
      async () => (await watcher.query(blocked)).rowCount === 1,
    );
    return { pruned };
  });
  t.equal(await pruning.pruned, 1);
  t.match(await database.revocations.find([row.subject, other.subject]), [{ expiresAt: now + hour }]);
});
