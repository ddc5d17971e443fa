/** The audit log over both engines: nothing in it is changed, and what somebody changed all the same is found and named. */

import { systemClock } from '@countersign/verifier/clock';
import type { SessionId, UserId } from '@countersign/verifier/ids';
import t, { type Test } from 'tap';
import type { AuditEvent } from '../../src/audit/auditEvent.ts';
import { type ChainedEvent, hex, sealEvents, sealHash } from '../../src/audit/chain.ts';
import { auditLimits } from '../../src/audit/limits.ts';
import { createListAudit } from '../../src/audit/listAudit.ts';
import { createSealAudit } from '../../src/audit/sealAudit.ts';
import type { VerifyAudit } from '../../src/audit/verifyAudit.ts';
import { newId } from '../../src/platform/newId.ts';
import type { SqlConnection } from '../../src/storage/postgres/engine.ts';
import type { Storage } from '../../src/storage/postgres/storage.ts';
import { keepAuditTables, sealAsOf, tamper, verifierOf } from '../support/auditTables.ts';
import { engines, openStorage } from '../support/engines.ts';
import { useOwnPostgres } from '../support/postgres.ts';

const now = Date.UTC(2026, 0, 1);
const sessionId = newId<SessionId>(now);
const userId = newId<UserId>(now);

interface World {
  readonly storage: Storage;
  readonly sql: SqlConnection;
  readonly verify: VerifyAudit;
}

await useOwnPostgres(t);

for (const { name, open } of engines) {
  const inNewDatabase = (what: string, test: (t: Test, world: World) => Promise<void>) =>
    t.test(`${name}: ${what}`, async (t) => {
      const { engine, storage } = await openStorage(t, open);
      const sql = await engine.connect();
      t.teardown(() => sql.close());
      await test(t, { storage, sql, verify: verifierOf(storage) });
    });
  inNewDatabase('append-only', appendOnly);
  inNewDatabase('seals', seals);
  inNewDatabase('tampering', tampering);
  inNewDatabase('lists', lists);
}

function event(reason: string | undefined, more: Partial<AuditEvent> = {}): AuditEvent {
  const actor = { name: 'user', requestId: 'r-1', ip: '::1' };
  return { type: 'login_failed', actor, userId, sessionId, reason, ...more };
}

/** Each in a transaction of its own. */
async function record({ database }: Storage, count: number): Promise<void> {
  for (let made = 0; made < count; made += 1)
    await database.audit.record(event(`${made}`, { detail: { made } }), now + made);
}

async function appendOnly(t: Test, { storage, sql }: World): Promise<void> {
  await record(storage, 2);
  await createSealAudit(storage)();
  const refused: readonly string[] = [
    `UPDATE audit_events SET reason = 'x'`,
    `UPDATE audit_events SET reason = 'x' WHERE false`,
    'DELETE FROM audit_events',
    'TRUNCATE audit_events',
    `INSERT INTO audit_events SELECT * FROM audit_events ON CONFLICT (id) DO UPDATE SET reason = 'x'`,
    'MERGE INTO audit_events AS e USING audit_seals AS s ON true WHEN MATCHED THEN DELETE',
    `UPDATE audit_seals SET events = 1`,
    'DELETE FROM audit_seals',
    'TRUNCATE audit_seals',
    `SET LOCAL countersign.audit_retention = 'on'; UPDATE audit_events SET reason = 'x'`,
    `SET LOCAL countersign.audit_retention = 'on'; TRUNCATE audit_events`,
    `SET LOCAL countersign.audit_retention = 'on'; DELETE FROM audit_seals`,
    `SET LOCAL session_replication_role = 'replica'; DELETE FROM audit_events`,
  ];
  for (const statement of refused) {
    await t.rejects(sql.execute(`BEGIN; ${statement}`), /the audit log is append-only/, statement);
    await sql.execute('ROLLBACK');
  }
  const [row] = await sql.query<{ events: number }>('SELECT count(*)::int AS events FROM audit_events');
  t.equal(row?.events, 2);
  await t.rejects(
    sql.query(`INSERT INTO audit_events (id, occurred_at, type, actor, detail)
               VALUES (gen_random_uuid(), now(), 'x', 'x', to_json(repeat('x', 5000)))`),
    /check constraint/,
    'a detail has a limit',
  );
  await storage.database.audit.record(event('long', { detail: { text: 'x'.repeat(5_000) } }), now + 100);
  const [kept] = await createListAudit({ ...storage, clock: systemClock })({ limit: 1 });
  t.strictSame(kept?.detail, { left_out_bytes: 5_011 }, 'what is too long is left out, and that is told');
}

