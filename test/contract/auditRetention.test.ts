/**
 * Retention and verification of the audit log over both engines: whatever rows say that anybody can write, and whatever the
 * clocks do, what is due is deleted once, nothing else, and only what was tampered with is called so.
 */
import { systemClock } from '@countersign/verifier/clock';
import t, { type Test } from 'tap';
import type { AuditLog } from '../../src/audit/auditLog.ts';
import { createDeleteOldEvents } from '../../src/audit/deleteOldEvents.ts';
import { auditLimits } from '../../src/audit/limits.ts';
import { createListAudit } from '../../src/audit/listAudit.ts';
import { createSealAudit } from '../../src/audit/sealAudit.ts';
import type { VerifyAudit } from '../../src/audit/verifyAudit.ts';
import type { SqlConnection } from '../../src/storage/postgres/engine.ts';
import type { Storage } from '../../src/storage/postgres/storage.ts';
import {
  anEvent,
  auditRetentionMs,
  day,
  keepAuditTables,
  sealAsOf,
  tamper,
  verifierOf,
} from '../support/auditTables.ts';
import { engines, openStorage } from '../support/engines.ts';
import { useOwnPostgres } from '../support/postgres.ts';

interface World {
  readonly storage: Storage;
  readonly sql: SqlConnection;
  readonly verify: VerifyAudit;
  /** One batch of the retention. */
  run(
    retentionMs?: number,
    earliestTime?: () => number,
  ): ReturnType<ReturnType<typeof createDeleteOldEvents>>;
  /** Two events, or as many, in a seal of this age. */
  seal(ageMs: number, events?: number): Promise<void>;
}

await useOwnPostgres(t);

for (const { name, open } of engines) {
  const inNewDatabase = (what: string, test: (t: Test, world: World) => Promise<void>) =>
    t.test(`${name}: ${what}`, async (t) => {
      const { engine, storage } = await openStorage(t, open);
      const { database } = storage;
      const sql = await engine.connect();
      t.teardown(() => sql.close());
      const run: World['run'] = (retentionMs = auditRetentionMs, earliestTime = Date.now) =>
        createDeleteOldEvents({ database, retentionMs, earliestTime })();
      const seal: World['seal'] = async (ageMs, events = 2) => {
        await database.audit.recordAll(new Array(events).fill(anEvent), Date.now());
        await sealAsOf(database, Date.now() - ageMs);
      };
      await test(t, { storage, sql, verify: verifierOf(storage), run, seal });
    });
  inNewDatabase('what is old is deleted, and told', retention);
  inNewDatabase('about so many events at once', batches);
  inNewDatabase('what rows say that anybody can write', forgeries);
  inNewDatabase('nodes whose clocks differ', twoClocks);
  inNewDatabase('seals that a clock dated wrong', wrongDates);
  inNewDatabase('seals that somebody dated wrong', forgedDates);
  inNewDatabase('a verification beside the retention', sideBySide);
  inNewDatabase('a verification beside the sealing', besideSealing);
}

const none = { events: 0, sealed: 0, more: false };

