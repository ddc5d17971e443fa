/** An authority with many users and sessions, made by SQL: their ids and times are as months of logins leave them. */
import pg from 'pg';
import { fillTable } from '../bulkRows.ts';
import { measuredCore, pin } from '../load/processes.ts';
import type { Say } from '../main.ts';
import type { Row } from '../measure.ts';
import { startWhole, type WholeAuthority } from '../wholeAuthority.ts';

export interface People extends WholeAuthority {
  readonly users: number;
  /** The same connection each time. */
  query<Row extends object>(sql: string): Promise<Row[]>;
}

export const emailOf = (number: number) => `user-${number}@example.com`;

/** All users have the password of test/support/authority.ts. */
export async function openPeople(
  { users, sessions }: { readonly users: number; readonly sessions: number },
  say: Say,
): Promise<People> {
  const whole = await startWhole({ sessions: 1, revocations: 0 }, say);
  const client = new pg.Client({ connectionString: whole.cluster.postgres.url });
  const stop = async () => {
    await client.end();
    await whole.stop();
  };
  try {
    await client.connect();
    const query = async (sql: string) => (await client.query(sql)).rows;
    const { url } = whole.cluster.postgres;
    const age = `interval '80 days' * (${sessions} - i) / ${sessions}`;
    await whole.node.drain();
    await fillTable(url, 'users', users, usersSql, say);
    await fillTable(url, 'sessions', sessions, (from, to) => sessionsSql(from, to, { users, age }), say);
    await whole.node.start();
    await pin(whole.node.pid, measuredCore);
    return { ...whole, users, query, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Sessions that ended so many days ago. In the indexes at once: the authority goes on. */
export async function addFinished({ query, users }: People, count: number, days: number): Promise<void> {
  const age = `interval '${days} days' + interval '1 second' * (${count} - i) / 1000`;
  await query(sessionsSql(1, count, { users, age, ended: true }));
}

/** A UUID of version 7: the time in milliseconds, then the number. */
const idSql = (milliseconds: string, number: string, kind: string) =>
  `(lpad(to_hex((${milliseconds})::bigint), 12, '0') || '7${kind}8' || lpad(to_hex(${number}), 15, '0'))::uuid`;

const userIdSql = (number: string) => idSql(`1700000000000 + ${number}`, number, '000');

function usersSql(from: number, to: number): string {
  return `
    INSERT INTO users (id, email, password_hash, created_at, password_changed_at)
    SELECT ${userIdSql('i')}, 'user-' || i || '@example.com', known.password_hash, known.created_at, known.created_at
      FROM generate_series(${from}::bigint, ${to}) AS i, (SELECT * FROM users WHERE email = 'seeded@example.com') AS known`;
}

/** Of all users in turn, so that those of one user are far from each other. `age`: how long ago that of the row i began. */
function sessionsSql(
  from: number,
  to: number,
  { users, age, ended = false }: { users: number; age: string; ended?: boolean },
): string {
  const began = `now() - (${age})`;
  const id = idSql(`extract(epoch FROM ${began}) * 1000`, 'i', ended ? '001' : '000');
  return `
    INSERT INTO sessions (id, user_id, sealed_secret, token_version, client_id, scope, amr, auth_time, device_name, user_agent, ip,
                          created_at, last_used_at, idle_expires_at, expires_at, access_expires_at, ended_at, end_reason)
    SELECT ${id}, ${userIdSql(`(1 + (i * 7919) % ${users})`)}, decode(repeat('00', 60), 'hex'), 0,
           'first-party', 'account', '{pwd}', ${began}, 'Laptop', 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0', '192.0.2.1',
           ${began}, ${began}, now() + interval '20 days', now() + interval '60 days', ${began} + interval '15 minutes',
           ${ended ? `${began}, 'logout'` : 'NULL, NULL'}
      FROM generate_series(${from}::bigint, ${to}) AS i`;
}

/** On disk, with all indexes, right after they were made. */
export async function sizeRow({ query, users }: People): Promise<Row> {
  const [row] = await query<{ session: number; user: number }>(`
    SELECT pg_total_relation_size('sessions')::float / (SELECT count(*) FROM sessions) AS session,
           pg_total_relation_size('users')::float / (SELECT count(*) FROM users) AS user`);
  return {
    what: `PostgreSQL, bytes of a session with its indexes, ${users.toLocaleString('en')} users`,
    yardstick: '–',
    ours: `${row?.session.toFixed(0)}; of a user ${row?.user.toFixed(0)}`,
    ...{ ratio: '–', reach: 'for information', verdict: '' },
  };
}