async function seals(t: Test, { storage, verify }: World): Promise<void> {
  const seal = createSealAudit(storage, 3);
  t.strictSame(await seal(), { outcome: 'nothing' });
  t.strictSame(
    await verify(),
    { seals: 0, events: 0, unsealed: 0, deleted: undefined, head: undefined, fault: undefined },
    'of nothing',
  );
  await record(storage, 4);
  await storage.database.transaction(async ({ audit }) => {
    await audit.recordAll(
      Array.from({ length: 5 }, (_, index) => event(`together ${index}`)),
      now,
    );
  });
  t.match(await verify(), { seals: 0, unsealed: 9, fault: undefined });
  const made = [await seal(), await seal(), await seal(), await seal()];
  t.match(
    made,
    [
      { outcome: 'sealed', seal: { number: 1, events: 3 }, more: true },
      { outcome: 'sealed', seal: { number: 2, events: 3 }, more: true },
      { outcome: 'sealed', seal: { number: 3, events: 3 }, more: true },
      { outcome: 'nothing' },
    ],
    'in batches, which may part what one transaction wrote',
  );
  const { head, ...rest } = await verify();
  t.strictSame(rest, { seals: 3, events: 9, unsealed: 0, deleted: undefined, fault: undefined });
  await record(storage, 1);
  t.match(await seal({ minimumAgeMs: 60_000 }), { outcome: 'fresh' }, 'the last one is young');
  t.match(await verify(), { seals: 3, unsealed: 1 });
  t.match(await seal(), { outcome: 'sealed', seal: { number: 4, events: 1 }, more: false });
  t.match(await verify(head), { seals: 4, fault: undefined }, 'what was noted is still there');
  const tooFar = await verify({ number: 5, hash: head?.hash ?? '' });
  t.strictSame(tooFar.fault, { seal: 5, what: 'head_unknown' });

  await record(storage, 1);
  await sealAsOf(storage.database, Date.now() + 3_600_000);
  await record(storage, 1);
  t.match(
    await seal({ minimumAgeMs: 60_000 }),
    { outcome: 'sealed', seal: { number: 6, events: 1 } },
    'a clock that was set back holds up nothing',
  );
}

/** The second of three events of the second of three seals. */
const middle = '(SELECT id FROM audit_events ORDER BY xid, id OFFSET 4 LIMIT 1)';
const first = '(SELECT id FROM audit_events ORDER BY xid, id LIMIT 1)';
const ofEvent = (change: string) => `UPDATE audit_events SET ${change} WHERE id = ${middle}`;
const ofSeal = (change: string) => `UPDATE audit_seals SET ${change} WHERE number = 2`;

