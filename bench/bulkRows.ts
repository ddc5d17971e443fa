/** Many rows by SQL: in parts, so that it can be said how far it is, and without the indexes, which takes a quarter of the time. */
import pg from 'pg';
import type { Say } from './main.ts';

const rowsAtOnce = 500_000;

interface Index {
  readonly name: string;
  readonly definition: string;
  /** Of a primary key. */
  readonly key: string | null;
}

/** Nobody else may use the table meanwhile. `make`: the SQL that inserts the rows of these numbers. */
export async function fillTable(
  databaseUrl: string,
  table: 'users' | 'sessions' | 'revocations',
  count: number,
  make: (from: number, to: number) => string,
  say: Say,
): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    // No checks of foreign keys, row by row.
    await client.query('SET session_replication_role = replica');
    // Others refer to the key of users.
    const indexes = table === 'users' ? [] : await indexesOf(client, table);
    for (const { name, key } of indexes)
      await client.query(
        key === null ? `DROP INDEX "${name}"` : `ALTER TABLE ${table} DROP CONSTRAINT "${name}"`,
      );
    for (let from = 1; from <= count; from += rowsAtOnce) {
      const to = Math.min(count, from + rowsAtOnce - 1);
      await client.query(make(from, to));
      say(`${to.toLocaleString('en')} of ${count.toLocaleString('en')} ${table}`);
    }
    for (const { name, definition, key } of indexes)
      await client.query(key === null ? definition : `ALTER TABLE ${table} ADD CONSTRAINT "${name}" ${key}`);
    await client.query(`VACUUM ANALYZE ${table}`);
  } finally {
    await client.end();
  }
}

async function indexesOf(client: pg.Client, table: string): Promise<readonly Index[]> {
  const { rows } = await client.query<Index>(`
    SELECT x.relname AS name, pg_get_indexdef(x.oid) AS definition, pg_get_constraintdef(c.oid) AS key
      FROM pg_index AS i JOIN pg_class AS x ON x.oid = i.indexrelid
           LEFT JOIN pg_constraint AS c ON c.conindid = x.oid AND c.contype = 'p'
     WHERE i.indrelid = '${table}'::regclass`);
  return rows;
}
