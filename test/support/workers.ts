/** An authority with two workers, clients that keep to one of them, and a load of checks and logouts. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { Test } from 'tap';
import { type Guard, openGuard } from '../../packages/guard/src/guard.ts';
import { permissions } from '../../src/services/service.ts';
import { askRunning } from '../../src/transport/cli/control.ts';
import { password } from './authority.ts';
import { claimsOf } from './clients.ts';
import { eventually } from './eventually.ts';
import { said } from './guards.ts';
import { keepDoing } from './keepDoing.ts';
import { createRpcClient, type RpcClient } from './rpcClient.ts';
import { startServer, type TestServer } from './server.ts';
import { sharedServers } from './twoNodes.ts';

export const email = 'alice@example.com';

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: bodies of several shapes
  readonly body: any;
}

/** A client that keeps its one connection, and so its worker. */
function httpConnection(t: Test, port: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => agent.destroy());
  return (method: string, path: string, { body, token }: { body?: object; token?: string } = {}) =>
    new Promise<Answer>((resolve, reject) => {
      const headers = {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      };
      const asked = request({ agent, host: '127.0.0.1', port, method, path, headers }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        answer.once('error', reject);
        answer.once('end', () =>
          resolve({ status: answer.statusCode ?? 0, body: text.startsWith('{') ? JSON.parse(text) : text }),
        );
      });
      asked.once('error', reject);
      asked.end(body === undefined ? undefined : JSON.stringify(body));
    });
}

export async function startWorkers(t: Test, settings: Readonly<Record<string, string>> = {}) {
  const { env, database } = await sharedServers(t);
  const dataDir = await mkdtemp(join(tmpdir(), 'workers-'));
  const server = await startServer(dataDir, {
    ...env,
    WORKERS: '2',
    LOG_LEVEL: 'info',
    LEASE: '2s',
    ...settings,
  });
  t.teardown(async () => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  });
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  t.teardown(() => client.end());
  const command = async (...argv: string[]) => {
    const lines: string[] = [];
    const words: string[] = [];
    const output = {
      out: (line: string) => void lines.push(line),
      err: (line: string) => void words.push(line),
    };
    const code = await askRunning(dataDir, { argv, input: undefined }, output);
    return { code, lines, words };
  };
  const allowed = permissions.flatMap((permission) => ['--permission', permission]);
  const serviceToken = (await command('services', 'create', 'tests', ...allowed)).lines.at(-1) ?? '';
  const options = { 'grpc.use_local_subchannel_pool': 1 };
  const rpc = (): RpcClient => {
    const opened = createRpcClient(`127.0.0.1:${server.grpcPort}`, serviceToken, undefined, options);
    t.teardown(() => opened.close());
    return opened;
  };
  const guard = () => {
    const opened = openGuard({
      authority: `127.0.0.1:${server.grpcPort}`,
      ...{ audience: 'countersign', serviceToken },
    });
    t.teardown(() => opened.close());
    return opened;
  };
  return {
    ...{ server, command, rpc, guard },
    http: () => httpConnection(t, server.httpPort),
    nodes: async () => (await client.query('SELECT id FROM nodes')).rows.map(({ id }) => id as string),
    metrics: async () => (await server.operations('GET', '/metrics')).body as string,
  };
}

type Workers = Awaited<ReturnType<typeof startWorkers>>;

/** The value of one series. */
export function seriesOf(text: string, name: string): number | undefined {
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.slice(name.length + 1));
}

/** Names of counters that are smaller in the later text. */
export function fallen(earlier: string, later: string): readonly string[] {
  const counts = earlier.split('\n').flatMap((line) => {
    const [, name] = /^(\S+_(?:total|count|sum|bucket)(?:\{[^}]*\})?) /.exec(line) ?? [];
    // A gauge is told by its label.
    return name === undefined || name.includes('worker="') ? [] : [name];
  });
  return counts.filter((name) => (seriesOf(later, name) ?? -1) < (seriesOf(earlier, name) ?? 0));
}

/** Logins that were answered. */
export const loginsIn = (text: string) =>
  seriesOf(text, 'countersign_http_request_seconds_count{method="POST",route="/auth/login",status="200"}');

export interface Load {
  /** Resolves when more of everything was done. */
  goesOn(): Promise<void>;
  end(): Promise<{ wrong: readonly string[]; done: Readonly<Record<string, number>>; failed: number }>;
}

/** Checks by calls and by guards, of a token that lives and of those whose logout was answered. */
export async function loadOf({
  logIn,
  http,
  rpc,
  guard,
}: Pick<Workers, 'http' | 'rpc' | 'guard'> & { logIn: () => Promise<Answer['body']> }): Promise<Load> {
  const alive: string = (await logIn()).access_token;
  const loggedOut: string[] = [];
  const wrong: string[] = [];
  const done: Record<string, number> = { isRevoked: 0, guard: 0, logout: 0 };
  let failed = 0;
  const one = async (what: string, work: () => Promise<unknown>) => {
    await work().then(
      () => {
        done[what] = (done[what] ?? 0) + 1;
      },
      () => {
        failed += 1;
      },
    );
  };
  const judge = (who: string, token: string, accepted: boolean) => {
    if (accepted !== (token === alive)) wrong.push(`${who}: ${accepted ? 'accepted' : 'refused'}`);
  };
  const pick = () => (Math.random() < 0.5 ? alive : (loggedOut.at(-1) ?? alive));
  const checking = (client: RpcClient) => () =>
    one('isRevoked', async () => {
      const token = pick();
      const { revoked } = await client.call(
        'isRevoked',
        { jti: claimsOf(token).jti },
        { milliseconds: 5_000 },
      );
      judge('IsRevoked', token, !revoked);
    });
  const guarding = (own: Guard) => () =>
    one('guard', async () => {
      const token = pick();
      const answer = await said(own, token);
      if (!/^(accepted|401)/.test(answer)) throw new Error(answer);
      judge('guard', token, answer === 'accepted');
    });
  const loggingOut = () => {
    const ask = http();
    return () =>
      one('logout', async () => {
        const body = { email, password };
        const { access_token: token } = (await ask('POST', '/auth/login', { body })).body;
        const { status } = await ask('POST', '/auth/logout', { token });
        if (status !== 204) throw new Error(`logout: ${status}`);
        loggedOut.push(token);
      });
  };
  const checks = [checking(rpc()), checking(rpc()), guarding(guard()), guarding(guard())];
  const paced = [
    ...checks.map((work) => keepDoing({ everyMs: 10, atOnce: 5 }, work)),
    ...[loggingOut(), loggingOut()].map((work) => keepDoing({ everyMs: 200, atOnce: 1 }, work)),
  ];
  return {
    async goesOn() {
      const before = { ...done };
      const least: Record<string, number> = { isRevoked: 50, guard: 50, logout: 4 };
      const isMore = ([what, more]: [string, number]) => (done[what] ?? 0) > (before[what] ?? 0) + more;
      await eventually('work goes on', () => Object.entries(least).every(isMore), 30_000);
    },
    async end() {
      await Promise.all(paced.map((each) => each.stop()));
      return { wrong, done, failed };
    },
  };
}

export function workerPids({ process: { pid } }: TestServer): readonly number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return children.trim().split(' ').map(Number);
}