const tampered: Readonly<Record<string, readonly [script: string, seal: number, what: string]>> = {
  'an id': [ofEvent(`id = '01900000-0000-7000-8000-000000000000'`), 2, 'event_changed'],
  'a time': [ofEvent(`occurred_at = occurred_at + interval '1 millisecond'`), 2, 'event_changed'],
  'a time without end': [ofEvent(`occurred_at = 'infinity'`), 2, 'event_changed'],
  'a time before Christ': [ofEvent(`occurred_at = '2026-01-01 00:00:00.004+00 BC'`), 2, 'event_changed'],
  'a type': [ofEvent(`type = 'login_succeeded'`), 2, 'event_changed'],
  'an actor': [ofEvent(`actor = 'operator'`), 2, 'event_changed'],
  'a user': [ofEvent('user_id = session_id'), 2, 'event_changed'],
  'no user': [ofEvent('user_id = NULL'), 2, 'event_changed'],
  'a session': [ofEvent('session_id = user_id'), 2, 'event_changed'],
  'user and session': [ofEvent('session_id = user_id, user_id = session_id'), 2, 'event_changed'],
  'a reason': [ofEvent(`reason = 'other'`), 2, 'event_changed'],
  'an empty reason': [ofEvent(`reason = ''`), 2, 'event_changed'],
  'a request': [ofEvent(`request_id = 'r-2'`), 2, 'event_changed'],
  'what moves from one column to the next': [ofEvent(`request_id = 'r-1:', ip = ':1'`), 2, 'event_changed'],
  'an address': [ofEvent(`ip = '::2'`), 2, 'event_changed'],
  'a detail': [ofEvent(`detail = '{"made":5}'`), 2, 'event_changed'],
  'a detail that means the same': [ofEvent(`detail = '{"made": 4}'`), 2, 'event_changed'],
  'no detail': [ofEvent('detail = NULL'), 2, 'event_changed'],
  'a transaction, to where others are': [ofEvent(`xid = '3'`), 1, 'event_added'],
  'a transaction, to the future': [ofEvent(`xid = '999999999'`), 2, 'event_missing'],
  'an origin': [ofEvent('origin = 5'), 2, 'event_missing'],
  'two events that change places': [
    `UPDATE audit_events SET reason = CASE id WHEN ${middle} THEN '0' ELSE '4' END WHERE id IN (${first}, ${middle})`,
    1,
    'event_changed',
  ],
  'an event deleted': [`DELETE FROM audit_events WHERE id = ${middle}`, 2, 'event_missing'],
  'all events of a seal deleted': [
    'DELETE FROM audit_events WHERE xid IN (SELECT xid FROM audit_events ORDER BY xid OFFSET 3 LIMIT 3)',
    2,
    'event_missing',
  ],
  'an event added': [
    `INSERT INTO audit_events (id, occurred_at, type, actor, origin, xid)
     SELECT gen_random_uuid(), occurred_at, type, actor, origin, xid FROM audit_events WHERE id = ${middle}`,
    2,
    'event_added',
  ],
  'an event before the first': [
    `INSERT INTO audit_events (id, occurred_at, type, actor, origin, xid)
     SELECT gen_random_uuid(), occurred_at, type, actor, origin, '1' FROM audit_events WHERE id = ${middle}`,
    1,
    'event_added',
  ],
  'a seal deleted': ['DELETE FROM audit_seals WHERE number = 2', 2, 'seal_missing'],
  'the first seal deleted': ['DELETE FROM audit_seals WHERE number = 1', 1, 'seal_missing'],
  'a number': [ofSeal('number = 9'), 2, 'seal_missing'],
  'the origin of a seal': [ofSeal('origin = 5'), 2, 'seal_changed'],
  'where a seal begins': [ofSeal(`from_xid = '1'`), 2, 'seal_changed'],
  'after what a seal begins': [ofSeal('from_id = to_id'), 2, 'seal_changed'],
  'where a seal ends': [ofSeal(`to_xid = '999999999'`), 2, 'seal_changed'],
  'with what a seal ends': [ofSeal('to_id = from_id'), 2, 'seal_changed'],
  'a count': [ofSeal('events = 2'), 2, 'seal_changed'],
  'the hash of events': [ofSeal('events_hash = hash'), 2, 'seal_changed'],
  'the previous hash': [ofSeal('previous_hash = hash'), 2, 'seal_changed'],
  'the hash': [ofSeal('hash = previous_hash'), 2, 'seal_changed'],
  'the time of a seal': [ofSeal(`sealed_at = sealed_at - interval '1 day'`), 2, 'seal_changed'],
  'two seals that change places': [
    `UPDATE audit_seals SET number = 5 - number + 100 WHERE number IN (2, 3);
     UPDATE audit_seals SET number = number - 100 WHERE number > 100`,
    2,
    'seal_changed',
  ],
};

async function tampering(t: Test, { storage, sql, verify }: World): Promise<void> {
  const seal = createSealAudit(storage, 3);
  await record(storage, 9);
  for (let made = 0; made < 3; made += 1) await seal();
  const whole = await verify();
  t.match(whole, { seals: 3, events: 9, unsealed: 0, fault: undefined });
  const restore = await keepAuditTables(sql);
  for (const [what, [script, number, fault]] of Object.entries(tampered)) {
    await tamper(sql, script);
    t.strictSame((await verify()).fault, { seal: number, what: fault }, what);
    await restore();
  }
  t.strictSame(await verify(), whole, 'nothing else had changed');

  await tamper(sql, 'DELETE FROM audit_seals WHERE number = 3');
  t.match(await verify(), { seals: 2, unsealed: 3, fault: undefined }, 'a chain cut short is a chain');
  await seal();
  t.strictSame(
    (await verify(whole.head)).fault,
    { seal: 3, what: 'head_unknown' },
    'but not the one that was noted',
  );
  await restore();
  await tamper(sql, `DELETE FROM audit_seals WHERE number = 3; DELETE FROM audit_events WHERE reason >= '6'`);
  t.match(await verify(), { seals: 2, unsealed: 0, fault: undefined });
  t.strictSame((await verify(whole.head)).fault, { seal: 3, what: 'head_unknown' }, 'nor with its events');
  await restore();
  await forgery(t, { storage, sql, verify });
}

