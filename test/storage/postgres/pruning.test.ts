/** What is due is found by an index: deleting little from a large table reads little, and so holds nobody up. */
import t from 'tap';
import { createPasswordFailureStore } from '../../../src/storage/postgres/passwordFailureStore.ts';
import { createRequestStore } from '../../../src/storage/postgres/requestStore.ts';
import { createRevocationStore } from '../../../src/storage/postgres/revocationStore.ts';
import { createSessionStore } from '../../../src/storage/postgres/sessionStore.ts';
import type { PrismaConnection } from '../../../src/storage/postgres/transactions.ts';
import { newUser } from '../../support/rows.ts';
import { openSharedDatabase } from '../../support/sharedDatabase.ts';

const young = 5_000;
const old = 3;
const day = 86_400_000;
/** Beside those that are due: what lies with them on a page, and is looked at again when it was locked. */
const mayBeRead = 100;

interface Pruned {
  readonly columns: string;
  /** Of row `n`, which is `age` old. */
  readonly values: string;
  prune(prisma: PrismaConnection, now: number): Promise<number>;
}

const tables: Readonly<Record<string, Pruned>> = {
  revocations: {
    columns: 'subject, reason, created_at, expires_at',
    values: `decode(md5(n::text), 'hex'), 'logout', now(), now() + interval '1 hour' - age`,
    prune: (prisma, now) => createRevocationStore(prisma).prune(now, 1_000),
  },
  sessions: {
    columns: `id, user_id, sealed_secret, token_version, client_id, scope, amr, auth_time, created_at, last_used_at,
      idle_expires_at, expires_at, access_expires_at`,
    values: `gen_random_uuid(), (SELECT id FROM users LIMIT 1), '\\x00', 0, 'c', 's', '{}', now(), now(), now(),
      now() + interval '9 days' - age, now() + interval '9 days' - age, now() - age`,
    prune: (prisma, now) => createSessionStore(prisma).deleteFinished(30 * day, now, 1_000),
  },
  password_failures: {
    columns: 'account, source, failures, retry_at, used_at, known_at',
    values: `sha256(n::text::bytea), sha256('here'), 1, now(), now() - age, CASE WHEN n % 2 = 0 THEN now() - age END`,
    prune: (prisma, now) => createPasswordFailureStore(prisma).prune(now, 1_000),
  },
  requests: {
    columns: 'caller, id, target_hash, opened_at',
    values: `'caller', n::text, sha256('what'), now() - age`,
    prune: (prisma, now) => createRequestStore(prisma).prune(day, now, 1_000),
  },
};

t.test('what is deleted is not looked for in all that stays', async (t) => {
  const { engine, database, connect } = await openSharedDatabase(t);
  await newUser({ database });
  const client = await connect();
  for (const [table, { columns, values, prune }] of Object.entries(tables)) {
    await client.query(
      `INSERT INTO ${table} (${columns}) SELECT ${values} FROM (
         SELECT n, CASE WHEN n <= ${old} THEN interval '400 days' ELSE interval '0' END AS age
           FROM generate_series(1, ${young + old}) AS n)`,
    );
    await client.query(`ANALYZE ${table}`);
    const read = await engine.prisma.$transaction(async (prisma) => {
      t.equal(await prune(prisma, Date.now()), old, table);
      const [counts] = await prisma.$queryRaw<{ rows: number }[]>`
        SELECT (seq_tup_read + idx_tup_fetch)::int AS rows FROM pg_stat_xact_user_tables WHERE relname = ${table}`;
      return counts?.rows ?? Number.NaN;
    });
    t.ok(read >= old && read <= mayBeRead, `${table}: ${read} rows are read`);
    t.match((await client.query(`SELECT count(*)::int AS left FROM ${table}`)).rows, [{ left: young }]);
  }
});
