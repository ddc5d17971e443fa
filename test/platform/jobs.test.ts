/** What goes on beside the requests, over a real database: events are sealed and old rows deleted, and metrics tell of it. */
import { randomBytes } from 'node:crypto';
import t, { type Test } from 'tap';
import { auditLimits } from '../../src/audit/limits.ts';
import { createListAudit } from '../../src/audit/listAudit.ts';
import { mountAudit } from '../../src/audit/mount.ts';
import { oldFailuresJob } from '../../src/login/mount.ts';
import { readConfig } from '../../src/platform/config/config.ts';
import { startJobs } from '../../src/platform/jobs.ts';
import { platformLimits } from '../../src/platform/limits.ts';
import { createFaultLog } from '../../src/platform/observability/faultLog.ts';
import { createLog } from '../../src/platform/observability/log.ts';
import { createMetrics } from '../../src/platform/observability/metrics.ts';
import { revocationLimits } from '../../src/revocation/limits.ts';
import { oldRequestsJob } from '../../src/revocation/mount.ts';
import { oldSessionsJob } from '../../src/sessions/mount.ts';
import { createStorage, migrateStorage } from '../../src/storage/postgres/storage.ts';
import { aSession } from '../support/aSession.ts';
import { anEvent, day, sealAsOf, tamper, verifierOf } from '../support/auditTables.ts';
import { engines } from '../support/engines.ts';
import { eventually } from '../support/eventually.ts';
import { createManualClock } from '../support/manualClock.ts';
import { newUser } from '../support/rows.ts';

async function open(t: Test, engine = engines[1]) {
  const opened = await engine?.open();
  if (opened === undefined) throw new Error('there is an engine');
  let disposed = false;
  const dispose = async () => {
    if (!disposed) await opened.dispose();
    disposed = true;
  };
  t.teardown(dispose);
  await migrateStorage(opened.engine);
  const storage = createStorage(opened.engine);
  const clock = createManualClock(Date.now());
  const lines: string[] = [];
  const log = createLog('debug', { write: (line: string) => void lines.push(line) });
  const metrics = createMetrics();
  const { config } = readConfig({});
  const { database } = storage;
  const jobsOver = (seen: typeof database) => {
    const parts = { clock, log, metrics, database: seen };
    return [
      ...mountAudit({ ...parts, retentionMs: config.audit.retentionMs }).jobs,
      oldSessionsJob({ ...parts, config: config.sessions }),
      oldRequestsJob(parts),
      oldFailuresJob(parts),
    ];
  };
  const start = (seen = database) =>
    startJobs({ clock, metrics, onFault: createFaultLog({ log, clock }) }, jobsOver(seen));
  const metric = async (name: string) => {
    const line = (await metrics.text()).split('\n').find((each) => each.startsWith(`${name} `));
    return Number(line?.slice(name.length + 1));
  };
  const connect = async () => {
    const sql = await opened.engine.connect();
    t.teardown(() => sql.close());
    return sql;
  };
  return { ...storage, engine: opened.engine, clock, start, metric, lines, dispose, connect };
}

t.test('events are sealed, batch after batch, and the age of what is not is told', async (t) => {
  const { database, clock, start, metric } = await open(t);
  const events = Array.from({ length: auditLimits.auditSealEvents + 5 }, () => anEvent);
  await database.audit.recordAll(events, clock.now() - 1_000);
  const stop = start();
  t.teardown(stop);
  await clock.advance(auditLimits.auditSealMilliseconds);
  const verify = verifierOf({ database });
  await eventually('the first batch is sealed', async () => (await verify()).seals === 1);
  await eventually('the second follows without waiting for its time', async () => {
    await clock.advance(platformLimits.cleanUpPauseMilliseconds);
    return (await verify()).seals === 2;
  });
  t.match(await verify(), { events: events.length, unsealed: 0, fault: undefined });
  t.equal(await metric('countersign_audit_seal_overdue_seconds'), 0);
});

t.test('the age of what cannot be sealed grows', async (t) => {
  const { database, clock, start, metric } = await open(t);
  await database.audit.record(anEvent, clock.now());
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let held = false;
  const holding = database.transaction(async ({ advisoryLocks }) => {
    held = await advisoryLocks.take('sealing');
    await released;
  });
  await eventually('another node seals, and takes long', () => held);
  const stop = start();
  t.teardown(stop);
  await clock.advance(auditLimits.auditSealMilliseconds);
  const overdue = () => metric('countersign_audit_seal_overdue_seconds');
  await clock.advance(auditLimits.auditSealOverdueMilliseconds - auditLimits.auditSealMilliseconds);
  t.equal(await overdue(), 0, 'an event that waits as events do does not show');
  await clock.advance(1_000);
  await eventually('one that waits for longer does', async () => (await overdue()) >= 1);
  await clock.advance(1_000);
  t.ok((await overdue()) >= 2, 'and its time grows, whether it is looked at or not');
  release();
  await holding;
});

t.test('nodes that look in turn make no more seals than one', async (t) => {
  for (const [what, agoMs, seals] of [
    ['another node has just sealed', 6_000, 1],
    ['it is its turn again', auditLimits.auditSealMilliseconds, 2],
  ] as const) {
    const { database, clock, start } = await open(t);
    await database.audit.record(anEvent, clock.now());
    await sealAsOf(database, Date.now() - agoMs);
    await database.audit.record(anEvent, clock.now());
    const { chainEnd, readUnsealed } = database.auditLog;
    // Not while an older transaction of the server is open, another test's included.
    await eventually('the second can be sealed', async () => {
      const { unsealed } = await chainEnd();
      const first = await Promise.all(unsealed.map((range) => readUnsealed(range, 1)));
      return first.some(({ length }) => length > 0);
    });
    let looked = false;
    // Read again after each look.
    const auditLog = {
      ...database.auditLog,
      chainEnd: () => {
        looked = true;
        return chainEnd();
      },
    };
    const stop = start({ ...database, auditLog });
    await clock.advance(auditLimits.auditSealMilliseconds);
    await eventually('it has looked', () => looked);
    await stop();
    t.equal((await verifierOf({ database })()).seals, seals, what);
  }
});