/** Somebody who knows the format changes an event, and makes the seal anew. */
async function forgery(t: Test, { storage, sql, verify }: World): Promise<void> {
  const { auditLog } = storage.database;
  const [one, two] = await auditLog.seals(0, 2);
  if (one === undefined || two === undefined) throw new Error('there are two seals');
  const noted = { number: 2, hash: hex(two.hash) };
  await tamper(sql, ofEvent(`reason = 'forged'`));
  const events = (await auditLog.readSealed(two, 10)) as [ChainedEvent, ...ChainedEvent[]];
  const forged = sealEvents(one, two.from, events, two.sealedAt);
  const set = (seal: { eventsHash: Uint8Array; previousHash: Uint8Array; hash: Uint8Array }) =>
    Object.entries({ events_hash: seal.eventsHash, previous_hash: seal.previousHash, hash: seal.hash })
      .map(([column, bytes]) => `${column} = '\\x${hex(bytes)}'`)
      .join();
  await tamper(sql, ofSeal(set(forged)));
  t.strictSame((await verify()).fault, { seal: 3, what: 'link_broken' }, 'the next seal does not follow it');
  const [three] = await auditLog.seals(2, 1);
  if (three === undefined) throw new Error('there is a third');
  const next = { ...three, previousHash: forged.hash };
  const relinked = { ...next, hash: sealHash(next) };
  await tamper(sql, `UPDATE audit_seals SET ${set(relinked)} WHERE number = 3`);
  t.equal((await verify()).fault, undefined, 'who makes all seals anew has another chain');
  t.strictSame((await verify(noted)).fault, { seal: 2, what: 'head_unknown' }, 'not the one that was noted');

  const apart = { ...three, from: { ...three.from, xid: '1' }, previousHash: forged.hash };
  const script = `UPDATE audit_seals SET ${set({ ...apart, hash: sealHash(apart) })}, from_xid = '1' WHERE number = 3`;
  await tamper(sql, script);
  t.strictSame((await verify()).fault, { seal: 3, what: 'range_broken' }, 'ranges leave nothing out');
}

async function lists(t: Test, { storage }: World): Promise<void> {
  const { database } = storage;
  const list = createListAudit({ ...storage, clock: systemClock });
  const other = newId<UserId>(now);
  await record(storage, 5);
  await database.audit.record(
    event('else', { type: 'user_disabled', userId: other, sessionId: undefined }),
    now + 10,
  );
  const reasons = async (query: Parameters<typeof list>[0]) =>
    (await list(query)).map(({ reason }) => reason);
  t.strictSame(await reasons({}), ['else', '4', '3', '2', '1', '0'], 'newest first');
  t.strictSame(await reasons({ userId: other }), ['else']);
  t.strictSame(await reasons({ sessionId }), ['4', '3', '2', '1', '0']);
  t.strictSame(await reasons({ way: 'asc' }), ['0', '1', '2', '3', '4', 'else'], 'oldest first');
  const [, second] = await list({ way: 'asc' });
  t.strictSame(
    await reasons({ way: 'asc', limit: 2, after: second?.id }),
    ['2', '3'],
    'the next page of them',
  );
  t.strictSame(await reasons({ type: 'user_disabled' }), ['else']);
  t.strictSame(await reasons({ since: now + 3 }), ['else', '4', '3']);
  t.strictSame(await reasons({ since: now + 1, until: now + 3 }), ['2', '1']);
  const page = await list({ limit: 2, userId });
  t.strictSame(page[0], {
    ...{ id: page[0]?.id, occurredAt: now + 4, type: 'login_failed', actor: 'user', userId, sessionId },
    ...{ reason: '4', requestId: 'r-1', ip: '::1', detail: { made: 4 } },
    ...{ email: undefined, program: undefined },
  });
  t.strictSame(await reasons({ limit: 2, userId, after: page[1]?.id }), ['2', '1'], 'the next page');
  t.strictSame(await reasons({ until: now + 2, after: page[0]?.id }), ['1', '0'], 'both bounds hold');
  for (const [query, field] of [
    [{ userId: 'x' }, 'user'],
    [{ sessionId: 'X'.repeat(36) }, 'session'],
    [{ after: '1' }, 'after'],
    [{ type: 'nothing' }, 'type'],
    [{ limit: 0 }, 'limit'],
    [{ limit: auditLimits.auditListMaximum + 1 }, 'limit'],
    [{ limit: Number.NaN }, 'limit'],
  ] as const) {
    await t.rejects(list(query), { code: 'invalid_request', errors: [{ field }] }, field);
  }
}
