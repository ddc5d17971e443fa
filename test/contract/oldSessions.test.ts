/** Clean-up of sessions over both engines: what has ended long ago goes, and nothing else, and nobody waits for it. */

import type { SessionId } from '@countersign/verifier/ids';
import { verifierLimits } from '@countersign/verifier/limits';
import t, { type Test } from 'tap';
import { createDeleteOldSessions } from '../../src/sessions/deleteOldSessions.ts';
import { sessionLimits } from '../../src/sessions/limits.ts';
import type { SqlConnection } from '../../src/storage/postgres/engine.ts';
import type { Storage } from '../../src/storage/postgres/storage.ts';
import { aSession, noContext } from '../support/aSession.ts';
import { engines, openStorage } from '../support/engines.ts';
import { newUser } from '../support/rows.ts';
import { openSharedDatabase } from '../support/sharedDatabase.ts';

const [second, minute, day] = [1_000, 60_000, 24 * 60 * 60_000];
const retentionMs = 30 * day;
const margin = verifierLimits.revocationMarginSeconds * second;

interface Times {
  readonly idle?: number;
  readonly absolute?: number;
  readonly access?: number;
  readonly ended?: number;
}

/** Relative to now; what is not set is far ahead. Whether it is to be deleted. */
const sessions: Readonly<Record<string, readonly [times: Times, deleted: boolean]>> = {
  'it is alive': [{}, false],
  'it ended long ago': [{ ended: -31 * day, access: -31 * day }, true],
  'it ended not so long ago': [{ ended: -29 * day, access: -29 * day }, false],
  'it ended a minute too late': [{ ended: -30 * day + minute, access: -31 * day }, false],
  'it ended a minute earlier': [{ ended: -30 * day - minute, access: -31 * day }, true],
  'it was idle for long': [{ idle: -31 * day, access: -31 * day }, true],
  'it has been idle since lately': [{ idle: -29 * day, access: -31 * day }, false],
  'it expired long ago': [{ idle: -31 * day, absolute: -32 * day, access: -32 * day }, true],
  'it ended lately, after it had expired': [{ idle: -40 * day, ended: -day, access: -40 * day }, true],
  'it ended long ago, and an access token is live': [{ ended: -31 * day, access: minute }, false],
  'the revocation of its last access token is kept': [
    { ended: -31 * day, access: -margin + 5 * second },
    false,
  ],
  'that was forgotten': [{ ended: -31 * day, access: -margin - 5 * second }, true],
};

async function addSession(
  { database }: Pick<Storage, 'database'>,
  userId: string,
  times: Times,
): Promise<SessionId> {
  const now = Date.now();
  const { idle = 10 * day, absolute = 20 * day, access = minute, ended } = times;
  const session = {
    ...aSession(now),
    userId: userId as never,
    idleExpiresAt: now + idle,
    expiresAt: now + absolute,
    accessExpiresAt: now + access,
  };
  await database.sessions.create(session, 'kid');
  if (ended !== undefined) await database.sessions.end({ sessionIds: [session.id] }, 'logout', now + ended);
  return session.id;
}

for (const { name, open } of engines) {
  t.test(name, async (t) => {
    const { engine, storage } = await openStorage(t, open);
    const sql = await engine.connect();
    t.teardown(() => sql.close());
    await t.test('which', (t) => which(t, storage));
    await t.test('batches', (t) => batches(t, storage, sql));
  });
}

async function which(t: Test, storage: Storage): Promise<void> {
  const { database } = storage;
  const user = await newUser(storage);
  const made = new Map<string, SessionId>();
  for (const [what, [times]] of Object.entries(sessions))
    made.set(what, await addSession(storage, user.id, times));
  const run = (earliestTime: () => number) =>
    createDeleteOldSessions({ database, retentionMs, earliestTime })();
  t.strictSame(
    await run(() => Date.now() - 15 * day),
    { sessions: 0, more: false },
    'by a clock that is behind',
  );
  const due = Object.values(sessions).filter(([, deleted]) => deleted).length;
  t.strictSame(
    await run(() => Date.now() + 900 * day),
    { sessions: due, more: false },
    'by one that is ahead',
  );
  for (const [what, [, deleted]] of Object.entries(sessions)) {
    const found = await database.sessions.find(made.get(what) as SessionId);
    t.equal(found === undefined, deleted, what);
  }
}

/** Many rows by one statement: live ones of one user, or ended ones. */
async function fill(
  sql: Pick<SqlConnection, 'query'>,
  userId: string,
  count: number,
  ended: string,
): Promise<void> {
  await sql.query(
    `INSERT INTO sessions (id, user_id, sealed_secret, token_version, client_id, scope, amr, auth_time, created_at,
                           last_used_at, idle_expires_at, expires_at, access_expires_at, ended_at)
     SELECT gen_random_uuid(), $1::uuid, '\\x00', 0, 'c', 's', '{}', now(), now(), now(), now() + interval '9 days',
            now() + interval '9 days', now() - interval '50 days', ${ended}
       FROM generate_series(1, $2::int)`,
    [userId, count],
  );
}

