/** What tests of a database that was put back do with authorities as they are shipped. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Test } from 'tap';
import { password } from './authority.ts';
import { freePort } from './freePort.ts';
import { copyOfEmbeddedDatabase } from './pglite.ts';
import { type StartedProcess, startProcess } from './process.ts';
import { distFolder, startServer, type TestServer } from './server.ts';

export const user = { email: 'ada@example.com', password };

export interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
}

export const register = ({ call }: TestServer) => call('POST', '/auth/register', { body: user });
export const login = async ({ call }: TestServer): Promise<Tokens> =>
  (await call('POST', '/auth/login', { body: user })).body;
export const logout = async ({ call }: TestServer, { access_token: token }: Tokens) =>
  (await call('POST', '/auth/logout', { token })).status;
export const me = async ({ call }: TestServer, { access_token: token }: Tokens) =>
  (await call('GET', '/auth/me', { token })).status;
export const refresh = async ({ call }: TestServer, { refresh_token }: Tokens) =>
  (await call('POST', '/auth/refresh', { body: { refresh_token } })).status;

/** As systemd and people stop it. */
export async function stop({ process: running, stop: end }: TestServer): Promise<void> {
  running.signal('SIGTERM');
  await running.exited;
  await end();
}

type Env = Readonly<Record<string, string>>;

/** A start that does not come to serving. */
export async function startInDoubt(
  t: Test,
  dataDir: string,
  env: Env = {},
  said = /.*older than what was seen.*countersign restored.*/,
): Promise<StartedProcess> {
  const ports = { HTTP_PORT: String(await freePort()), GRPC_PORT: String(await freePort()) };
  const started = startProcess(process.execPath, [join(distFolder, 'main.js')], {
    env: {
      DATA_DIR: dataDir,
      LOG_LEVEL: 'warn',
      ISSUER: 'http://127.0.0.1:8080',
      RATE_LIMITS: 'off',
      ...ports,
      ...env,
    },
  });
  t.teardown(() => started.stop());
  const [line] = await started.waitForOutput(said);
  t.equal(line.split('\n').length, 1, 'one line says so');
  const port = ports.HTTP_PORT;
  const answer = await fetch(`http://127.0.0.1:${port}/auth/me`).then(
    ({ status }) => status,
    () => 'nobody listens',
  );
  t.not(answer, 200, 'and nothing is served');
  t.notMatch(started.stdout(), /is ready/);
  return started;
}

/** Through the authority that runs on the folder, or by itself. */
export async function command(dataDir: string, env: Env, ...words: readonly string[]) {
  const started = startProcess(process.execPath, [join(distFolder, 'cli.js'), ...words], {
    env: { DATA_DIR: dataDir, ISSUER: 'http://127.0.0.1:8080', ...env },
  });
  const { code } = await started.exited;
  return { code, out: started.stdout(), err: started.stderr() };
}

/** A folder that nothing was put into starts after each of these, and remembers. */
export async function startsAgain(t: Test, signals: readonly ('SIGKILL' | 'SIGTERM')[]): Promise<void> {
  const dataDir = await copyOfEmbeddedDatabase();
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  for (const signal of signals) {
    const server = await startServer(dataDir);
    await register(server);
    const tokens = await login(server);
    t.equal(await logout(server, tokens), 204);
    server.process.signal(signal);
    await server.process.exited;
    await server.stop();
    const again = await startServer(dataDir);
    t.equal(await me(again, tokens), 401);
    await stop(again);
  }
}