async function retention(t: Test, { storage, sql, verify, run, seal }: World): Promise<void> {
  for (const age of [500, 401, 399]) await seal(age * day);
  const head = (await verify()).head;
  t.strictSame(
    await run(auditRetentionMs, () => Date.now() - 200 * day),
    none,
    'a clock that is behind deletes nothing too early',
  );
  t.strictSame(await run(), { events: 4, sealed: 4, more: true });
  t.strictSame(
    await run(auditRetentionMs, () => Date.now() + 900 * day),
    none,
    'nor one that is ahead: the database has a clock, too',
  );
  const [told] = await createListAudit({ ...storage, clock: systemClock })({ type: 'audit_events_deleted' });
  t.match(told, {
    actor: 'authority',
    reason: 'retention',
    detail: { first_seal: 1, last_seal: 2, events: 4, retention_ms: auditRetentionMs },
  });
  const deleted = { seals: 2, events: 4 };
  t.match(await verify(head), { seals: 3, events: 2, unsealed: 1, deleted, fault: undefined });
  await createSealAudit(storage)();
  t.match(await verify(head), { seals: 4, events: 3, unsealed: 0, deleted, fault: undefined });

  const restore = await keepAuditTables(sql);
  const unexplained: Readonly<Record<string, readonly [script: string, seal: number, what: string]>> = {
    'a deletion that no event tells of': [
      `SET LOCAL countersign.audit_retention = 'on'; DELETE FROM audit_events WHERE type = 'login_failed'`,
      3,
      'event_missing',
    ],
    'one of what is too young': [
      `DELETE FROM audit_events WHERE type = 'login_failed';
       INSERT INTO audit_events (id, occurred_at, type, actor, detail)
       VALUES ('ffffffff-0000-7000-8000-000000000000', now(), 'audit_events_deleted', 'authority',
               '{"last_seal":3,"retention_ms":${auditRetentionMs}}')`,
      3,
      'deleted_early',
    ],
    'the event that tells of it is gone': [
      `DELETE FROM audit_events WHERE type = 'audit_events_deleted'`,
      1,
      'event_missing',
    ],
    'what was deleted is back': [
      `INSERT INTO audit_events (id, occurred_at, type, actor, origin, xid)
       SELECT to_id, now(), 'x', 'x', origin, to_xid FROM audit_seals WHERE number = 2`,
      2,
      'event_added',
    ],
  };
  for (const [what, [script, seal, fault]] of Object.entries(unexplained)) {
    await tamper(sql, script);
    t.strictSame((await verify()).fault, { seal, what: fault }, what);
    await restore();
  }
  await tamper(sql, `DELETE FROM audit_events WHERE id = (SELECT min(id::text)::uuid FROM audit_events)`);
  t.strictSame(await run(390 * day), { events: 1, sealed: 2, more: true }, 'what is missing is told');
  const [again] = await createListAudit({ ...storage, clock: systemClock })({
    type: 'audit_events_deleted',
    limit: 1,
  });
  t.match(again?.detail, { first_seal: 3, last_seal: 3, events: 1, sealed_events: 2 });
  t.strictSame(
    (await verify()).fault,
    { seal: 3, what: 'deleted_early' },
    'AUDIT_RETENTION was less until now',
  );
  t.equal((await verify(undefined, 390 * day)).fault, undefined, 'whoever knows that says so');
  await t.rejects(
    verify(undefined, day - 1),
    { code: 'invalid_request', errors: [{ field: 'retention' }] },
    'it never was less than it can be',
  );
}

/** Whole seals, and those together that are old by the date of the last: what is told is always so. */
async function batches(t: Test, { storage, verify, seal }: World): Promise<void> {
  for (const age of [405, 404, 403, 402, 401]) await seal(age * day);
  const parts = { ...storage, retentionMs: auditRetentionMs, earliestTime: Date.now };
  const run = createDeleteOldEvents(parts, 5);
  const events: number[] = [];
  for (let batch = await run(); batch.more; batch = await run()) events.push(batch.events);
  t.strictSame(events, [4, 4, 2]);
  t.match(await verify(), { deleted: { seals: 5, events: 10 }, fault: undefined });
}

function claim(detail: string): string {
  return `INSERT INTO audit_events (id, occurred_at, type, actor, detail)
          VALUES ('ffffffff-ffff-7000-8000-000000000000', '2099-01-01', 'audit_events_deleted', 'authority', '${detail}')`;
}

/** Details of an event that somebody else wrote, where seals 1 and 2 are due for deletion and 3 is not. */
const forged = [
  '{"last_seal":2,"retention_ms":86400000}',
  '{"last_seal":3,"retention_ms":86400000}',
  '{"last_seal": 3}',
  '{"last_seal":999999999999999}',
  '{"last_seal":9007199254740993}',
  '{"last_seal":99999999999999999999999999}',
  '{"last_seal":-1}',
  '{"last_seal":1e3}',
  '{"last_seal":2.5}',
  '{"last_seal":"x"}',
  '{"last_seal":null}',
  '{"last_seal":[3]}',
  '{"a":"\\u0000","last_seal":3}',
  '{"a":"\\ud800"}',
  '"x"',
  '7',
] as const;

