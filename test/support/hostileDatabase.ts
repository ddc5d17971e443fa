/** Databases as somebody else has set them up, on the shared server: with a login of its own, and settings on either. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { Test } from 'tap';
import { eventually } from './eventually.ts';
import { ofTestRun } from './testRun.ts';

export interface HostileSetUp {
  /** By `ALTER DATABASE … SET`. */
  readonly database?: Readonly<Record<string, string>>;
  /** By `ALTER ROLE … SET`. */
  readonly role?: Readonly<Record<string, string>>;
  /** `{role}` stands for its name. */
  readonly schemas?: readonly string[];
  /** For `?schema=`. */
  readonly schema?: string;
}

export interface HostileDatabase {
  readonly url: string;
  readonly role: string;
  /** As the superuser, in this database. */
  query(sql: string): Promise<readonly Record<string, unknown>[]>;
  /** Sets more, and ends all connections, so that the next ones find it. */
  change(setUp: Pick<HostileSetUp, 'database' | 'role'>): Promise<void>;
  /** Ends all connections but this one. */
  cut(): Promise<void>;
  /** A copy under another name, as it is now; connections are cut for it. Goes with the test. */
  copyTo(name: string): Promise<void>;
  /** As the superuser, in another database, while nobody is connected to this one. */
  onServer(sql: string): Promise<void>;
}

/** Goes with the test. */
export async function createHostileDatabase(t: Test, setUp: HostileSetUp): Promise<HostileDatabase> {
  const admin = new URL(ofTestRun('TEST_POSTGRES_URL'));
  const server = await connect(admin.href);
  const name = `hostile_${randomBytes(6).toString('hex')}`;
  const role = `role_${name}`;
  const password = randomBytes(8).toString('hex');
  await server.query(`CREATE ROLE ${role} LOGIN PASSWORD '${password}'`);
  await server.query(`CREATE DATABASE ${name} OWNER ${role}`);
  admin.pathname = name;
  let inside = await connect(admin.href);
  const others = new Set<string>();
  /** For what takes that nobody is connected: nodes come back at once. */
  const alone = async (sql: string) => {
    await inside.end();
    const mine = [name, ...others];
    await server.query(`ALTER ROLE ${role} NOLOGIN`);
    await server.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ANY ($1)', [
      mine,
    ]);
    await eventually('nobody is connected', () =>
      server.query(sql).then(
        () => true,
        () => false,
      ),
    );
    await server.query(`ALTER ROLE ${role} LOGIN`);
  };
  t.teardown(async () => {
    await inside.end().catch(() => {});
    for (const each of [name, ...others]) await server.query(`DROP DATABASE IF EXISTS ${each} WITH (FORCE)`);
    await server.query(`DROP ROLE ${role}`);
    await server.end();
  });
  const set = async ({ database = {}, role: ofRole = {} }: HostileSetUp) => {
    for (const [setting, value] of Object.entries(database))
      await server.query(`ALTER DATABASE ${name} SET ${setting} = ${value}`);
    for (const [setting, value] of Object.entries(ofRole))
      await server.query(`ALTER ROLE ${role} SET ${setting} = ${value}`);
  };
  const cut = async () => {
    await server.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [role]);
  };
  for (const schema of setUp.schemas ?? [])
    await inside.query(`CREATE SCHEMA "${schema.replace('{role}', role)}" AUTHORIZATION ${role}`);
  await set(setUp);
  const url = new URL(admin.href);
  url.username = role;
  url.password = password;
  if (setUp.schema !== undefined) url.searchParams.set('schema', setUp.schema);
  return {
    url: url.href,
    role,
    query: async (sql) => (await inside.query(sql)).rows,
    async change(more) {
      await set(more);
      await cut();
    },
    cut,
    async copyTo(copy) {
      others.add(copy);
      others.add(`gone_${name}`);
      await alone(`CREATE DATABASE ${copy} TEMPLATE ${name} OWNER ${role}`);
      inside = await connect(admin.href);
    },
    async onServer(sql) {
      await alone(sql);
      inside = await connect(admin.href).catch(() => inside);
    },
  };
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  return client;
}