t.test('old sessions and old events are deleted, and counted', async (t) => {
  const { database, clock, start, metric } = await open(t);
  const user = await newUser({ database } as never);
  const old = { idleExpiresAt: clock.now() - 31 * day, accessExpiresAt: clock.now() - 31 * day };
  const [gone, alive] = [aSession(clock.now()), aSession(clock.now())];
  await database.sessions.create({ ...gone, ...old, userId: user.id }, 'kid');
  await database.sessions.create({ ...alive, userId: user.id }, 'kid');
  await database.audit.recordAll([anEvent, anEvent, anEvent], clock.now());
  await sealAsOf(database, clock.now() - 401 * day);
  const stop = start();
  t.teardown(stop);
  await clock.advance(platformLimits.pruneIntervalMilliseconds);
  const deleted = (table: string) => metric(`countersign_deleted_rows_total{table="${table}"}`);
  await eventually('the session is deleted', async () => (await deleted('sessions')) === 1);
  await eventually('the events are deleted', async () => (await deleted('audit_events')) === 3);
  t.equal(await database.sessions.find(gone.id), undefined);
  t.ok(await database.sessions.find(alive.id));
  const [told] = await createListAudit({ database, clock })({});
  t.match(told, { type: 'audit_events_deleted', detail: { events: 3 } });
});

t.test('events that somebody else deleted are told of when they were due', async (t) => {
  const { database, clock, start, metric, lines, connect } = await open(t);
  await database.audit.recordAll([anEvent, anEvent, anEvent], clock.now());
  await sealAsOf(database, clock.now() - 401 * day);
  await tamper(await connect(), 'DELETE FROM audit_events WHERE id = (SELECT id FROM audit_events LIMIT 1)');
  const stop = start();
  t.teardown(stop);
  await clock.advance(platformLimits.pruneIntervalMilliseconds);
  const deleted = () => metric('countersign_deleted_rows_total{table="audit_events"}');
  await eventually('the others are deleted', async () => (await deleted()) === 2);
  await eventually('it is told', () => lines.some((line) => line.includes('"sealed":3')));
  const told = lines.filter((line) => line.includes('"level":"error"')).map((line) => JSON.parse(line));
  t.match(told, [{ events: 2, sealed: 3 }], 'as an error, once');
});

t.test(
  'counts of wrong passwords that say nothing any more are deleted, by no clock that hurries',
  async (t) => {
    const { database, clock, start, metric } = await open(t);
    const from = () => ({ account: randomBytes(32), place: randomBytes(32), strangers: randomBytes(32) });
    const [old, young] = [from(), from()];
    await database.passwordFailures.take(old, clock.now() - 2 * day);
    await database.passwordFailures.take(young, clock.now());
    const stop = start();
    t.teardown(stop);
    clock.stepWall(10 * day);
    await clock.advance(platformLimits.pruneIntervalMilliseconds);
    const deleted = () => metric('countersign_deleted_rows_total{table="password_failures"}');
    await eventually('the old one is deleted', async () => (await deleted()) === 1);
    t.match(await database.passwordFailures.take(young, clock.now()), { failures: { count: 2 } });
  },
);

t.test(
  'names of requests are forgotten after a day, by no clock that hurries, batch after batch',
  async (t) => {
    const { engine, database, clock, start, metric } = await open(t);
    const name = (id: string) => ({ caller: 'service:a', id, targetHash: randomBytes(32) });
    const [live, kept] = [name('live'), revocationLimits.namedRequestMilliseconds];
    await database.requests.open(live, clock.now(), kept);
    const many = platformLimits.pruneRows + 5;
    await engine.prisma.$executeRaw`
    INSERT INTO requests (caller, id, target_hash, opened_at)
    SELECT 'service:a', number::text, sha256(''), clock_timestamp() - interval '25 hours'
      FROM generate_series(1, ${many}::int) AS number`;
    // Ahead before it starts: its own clock cannot tell.
    clock.stepWall(10 * day);
    const stop = start();
    t.teardown(stop);
    await clock.advance(platformLimits.pruneIntervalMilliseconds);
    const deleted = () => metric('countersign_deleted_rows_total{table="requests"}');
    await eventually(
      'the first batch is deleted',
      async () => (await deleted()) === platformLimits.pruneRows,
    );
    await clock.advance(platformLimits.cleanUpPauseMilliseconds);
    await eventually('the second follows after a pause', async () => (await deleted()) === many);
    const repeated = await database.requests.open(live, clock.now(), kept);
    t.match(repeated, { isNew: false }, 'nor does a node forget whose clock is ahead when it is named again');
  },
);

t.test('faults are counted, logged once in a while, and it tries again', async (t) => {
  const { clock, start, metric, lines, dispose } = await open(t);
  const stop = start();
  t.teardown(stop);
  await dispose();
  await clock.advance(auditLimits.auditSealMilliseconds);
  const faults = () => metric('countersign_upkeep_faults_total{part="audit_seals"}');
  await eventually('it failed', async () => (await faults()) === 1);
  await clock.advance(auditLimits.auditSealMilliseconds);
  await eventually('and again', async () => (await faults()) === 2);
  t.match(lines.join(''), /"part":"audit_seals".*a part failed; it tries again/);
});
