/** Who has a dump of the database, and not the KEY_ENCRYPTION_KEY, can refresh nothing with it. */
import type { Test } from 'tap';
import { openEngine } from '../../src/storage/postgres/engine.ts';
import type { Cluster } from '../support/cluster.ts';
import { seedSessions } from '../support/seededSessions.ts';

const sessions = 1_000;
const refreshTokenBytes = 54;
const atOnce = 8;

export async function dumpRefreshesNothing(t: Test, cluster: Cluster): Promise<void> {
  const engine = await openEngine('', cluster.postgres.url);
  t.teardown(() => engine.close());
  const [node] = cluster.nodes;
  const seeded = await seedSessions(cluster, sessions);
  const [used] = seeded;
  await node.call('POST', '/auth/refresh', { body: { refresh_token: used?.refreshToken } });

  const connection = await engine.connect();
  const dump = await dumpOf((sql) => connection.query<{ row: string }>(sql));
  await connection.close();
  t.ok(dump.length > sessions, `${dump.length} rows`);
  const text = dump.join('\n');

  t.strictSame(
    seeded.filter(({ refreshToken }) => text.includes(refreshToken.slice(3))),
    [],
    'no refresh token is in it',
  );
  const hex = (token: string) => Buffer.from(token.slice(3), 'base64url').toString('hex');
  t.strictSame(
    seeded.filter(({ refreshToken }) => text.includes(hex(refreshToken).slice(44))),
    [],
    'nor the part of one that cannot be guessed, as bytes',
  );

  const tried = new Set<string>();
  for (const { id, refreshToken } of seeded.slice(0, 10)) {
    for (const candidate of candidatesFrom(text, id, refreshToken.length)) tried.add(candidate);
  }
  t.ok(tried.size > 100, `${tried.size} strings that look like refresh tokens were made of it`);
  const statuses = new Set<number>();
  const left = tried.values();
  const tryAll = async () => {
    for (const refreshToken of left) {
      const answer = await node.call('POST', '/auth/refresh', { body: { refresh_token: refreshToken } });
      statuses.add(answer.status);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, tryAll));
  t.strictSame([...statuses], [401], 'none of them refreshes anything');
}

/** Every row of every table, as text. */
export async function dumpOf(query: (sql: string) => Promise<{ row: string }[]>): Promise<readonly string[]> {
  const tables = await query(
    "SELECT quote_ident(table_name) AS row FROM information_schema.tables WHERE table_schema = 'public'",
  );
  const rows: string[] = [];
  for (const { row: table } of tables)
    rows.push(...(await query(`SELECT to_jsonb(t)::text AS row FROM ${table} AS t`)).map(({ row }) => row));
  return rows;
}

/** What somebody would try: each 32 bytes that the rows of a session hold, in place of the part that cannot be guessed. */
function candidatesFrom(text: string, id: string, length: number): readonly string[] {
  const rows = text.split('\n').filter((row) => row.includes(id));
  const values = rows.flatMap((row) => [...row.matchAll(/\\\\x([0-9a-f]{64,})/g)].map(([, hex = '']) => hex));
  const head = Buffer.concat([Buffer.from(id.replaceAll('-', ''), 'hex'), Buffer.alloc(6)]);
  return values.flatMap((hex) => {
    const bytes = Buffer.from(hex, 'hex');
    return Array.from({ length: bytes.length - 31 }, (_, from) => {
      const token = Buffer.concat([head, bytes.subarray(from, from + 32)]);
      return `rt_${token.subarray(0, refreshTokenBytes).toString('base64url')}`.slice(0, length);
    });
  });
}
