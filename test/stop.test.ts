/** How it stops: one stop however often it is said, no login lost, and at any moment of a start. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import t, { type Test } from 'tap';
import { password } from './support/authority.ts';
import { checkout } from './support/checkout.ts';
import { eventually } from './support/eventually.ts';
import { freePort } from './support/freePort.ts';
import { copyOfEmbeddedDatabase } from './support/pglite.ts';
import { createTestDatabase } from './support/postgres.ts';
import { type StartedProcess, startProcess } from './support/process.ts';
import { startRedis } from './support/redis.ts';
import { distFolder, startServer } from './support/server.ts';

const root = checkout;
const stopped = { code: 0, signal: null };
// A start takes two seconds on a machine that has nothing else to do, and ten on one that has.
t.setTimeout(400_000);

function remembered(t: Test, folder: string): string {
  t.teardown(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  return folder;
}

const emptyFolder = async (t: Test) => remembered(t, await mkdtemp(join(tmpdir(), 'stop-')));

/** A folder with users, which each start gets a copy of. */
async function folderWithUsers(t: Test, emails: readonly string[]): Promise<string> {
  const folder = remembered(t, await copyOfEmbeddedDatabase());
  const server = await startServer(folder);
  for (const email of emails)
    t.equal((await server.call('POST', '/auth/register', { body: { email, password } })).status, 201);
  server.process.signal('SIGTERM');
  await server.process.exited;
  // Copies of it are to be started, and are not taken for a folder that was put back.
  rmSync(join(folder, 'seen'));
  return folder;
}

interface Login {
  readonly status: number;
  readonly connection: string | undefined;
}

interface SentLogin {
  /** Resolves when the system has it, and no later moment of this process matters. */
  readonly sent: Promise<unknown>;
  /** Rejects when it is lost. */
  readonly answer: Promise<Login>;
}

function sendLogin(port: number, email: string, agent: Agent): SentLogin {
  const asked = request({ port, host: '127.0.0.1', method: 'POST', path: '/auth/login', agent });
  asked.setHeader('content-type', 'application/json');
  asked.end(JSON.stringify({ email, password }));
  const answer = new Promise<Login>((resolve, reject) => {
    asked.once('error', reject);
    asked.once('response', (response) => {
      response.resume();
      const { statusCode = 0, headers } = response;
      response.once('end', () => resolve({ status: statusCode, connection: headers.connection }));
    });
  });
  answer.catch(() => {});
  return { sent: once(asked, 'finish'), answer };
}

const logIn = (port: number, email: string, agent: Agent) => sendLogin(port, email, agent).answer;

/** Connections that have served a request and wait for the next. */
async function warmConnections(port: number, count: number): Promise<Agent> {
  const agent = new Agent({ keepAlive: true, maxSockets: count });
  await Promise.all(
    Array.from({ length: count }, async () => {
      const asked = request({ port, host: '127.0.0.1', path: '/health/live', agent }).end();
      const [response] = await once(asked, 'response');
      response.resume();
      await once(response, 'end');
    }),
  );
  return agent;
}

const emails = Array.from({ length: 6 }, (_, number) => `user-${number}@example.com`);

/** As a person or an init system does it, in a terminal or a unit: the whole group gets the signal, and npm passes it on. */
async function stopUnderLogins(t: Test, dataDir: string, signal: 'SIGTERM' | 'SIGINT'): Promise<void> {
  const port = await freePort();
  const started = startProcess('npm', ['start'], {
    cwd: root,
    ownGroup: true,
    env: {
      DATA_DIR: dataDir,
      HTTP_PORT: String(port),
      GRPC_PORT: '0',
      RATE_LIMITS: 'off',
      LOG_LEVEL: 'warn',
    },
  });
  t.teardown(() => started.stop());
  await started.waitForOutput(/Countersign is ready/);
  const [idle, warm, cold] = [
    await warmConnections(port, 4),
    await warmConnections(port, 3),
    new Agent({ keepAlive: true }),
  ];
  const idleSockets = Object.values(idle.freeSockets).flatMap((sockets) => sockets ?? []);
  const closed = Promise.all(idleSockets.map((socket) => once(socket, 'close')));
  const logins = emails.map((email, index) => sendLogin(port, email, index < 3 ? warm : cold));
  await Promise.all(logins.map(({ sent }) => sent));
  started.signalGroup(signal);

  const answers = await Promise.allSettled(logins.map(({ answer }) => answer));
  const said = answers.map((answer) => ('value' in answer ? answer.value.status : String(answer.reason)));
  t.strictSame(said, Array(emails.length).fill(200), `${signal}: each login is answered`);
  t.strictSame(await started.exited, stopped, `${signal}: ${started.stderr()}`);
  t.equal(idleSockets.length, 4);
  t.ok(await closed, 'idle connections are closed');
}