async function forgeries(t: Test, { sql, verify, run, seal }: World): Promise<void> {
  for (const age of [500, 401, 399]) await seal(age * day);
  const { head } = await verify();
  const restore = await keepAuditTables(sql);
  for (const detail of forged) {
    await tamper(sql, claim(detail));
    t.equal((await verify()).fault, undefined, `${detail}: what is there is as it was`);
    t.strictSame(await run(), { events: 4, sealed: 4, more: true }, `${detail}: the retention goes on`);
    t.strictSame(await run(), none, 'once');
    t.match(await verify(head), { deleted: { seals: 2, events: 4 }, events: 2, fault: undefined });
    await restore();

    await tamper(sql, `${claim(detail)}; DELETE FROM audit_events WHERE type = 'login_failed'`);
    for (const noted of [undefined, head]) {
      const { fault } = await verify(noted);
      t.match(fault, { what: /^(deleted_early|event_missing)$/ }, `${detail}: excuses nothing young`);
    }
    await restore();
  }

  await tamper(
    sql,
    `${claim('{"last_seal":999}')}; DELETE FROM audit_events WHERE xid IN (
       SELECT xid FROM audit_events WHERE type = 'login_failed' ORDER BY xid DESC LIMIT 2)`,
  );
  t.strictSame((await verify()).fault, { seal: 3, what: 'deleted_early' }, 'it is named');
  await restore();

  await seal(0);
  await tamper(
    sql,
    `${claim('{"last_seal":4}')}; DELETE FROM audit_events WHERE type = 'login_failed';
     UPDATE audit_seals SET hash = previous_hash WHERE number = 4`,
  );
  t.strictSame((await verify()).fault, { seal: 3, what: 'deleted_early' }, 'before what is wrong behind it');
}

/** The id of an event begins with its time, and that of a node that is behind sorts before what others wrote earlier. */
async function twoClocks(t: Test, { verify, run, seal }: World): Promise<void> {
  for (const age of [500, 450, 401, 399]) await seal(age * day);
  t.match(await run(470 * day), { events: 2, sealed: 2 });
  t.match(await run(420 * day, () => Date.now() - 600_000), { events: 2, sealed: 2 }, 'ten minutes behind');
  t.match(await run(), { events: 2, sealed: 2 }, 'what was deleted is not deleted again');
  t.strictSame(await run(), none);
  t.match(await verify(), { deleted: { seals: 3, events: 6 }, fault: undefined });
}

/** A seal with a wrong date waits for that date, and those behind it wait with it: nothing is deleted early. */
async function wrongDates(t: Test, { sql, verify, run, seal }: World): Promise<void> {
  const restore = await keepAuditTables(sql);
  for (const [what, ages, deleted] of [
    ['the clock was ahead', [402, -365, -364, 401], 1],
    ['it was ahead at the first seal', [-365, 402], 0],
    ['it was behind: the seals in front get no older', [402, 300, 9_000, 299], 1],
    ['it was behind, and what follows is old', [402, 9_000, 401, 300], 3],
    ['it was behind by so much that its date fits', [402, 30, 20, 401], 1],
    ['it went back a little', [402, 401.5, 401.6, 401, 300], 4],
  ] as const) {
    for (const age of ages) await seal(age * day);
    const { head } = await verify();
    let events = 0;
    for (let batch = await run(); batch.more; batch = await run()) {
      t.equal(batch.events, batch.sealed);
      events += batch.events;
    }
    t.equal(events, 2 * deleted, what);
    t.match(await verify(head), { events: 2 * (ages.length - deleted), fault: undefined }, 'no tampering');
    await restore();
  }
}

const gone = (first: number) => `
  DELETE FROM audit_events AS e USING audit_seals AS s
   WHERE s.number >= ${first} AND (e.xid, e.id) > (s.from_xid, s.from_id) AND (e.xid, e.id) <= (s.to_xid, s.to_id)`;

