/** The process: what keeps it from starting is one clear line and exit code 1, and how it stops. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { usualOperationsPort } from '../src/platform/config/settings.ts';
import { platformLimits } from '../src/platform/limits.ts';
import { openEngine } from '../src/storage/postgres/engine.ts';
import { migrateStorage } from '../src/storage/postgres/storage.ts';
import { claimDataFolder } from '../src/transport/cli/control.ts';
import { createHttpClient } from './support/clients.ts';
import { eventually } from './support/eventually.ts';
import { freePort } from './support/freePort.ts';
import { copyOfEmbeddedDatabase } from './support/pglite.ts';
import { startProcess } from './support/process.ts';
import { distFolder, startServer } from './support/server.ts';

const main = join(distFolder, 'main.js');
t.setTimeout(400_000);

/** Starts it with these settings only, and answers how it ended. */
async function start(env: Readonly<Record<string, string>>) {
  const started = startProcess(process.execPath, [main], {
    env: { ISSUER: 'http://127.0.0.1:8080', LOG_LEVEL: 'warn', ...env },
  });
  const { code, signal } = await started.exited;
  return { code, signal, out: started.stdout(), lines: started.stderr().trimEnd().split('\n') };
}

t.test('what keeps it from starting', async (t) => {
  const dataDir = await copyOfEmbeddedDatabase();
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const fresh = async () => {
    const folder = await mkdtemp(join(tmpdir(), 'start-'));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    return folder;
  };
  const takenPort = await freePort();
  const taken = createServer().listen(takenPort, '127.0.0.1');
  await once(taken, 'listening');
  t.teardown(() => taken.close());
  const anyPorts = { HTTP_PORT: '0', GRPC_PORT: '0' };
  const file = join(await fresh(), 'file');
  await writeFile(file, '');

  const newer = await copyOfEmbeddedDatabase();
  t.teardown(() => rm(newer, { recursive: true, force: true }));
  const engine = await openEngine(newer, undefined);
  await migrateStorage(engine);
  await (await engine.connect()).execute(
    `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES ('x', 'x', '20990101000000_later', now())`,
  );
  await engine.close();

  const used = await startServer(dataDir);
  const inUse = await start({ DATA_DIR: dataDir, ...anyPorts });
  await used.stop();
  await copyFile(join(dataDir, 'key-encryption-key'), join(dataDir, 'kept'));

  const cases: [string, Awaited<ReturnType<typeof start>>, RegExp][] = [
    ['the folder is in use', inUse, /^DATA_DIR: .* is in use by an authority that is running/],
    [
      'HTTP port in use',
      await start({ DATA_DIR: dataDir, HTTP_PORT: String(takenPort), GRPC_PORT: '0' }),
      /^HTTP_PORT: .*EADDRINUSE/,
    ],
    [
      'gRPC port in use',
      await start({ DATA_DIR: dataDir, HTTP_PORT: '0', GRPC_PORT: String(takenPort) }),
      /^GRPC_PORT: .*EADDRINUSE/,
    ],
    [
      'operations port in use, and that very one was asked for',
      await start({ DATA_DIR: dataDir, ...anyPorts, OPERATIONS_PORT: String(takenPort) }),
      /^OPERATIONS_PORT: .*EADDRINUSE/,
    ],
    ['the data folder is a file', await start({ DATA_DIR: file, ...anyPorts }), /^DATA_DIR: /],
    [
      'the data folder is inside a file',
      await start({ DATA_DIR: join(file, 'x'), ...anyPorts }),
      /^DATA_DIR: /,
    ],
    [
      'another KEY_ENCRYPTION_KEY',
      await start({ DATA_DIR: dataDir, ...anyPorts, KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64') }),
      /^KEY_ENCRYPTION_KEY: it does not open signing key/,
    ],
    [
      'the database is newer',
      await start({ DATA_DIR: newer, ...anyPorts }),
      /^The database is newer than this code.*20990101000000_later/,
    ],
    [
      'only DATABASE_URL',
      await start({ DATA_DIR: dataDir, DATABASE_URL: 'postgresql://u:hidden-password@127.0.0.1/x' }),
      /REDIS_URL/,
    ],
    [
      'only REDIS_URL',
      await start({ DATA_DIR: dataDir, REDIS_URL: 'redis://:hidden-password@127.0.0.1' }),
      /DATABASE_URL/,
    ],
  ];
  for (const [name, { code, lines, out }, expected] of cases) {
    t.match({ code, out }, { code: 1, out: '' }, name);
    t.equal(lines.length, 1, `${name}: one line: ${lines.join(' / ')}`);
    t.match(lines[0], expected, name);
    t.notMatch(lines[0], /hidden-password|\bat .*:\d+:\d+/, `${name}: no secret and no stack`);
  }
  const many = await start({ HTTP_PORT: 'x', LEASE: '5', AUDIENCE: 'a b', DATABASE_URL: 'mysql://x' });
  t.equal(many.code, 1);
  for (const name of ['HTTP_PORT', 'LEASE', 'AUDIENCE', 'DATABASE_URL']) {
    t.ok(
      many.lines.some((line) => line.startsWith(`${name}`)),
      `${name} is reported together with the others`,
    );
  }

  const after = await startServer(dataDir);
  t.equal((await after.call('GET', '/health/ready')).status, 200, 'none of this did any harm to the folder');
  await after.stop();
});

t.test('it stops gracefully', async (t) => {
  const dataDir = await copyOfEmbeddedDatabase();
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  let server = await startServer(dataDir);
  t.teardown(() => server.stop());
  for (const [name, busy] of [
    ['SIGTERM', true],
    ['SIGINT', false],
  ] as const) {
    // A request that never arrives is waited for, but not for ever.
    const slow = busy ? slowRequest(server.httpPort) : undefined;
    await slow?.sent;
    server.process.signal(name);
    t.strictSame(await server.process.exited, { code: 0, signal: null }, name);
    slow?.abort();
    server = await startServer(dataDir);
    t.equal((await server.call('GET', '/health/live')).status, 200, 'and starts again');
  }
});

t.test('where the usual operations port is taken, another one is, and is told', async (t) => {
  const dataDir = await copyOfEmbeddedDatabase();
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  // Whoever else has it on this machine may leave at any time.
  const taken = await eventually('the port is ours', async () => {
    const server = createServer().listen(usualOperationsPort, '127.0.0.1');
    return once(server, 'listening').then(
      () => server,
      () => undefined,
    );
  });
  t.teardown(() => taken.close());
  const server = await startServer(dataDir, { OPERATIONS_PORT: '', LOG_LEVEL: 'info' });
  t.teardown(() => server.stop());
  t.not(server.operationsPort, usualOperationsPort);
  // The log line follows on what is printed.
  await server.process.waitForOutput(new RegExp(`"operationsPort":${server.operationsPort},"msg":"ready"`));
  const operations = createHttpClient(`http://127.0.0.1:${server.operationsPort}`);
  t.equal((await operations('GET', '/health/ready')).status, 200);
  server.process.signal('SIGINT');
  t.strictSame(await server.process.exited, { code: 0, signal: null });
});

t.test('a second signal ends it at once, unless it belongs to the first', async (t) => {
  const dataDir = await copyOfEmbeddedDatabase();
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const server = await startServer(dataDir, { DRAIN_DELAY: '1m' });
  t.teardown(() => server.stop());
  const readiness = createHttpClient(`http://127.0.0.1:${server.operationsPort}`);
  const signalled = () => server.process.signal('SIGTERM');
  signalled();
  signalled();
  const drains = async () => (await readiness('GET', '/health/ready')).body.parts.process === 'draining';
  t.ok(await eventually('it drains', drains));
  // It has heard the first one by now.
  const said = performance.now();
  await eventually(
    'the second is over',
    () => performance.now() - said > platformLimits.sameStopMilliseconds,
  );
  t.ok(await drains(), 'both were one stop');
  signalled();
  t.match(await server.process.exited, { code: 1 });
});

/** A request whose body is announced and never sent. */
function slowRequest(port: number) {
  const started = request({ port, host: '127.0.0.1', method: 'POST', path: '/auth/login' });
  started.setHeader('content-type', 'application/json');
  started.setHeader('content-length', '100');
  started.on('error', () => {});
  const sent = new Promise<void>((resolve) => {
    started.write('{', () => resolve());
  });
  return { sent, abort: () => started.destroy() };
}

t.test('of many that start at the same time on one folder, one does', async (t) => {
  const dataDir = await copyOfEmbeddedDatabase();
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const claims = await Promise.allSettled(Array.from({ length: 8 }, () => claimDataFolder(dataDir)));
  const claimed = claims.flatMap((claim) => (claim.status === 'fulfilled' ? [claim.value] : []));
  t.equal(claimed.length, 1);
  // Somebody who only holds a connection does not keep it from ending.
  const idle = connect(join(dataDir, 'control.sock'));
  await once(idle, 'connect');
  await claimed[0]?.release();
  const again = await claimDataFolder(dataDir);
  await again.release();
  t.notOk(existsSync(join(dataDir, 'control.lock')));
});