t.test('one stop through npm and the process group, under logins: ten times by each signal', async (t) => {
  const users = await folderWithUsers(t, emails);
  const stops = Array.from({ length: 20 }, (_, number) => (number % 2 === 0 ? 'SIGTERM' : 'SIGINT'));
  const inTurn = async () => {
    for (let signal = stops.pop(); signal !== undefined; signal = stops.pop()) {
      const dataDir = await emptyFolder(t);
      cpSync(users, dataDir, { recursive: true });
      await stopUnderLogins(t, dataDir, signal as 'SIGTERM' | 'SIGINT');
    }
  };
  await Promise.all([inTurn(), inTurn()]);
});

t.test('while it drains, answers ask for another connection; SIGINT waits for nobody', async (t) => {
  const users = await folderWithUsers(t, emails.slice(0, 1));
  const server = await startServer(users, { DRAIN_DELAY: '2s' });
  t.teardown(() => server.stop());
  const agent = await warmConnections(server.httpPort, 1);
  t.match(await logIn(server.httpPort, emails[0] ?? '', agent), { status: 200, connection: 'keep-alive' });
  const began = performance.now();
  server.process.signal('SIGTERM');
  const ready = await eventually('it is not ready', async () => {
    const answer = await server.operations('GET', '/health/ready');
    return answer.status === 503 && answer;
  });
  t.equal(ready.body.parts.process, 'draining');
  t.match(await logIn(server.httpPort, emails[0] ?? '', agent), { status: 200, connection: 'close' });
  t.strictSame(await server.process.exited, stopped);
  t.ok(performance.now() - began >= 2_000, 'it served for as long as was asked');

  const again = await startServer(users, { DRAIN_DELAY: '5m' });
  t.teardown(() => again.stop());
  again.process.signal('SIGINT');
  t.strictSame(await again.process.exited, stopped);
});

function startMain(t: Test, dataDir: string, env: Readonly<Record<string, string>> = {}): StartedProcess {
  const started = startProcess(process.execPath, [join(distFolder, 'main.js')], {
    env: {
      ...{ DATA_DIR: dataDir, HTTP_PORT: '0', GRPC_PORT: '0', OPERATIONS_PORT: '0' },
      ...{ ISSUER: 'http://127.0.0.1:8080', ...env },
    },
  });
  t.teardown(() => started.stop());
  return started;
}

t.test('a first start that is stopped, at any moment, ends with 0 and can be done again', async (t) => {
  const dataDir = await emptyFolder(t);
  const moments = [0, 300, 800, 2_000];
  for (const milliseconds of moments) {
    const started = startMain(t, dataDir);
    await started.waitForOutput(/"msg":"starting"/);
    const began = performance.now();
    await eventually('the moment comes', () => performance.now() - began >= milliseconds);
    started.signal('SIGTERM');
    t.strictSame(await started.exited, stopped, `after ${milliseconds} ms: ${started.stderr()}`);
  }
  const started = startMain(t, dataDir);
  t.ok(await started.waitForOutput(/Countersign is ready/));
});

t.test('a start that waits for another one to migrate is stopped, and the next one migrates', async (t) => {
  const [database, redis] = [await createTestDatabase(), await startRedis()];
  t.teardown(() => Promise.all([database.drop(), redis.stop()]));
  const KEY_ENCRYPTION_KEY = randomBytes(32).toString('base64');
  const env = { DATABASE_URL: database.url, REDIS_URL: redis.url, KEY_ENCRYPTION_KEY };
  const other = new pg.Client({ connectionString: database.url });
  await other.connect();
  await other.query('SELECT pg_advisory_lock(72707369)');
  const started = startMain(t, await emptyFolder(t), env);
  const waits = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'`;
  await eventually('it waits', async () => (await other.query(waits)).rowCount === 1);
  started.signal('SIGTERM');
  t.strictSame(await started.exited, stopped, started.stderr());
  await other.end();
  const again = startMain(t, await emptyFolder(t), env);
  t.ok(await again.waitForOutput(/Countersign is ready/));
});

t.test('a start whose database takes connections and says nothing is stopped', async (t) => {
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.teardown(() => silent.close());
  const redis = await startRedis();
  t.teardown(() => redis.stop());
  const accepted = once(silent, 'connection');
  const started = startMain(t, await emptyFolder(t), {
    DATABASE_URL: `postgresql://nobody@127.0.0.1:${(silent.address() as AddressInfo).port}/none`,
    REDIS_URL: redis.url,
    KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  });
  await accepted;
  started.signal('SIGTERM');
  t.strictSame(await started.exited, stopped, started.stderr());
});