/** Somebody dates a seal so that it is old, and says that what is in front of it was deleted: what is young needs its own date. */
async function forgedDates(t: Test, { sql, verify, seal }: World): Promise<void> {
  const restore = await keepAuditTables(sql);
  for (const [what, ages, first, early] of [
    ['all', [402, 30, 20, 401], 1, 2],
    ['what is in front of it', [402, 30, 20, 401], 3, 3],
    ['one that is ahead, too', [402, -365, 30, 401], 1, 2],
    ['one that is ahead, behind one that is young', [402, 30, -365, 401], 3, 3],
    ['all, of which none is old', [30, 20, 401], 1, 1],
    ['before and behind', [402, 30, 401, 20, 401], 1, 2],
  ] as const) {
    for (const age of ages.slice(0, -1)) await seal(age * day);
    const { head: before } = await verify();
    await seal((ages.at(-1) ?? 0) * day);
    const { head: last } = await verify();
    await tamper(sql, `${gone(first)}; ${claim('{"last_seal":9,"retention_ms":86400000}')}`);
    for (const [noted, head] of Object.entries({ nothing: undefined, before, last }))
      t.strictSame(
        (await verify(head)).fault,
        { seal: early, what: 'deleted_early' },
        `${what}; noted: ${noted}`,
      );
    await restore();
  }

  for (const age of [402, -365]) await seal(age * day);
  const { head } = await verify();
  await seal(401 * day);
  await tamper(sql, `${gone(1)}; ${claim('{"last_seal":3}')}`);
  t.strictSame((await verify(head)).fault, { seal: 2, what: 'deleted_early' }, 'after what was noted');
}

/** The log, with something done before one of its methods is called for the n-th time. */
function before<Name extends 'readSealed' | 'deletedUpTo' | 'chainEnd'>(
  { database }: Storage,
  name: Name,
  done: Readonly<Record<number, () => Promise<unknown>>>,
): { readonly database: { readonly auditLog: AuditLog } } {
  const { auditLog } = database;
  let calls = 0;
  const method = auditLog[name] as (...parameters: unknown[]) => Promise<unknown>;
  const changed = async (...parameters: unknown[]) => {
    calls += 1;
    await done[calls]?.();
    return method(...parameters);
  };
  return { database: { auditLog: { ...auditLog, [name]: changed } } };
}

async function sideBySide(t: Test, { storage, verify, run, seal }: World): Promise<void> {
  const part = 0.7 * auditLimits.auditEventsPage;
  for (const age of [500, 450, 399]) await seal(age * day, part);
  const halfway = before(storage, 'readSealed', { 2: () => run() });
  t.match(
    await verifierOf(halfway)(),
    { events: 2 * part, deleted: { seals: 1, events: part }, fault: undefined },
    'deleted between two pages of which the first has some of its events',
  );
  t.match(await verify(), { deleted: { seals: 2 }, fault: undefined });

  for (const age of [398, 397, 396]) await seal(age * day);
  const first = before(storage, 'readSealed', { 1: () => run(398.5 * day) });
  const both = before({ ...storage, ...first } as Storage, 'deletedUpTo', { 2: () => run(397.5 * day) });
  t.match(
    await verifierOf(both)(undefined, 390 * day),
    { fault: undefined },
    'the next batch, whose events were read already, is told when the first is asked for',
  );
  const last = before(storage, 'readSealed', { 1: () => run(396.5 * day) });
  t.match(await verifierOf(last)(undefined, 390 * day), { deleted: { seals: 5 }, fault: undefined });
}

async function besideSealing(t: Test, { storage, verify, seal }: World): Promise<void> {
  await seal(1);
  await storage.database.audit.recordAll([anEvent, anEvent, anEvent], Date.now());
  const sealing = before(storage, 'chainEnd', { 2: () => createSealAudit(storage)() });
  const report = await verifierOf(sealing)();
  t.match(report, { seals: 1, events: 2, unsealed: 3, fault: undefined }, 'each event counts somewhere');
  t.match(await verify(report.head), { seals: 2, events: 5, unsealed: 0, fault: undefined });
}