async function batches(t: Test, storage: Storage, sql: SqlConnection): Promise<void> {
  const { database } = storage;
  const [user, other] = [await newUser(storage), await newUser(storage)];
  await fill(sql, user.id, 2 * sessionLimits.sessionsDeletedRows + 10, `now() - interval '40 days'`);
  await fill(sql, user.id, 20, `now() - interval '4 days'`);
  const live = await addSession(storage, other.id, {});
  const run = createDeleteOldSessions({ database, retentionMs, earliestTime: Date.now });
  let refreshed = 0;
  let cleaning = true;
  const traffic = async () => {
    while (cleaning) {
      const now = Date.now();
      const use = { ...aSession(now), now, signingKid: 'kid', context: noContext, events: [] };
      t.equal(await database.refreshes.advance(live, refreshed, use), true, 'a refresh goes on');
      refreshed += 1;
    }
  };
  const clean = async () => {
    const deleted = [await run(), await run(), await run(), await run()];
    cleaning = false;
    return deleted;
  };
  const [deleted] = await Promise.all([clean(), traffic()]);
  const batch = sessionLimits.sessionsDeletedRows;
  t.strictSame(
    deleted,
    [
      { sessions: batch, more: true },
      { sessions: batch, more: true },
      { sessions: 10, more: false },
      { sessions: 0, more: false },
    ],
    'in batches',
  );
  t.ok(refreshed > 0);
  const [row] = await sql.query<{ left: number }>(
    'SELECT count(*)::int AS left FROM sessions WHERE user_id = $1',
    [user.id],
  );
  t.equal(row?.left, 20);
}

t.test('one node at a time, and none waits for a session that is in use', async (t) => {
  const shared = await openSharedDatabase(t);
  const { database, connect } = shared;
  const client = await connect();
  const user = await newUser({ database });
  const rows = {
    query: async (text: string, values: readonly unknown[] = []) => client.query(text, [...values]),
  };
  await fill(rows as never, user.id, 3, `now() - interval '40 days'`);
  const run = createDeleteOldSessions({ database, retentionMs, earliestTime: Date.now });
  await client.query('BEGIN');
  await client.query("SELECT pg_advisory_xact_lock($1, hashtext('public'))", [0x63736735]);
  t.strictSame(await run(), { sessions: 0, more: false }, 'another node is at it');
  await client.query('ROLLBACK');
  await client.query('BEGIN');
  await client.query('SELECT id FROM sessions LIMIT 1 FOR UPDATE');
  t.strictSame(await run(), { sessions: 2, more: false }, 'the one that is locked stays');
  await client.query('COMMIT');
  t.strictSame(await run(), { sessions: 1, more: false }, 'until the next time');
});

t.test('what is read does not grow with how many there are, or have ended', async (t) => {
  const { database, connect } = await openSharedDatabase(t);
  const client = await connect();
  const rows = {
    query: async (text: string, values: readonly unknown[] = []) => client.query(text, [...values]),
  };
  const aUser = async (live: number, ended: number) => {
    const { id } = await newUser({ database });
    await fill(rows as never, id, live, 'NULL');
    await fill(rows as never, id, ended, `now() - interval '4 days'`);
    return id;
  };
  const [few, many, manyEnded] = [await aUser(2, 0), await aUser(20_000, 0), await aUser(2, 20_000)];
  await client.query('ANALYZE sessions');

  // One user has half of all sessions: what a planner takes for a reason to walk all of them.
  const blocksOf = (plan: Record<string, number>) =>
    (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0);
  const read = async (statement: string) => {
    const { rows: plans } = await client.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${statement}`);
    const { Plan: plan } = plans[0]['QUERY PLAN'][0];
    return { text: JSON.stringify(plan), blocks: blocksOf(plan) };
  };
  const page = (user: string, limit: number) =>
    read(`SELECT id FROM sessions WHERE user_id = '${user}' AND ended_at IS NULL AND idle_expires_at > now()
             AND expires_at > now() AND true ORDER BY id DESC NULLS LAST LIMIT ${limit}`);
  const ofFew = await page(few, 2);
  for (const [what, user, limit] of [
    ['a page of as many of 20,000', many, 2],
    ['of those that live beside 20,000 that have ended', manyEnded, 51],
  ] as const) {
    const { text, blocks } = await page(user, limit);
    t.match(text, /sessions_user_id_id_live_idx/, what);
    t.ok(blocks <= ofFew.blocks + 2, `${what}: ${blocks} blocks beside ${ofFew.blocks}`);
  }
  const listed = await database.sessions.list(many, { now: Date.now(), limit: 51 });
  t.equal(listed.length, 51);
  t.strictSame(
    listed.map(({ id }) => id),
    listed
      .map(({ id }) => id)
      .toSorted()
      .toReversed(),
    'and the page is in order',
  );
});

t.test('a refresh writes no index: what is indexed is the same all day', async (t) => {
  const { database, connect } = await openSharedDatabase(t);
  const client = await connect();
  const user = await newUser({ database });
  const id = await addSession({ database }, user.id, {});
  await client.query('ALTER TABLE sessions SET (autovacuum_enabled = off)');
  const count = async () => {
    await client.query('SELECT pg_stat_force_next_flush()');
    const { rows } = await client.query(
      `SELECT pg_stat_get_xact_tuples_hot_updated('sessions'::regclass)::int AS hot,
              pg_stat_get_xact_tuples_updated('sessions'::regclass)::int AS updated`,
    );
    return rows[0];
  };
  await client.query('BEGIN');
  const noon = `date_trunc('day', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' + interval '9 days 12 hours'`;
  await client.query(`UPDATE sessions SET idle_expires_at = ${noon} WHERE id = $1`, [id]);
  const before = await count();
  for (let minutes = 1; minutes <= 3; minutes += 1) {
    await client.query(
      `UPDATE sessions SET generation = generation + 1, idle_expires_at = ${noon} + $2::int * interval '1 minute'
        WHERE id = $1`,
      [id, minutes],
    );
  }
  const after = await count();
  t.equal(after.updated - before.updated, 3);
  t.equal(after.hot - before.hot, 3);
  await client.query('ROLLBACK');
});
