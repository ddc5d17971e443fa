/**
 * PostgreSQL as Debian packages it, server and tools of one version, with WAL archiving: for tests of backups. A server of the
 * test's own on a free port; the programs of a test's database server (postgres.ts) come without these tools.
 */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { appendFile, chown, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { eventually } from './eventually.ts';
import { freePort } from './freePort.ts';
import { type StartedProcess, startProcess } from './process.ts';

const run = promisify(execFile);

export interface DebianPostgres {
  readonly port: number;
  /** Of a superuser, without a password, to one of its databases. */
  url(database?: string): string;
  query(statement: string, database?: string): Promise<readonly Record<string, unknown>[]>;
  /** Everything that was committed until now is in the archive when this resolves. */
  archiveNow(): Promise<void>;
  /** A shutdown that loses nothing; its data stay. */
  stop(): Promise<void>;
}

/** What several servers share: files of one unprivileged user, and the programs. */
export interface PostgresPlace {
  /** Where the backups of the test go; the archive is in it. */
  readonly backups: string;
  path(name: string): string;
  /** Runs a script by bash, as the user of the servers, with the programs in its PATH. Rejects with what it said. */
  shell(script: string, env: Readonly<Record<string, string>>): Promise<string>;
  /** A new server, with an archive. */
  start(): Promise<DebianPostgres>;
  /** A server on a data folder that is there already, such as a base backup. It has recovered when this resolves. */
  startOn(folder: string): Promise<DebianPostgres>;
  /** A base backup of the server, as `backups/<name>`. */
  baseBackup(server: DebianPostgres, name: string): Promise<void>;
  /** Starts a server on a copy of a base backup and of the archive, as they were at this moment (as PostgreSQL writes it). */
  restoreTo(moment: string, base: string): Promise<DebianPostgres>;
  /** Ends all servers and removes all files. */
  close(): Promise<void>;
}

export async function openPostgresPlace(): Promise<PostgresPlace> {
  const bin = programs();
  const folder = await mkdtemp(join(tmpdir(), 'debian-postgres-'));
  const user = await unprivilegedUser();
  const path = (name: string) => join(folder, name);
  const backups = path('backups');
  const makeFolder = async (name: string) => {
    await mkdir(name, { recursive: true });
    if (user.uid !== undefined && user.gid !== undefined) await chown(name, user.uid, user.gid);
  };
  for (const name of [folder, backups, join(backups, 'archive')]) await makeFolder(name);
  const servers = new Set<StartedProcess>();

  const execute = async (program: string, parameters: readonly string[], env = {}) => {
    const PATH = `${bin}:${process.env['PATH'] ?? ''}`;
    const started = startProcess(program, parameters, { ...user, cwd: folder, env: { PATH, ...env } });
    const { code } = await started.exited;
    if (code === 0) return started.stdout();
    throw new Error(`${program} failed (${code}):\n${started.stdout()}${started.stderr()}`);
  };

  const serve = async (data: string): Promise<DebianPostgres> => {
    const port = await freePort();
    const settings = { port, listen_addresses: '127.0.0.1', unix_socket_directories: '', fsync: 'off' };
    const archive = join(backups, 'archive');
    const archiving = {
      archive_mode: 'on',
      archive_command: `test ! -f ${archive}/%f && cp %p ${archive}/%f`,
    };
    const options = Object.entries({ ...settings, ...archiving }).flatMap(([name, value]) => [
      '-c',
      `${name}=${value}`,
    ]);
    const server = startProcess(join(bin, 'postgres'), ['-D', data, ...options], { ...user, cwd: folder });
    servers.add(server);
    await server.waitForOutput(/database system is ready to accept connections/);
    const url = (database = 'postgres') => `postgresql://postgres@127.0.0.1:${port}/${database}`;
    const query = async (statement: string, database?: string) => {
      const client = new pg.Client({ connectionString: url(database) });
      await client.connect();
      try {
        return (await client.query(statement)).rows;
      } finally {
        await client.end();
      }
    };
    return {
      port,
      url,
      query,
      async archiveNow() {
        const [row] = await query('SELECT pg_walfile_name(pg_switch_wal()) AS name');
        await eventually('it is archived', () => existsSync(join(archive, String(row?.['name']))), 30_000);
      },
      async stop() {
        server.signal('SIGINT');
        await server.exited;
        servers.delete(server);
      },
    };
  };

  return {
    backups,
    path,
    shell: (script, env) => execute('bash', ['-euo', 'pipefail', '-c', script], env),
    async start() {
      const data = path(`data-${await freePort()}`);
      const options = ['--username=postgres', '--auth=trust', '--encoding=UTF8', '--no-locale', '--no-sync'];
      await execute(join(bin, 'initdb'), ['-D', data, ...options]);
      return serve(data);
    },
    startOn: serve,
    async baseBackup(server, name) {
      const target = ['--pgdata', join(backups, name), '--checkpoint=fast', '--no-sync'];
      await execute('pg_basebackup', ['--dbname', server.url(), ...target]);
    },
    async restoreTo(moment, base) {
      const data = path(`restored-${await freePort()}`);
      await execute('cp', ['-R', join(backups, base), data]);
      await execute('chmod', ['700', data]);
      const recovery = {
        restore_command: `cp ${join(backups, 'archive')}/%f %p`,
        recovery_target_time: moment,
        recovery_target_action: 'promote',
      };
      const lines = Object.entries(recovery).map(([name, value]) => `${name} = '${value}'\n`);
      await appendFile(join(data, 'postgresql.auto.conf'), lines.join(''));
      await execute('touch', [join(data, 'recovery.signal')]);
      return serve(data);
    },
    async close() {
      for (const server of servers) {
        server.signal('SIGQUIT');
        await server.exited;
      }
      await rm(folder, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

/** The newest version that is there; else whichever is in the PATH. */
function programs(): string {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).filter((name) => /^\d+$/.test(name)) : [];
  const newest = versions.toSorted((one, other) => Number(other) - Number(one));
  const found = newest
    .map((version) => join(root, version, 'bin'))
    .find((bin) => existsSync(join(bin, 'postgres')));
  if (found !== undefined) return found;
  const inPath = (process.env['PATH'] ?? '').split(':').find((bin) => existsSync(join(bin, 'pg_basebackup')));
  if (inPath === undefined) throw new Error('no PostgreSQL with its tools: npm test says how to install it');
  return inPath;
}

/** PostgreSQL refuses to run as root: then it runs as the user who owns nothing. */
async function unprivilegedUser(): Promise<{ readonly uid?: number; readonly gid?: number }> {
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = await Promise.all([run('id', ['-u', 'nobody']), run('id', ['-g', 'nobody'])]);
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}
