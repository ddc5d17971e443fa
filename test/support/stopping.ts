import { once } from 'node:events';
import { cpSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { password } from './authority.ts';
import { checkout } from './checkout.ts';
import { freePort } from './freePort.ts';
import { copyOfEmbeddedDatabase } from './pglite.ts';
import { type StartedProcess, startProcess } from './process.ts';
import { distFolder, startServer } from './server.ts';

export const stopped = { code: 0, signal: null };

export function remembered(t: Test, folder: string): string {
  t.teardown(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  return folder;
}

export const emptyFolder = async (t: Test) => remembered(t, await mkdtemp(join(tmpdir(), 'stop-')));

/** A folder with users, which each start gets a copy of. */
export async function folderWithUsers(t: Test, emails: readonly string[]): Promise<string> {
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

export const logIn = (port: number, email: string, agent: Agent) => sendLogin(port, email, agent).answer;

/** Connections that have served a request and wait for the next. */
export async function warmConnections(port: number, count: number): Promise<Agent> {
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

export const emails = Array.from({ length: 6 }, (_, number) => `user-${number}@example.com`);

/** As a person or an init system does it, in a terminal or a unit: the whole group gets the signal, and npm passes it on. */
async function stopUnderLogins(t: Test, dataDir: string, signal: 'SIGTERM' | 'SIGINT'): Promise<void> {
  const port = await freePort();
  const started = startProcess('npm', ['start'], {
    cwd: checkout,
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

/** Each signal so often, two authorities at a time. */
export async function stopOften(t: Test, users: string, times: number): Promise<void> {
  const stops = Array.from({ length: 2 * times }, (_, number) => (number % 2 === 0 ? 'SIGTERM' : 'SIGINT'));
  const inTurn = async () => {
    for (let signal = stops.pop(); signal !== undefined; signal = stops.pop()) {
      const dataDir = await emptyFolder(t);
      cpSync(users, dataDir, { recursive: true });
      await stopUnderLogins(t, dataDir, signal as 'SIGTERM' | 'SIGINT');
    }
  };
  await Promise.all([inTurn(), inTurn()]);
}

export function startMain(
  t: Test,
  dataDir: string,
  env: Readonly<Record<string, string>> = {},
): StartedProcess {
  const started = startProcess(process.execPath, [join(distFolder, 'main.js')], {
    env: {
      ...{ DATA_DIR: dataDir, HTTP_PORT: '0', GRPC_PORT: '0', OPERATIONS_PORT: '0' },
      ...{ ISSUER: 'http://127.0.0.1:8080', ...env },
    },
  });
  t.teardown(() => started.stop());
  return started;
}
