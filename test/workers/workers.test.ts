/** Two workers on the same ports: each is a node, and one of them may be killed. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import t, { type Test } from 'tap';
import { type Guard, openGuard } from '../../packages/guard/src/guard.ts';
import { permissions } from '../../src/services/service.ts';
import { askRunning } from '../../src/transport/cli/control.ts';
import { password } from '../support/authority.ts';
import { claimsOf } from '../support/clients.ts';
import { eventually } from '../support/eventually.ts';
import { said } from '../support/guards.ts';
import { keepDoing } from '../support/keepDoing.ts';
import { createRpcClient, type RpcClient } from '../support/rpcClient.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { sharedServers } from '../support/twoNodes.ts';

t.setTimeout(120_000);
const email = 'alice@example.com';

interface Answer {
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

async function startWorkers(t: Test) {
  const { env, database } = await sharedServers(t);
  const dataDir = await mkdtemp(join(tmpdir(), 'workers-'));
  const server = await startServer(dataDir, { ...env, WORKERS: '2', LOG_LEVEL: 'info', LEASE: '2s' });
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
function seriesOf(text: string, name: string): number | undefined {
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.slice(name.length + 1));
}

/** Names of counters that are smaller in the later text. */
function fallen(earlier: string, later: string): readonly string[] {
  const counts = earlier.split('\n').flatMap((line) => {
    const [, name] = /^(\S+_(?:total|count|sum|bucket)(?:\{[^}]*\})?) /.exec(line) ?? [];
    // A gauge is told by its label.
    return name === undefined || name.includes('worker="') ? [] : [name];
  });
  return counts.filter((name) => (seriesOf(later, name) ?? -1) < (seriesOf(earlier, name) ?? 0));
}

/** Logins that were answered. */
const loginsIn = (text: string) =>
  seriesOf(text, 'countersign_http_request_seconds_count{method="POST",route="/auth/login",status="200"}');

interface Load {
  /** Resolves when more of everything was done. */
  goesOn(): Promise<void>;
  end(): Promise<{ wrong: readonly string[]; done: Readonly<Record<string, number>>; failed: number }>;
}

/** Checks by calls and by guards, of a token that lives and of those whose logout was answered. */
async function loadOf({
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

function workerPids({ process: { pid } }: TestServer): readonly number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return children.trim().split(' ').map(Number);
}

t.test('two workers are two nodes, and one authority', async (t) => {
  const parts = await startWorkers(t);
  const { server, command, guard, http, rpc, nodes, metrics } = parts;
  const isReady = async () => (await server.operations('GET', '/health/ready')).status === 200;
  t.equal(new Set(await nodes()).size, 2, 'each has a node id of its own');
  t.ok(await isReady());
  const [one, two] = [http(), http()];
  t.equal((await one('POST', '/auth/register', { body: { email, password } })).status, 201);
  t.match(await command('users', 'show', email), { code: 0, words: [] }, 'commands run in one of them');
  const logIn = async () => (await one('POST', '/auth/login', { body: { email, password } })).body;

  await t.test('a logout at one is refused by all, from the first request after its answer', async (t) => {
    const guards = [guard(), guard()];
    await Promise.all(guards.map((each) => each.ready()));
    const [first, second] = [rpc(), rpc()];
    const verdicts = async (token: string) => {
      const { jti } = claimsOf(token);
      const me = await Promise.all(
        [one, two].map(async (ask) => (await ask('GET', '/auth/me', { token })).status),
      );
      const checks = await Promise.all(
        [first, second].map(async (each) => (await each.call('isRevoked', { jti })).revoked as boolean),
      );
      return [...me, ...checks, ...(await Promise.all(guards.map((each) => said(each, token))))];
    };
    for (const at of [one, two]) {
      const { access_token: token } = await logIn();
      t.strictSame(await verdicts(token), [200, 200, false, false, 'accepted', 'accepted']);
      t.equal((await at('POST', '/auth/logout', { token })).status, 204);
      const refused = '401 invalid_token revoked';
      t.strictSame(await verdicts(token), [401, 401, true, true, refused, refused]);
    }
    const text = await metrics();
    for (const worker of [1, 2]) {
      const gauge = (name: string) => seriesOf(text, `${name}{worker="${worker}"}`);
      t.equal(gauge('countersign_edges_connected'), 1, 'a guard each');
      t.equal(gauge('countersign_http_idle_connections'), 1, 'and an HTTP connection');
      t.equal(gauge('countersign_nodes_live'), 2);
      t.ok((gauge('process_resident_memory_bytes') ?? 0) > 1e7);
    }
    t.equal(loginsIn(text), 2, 'counters are sums');
    t.equal(seriesOf(text, 'countersign_workers_serving{worker="main"}'), 2);
  });

  await t.test('one is killed under load: no wrong answer, and another one takes its place', async (t) => {
    const load = await loadOf({ logIn, http, rpc, guard });
    await load.goesOn();
    const [before, [, victim = 0]] = [await metrics(), workerPids(server)];
    const known = await nodes();
    const killedAt = performance.now();
    process.kill(victim, 'SIGKILL');
    await server.process.waitForOutput(/"worker":2,"pid":\d+,"why":"worker 2 ended: SIGKILL"/);
    const meanwhile = await metrics();
    t.strictSame(fallen(before, meanwhile), [], 'no counter falls');
    t.equal(seriesOf(meanwhile, 'countersign_workers_serving{worker="main"}'), 1);
    t.match(await server.operations('GET', '/health/ready'), {
      status: 200,
      body: { status: 'ready', warnings: ['worker 2 ended: SIGKILL'] },
    });
    await server.process.waitForOutput(/("worker":2,[^\n]*"msg":"ready".*){2}/s);
    const back = performance.now() - killedAt;
    await load.goesOn();
    const { wrong, done, failed } = await load.end();
    t.comment(
      `the new worker served ${Math.round(back)} ms after the kill; ${JSON.stringify(done)}, ${failed} failed`,
    );
    t.strictSame(wrong, [], 'no wrong answer');
    const after = await metrics();
    t.strictSame(fallen(before, after), []);
    t.equal(seriesOf(after, 'countersign_workers_ended_total'), 1);
    t.notOk((await server.operations('GET', '/health/ready')).body.warnings, 'and the warning ends');
    t.ok(
      (await nodes()).some((id) => !known.includes(id)),
      'as a new node',
    );
  });

  await t.test('a stop answers what came, and ends all', async (t) => {
    const pids = workerPids(server);
    const asked = [http(), http(), http(), http(), one].map(async (ask, number) => {
      await ask('GET', '/health/live');
      return (await ask('POST', '/auth/login', { body: { email, password } })).status === 200 || number;
    });
    const begun = loginsIn(await metrics()) ?? 0;
    await eventually('a login of them is answered', async () => (loginsIn(await metrics()) ?? 0) > begun);
    server.process.signal('SIGTERM');
    t.strictSame(await Promise.all(asked), [true, true, true, true, true]);
    t.strictSame(await server.process.exited, { code: 0, signal: null }, server.process.stderr());
    for (const pid of pids) t.throws(() => process.kill(pid, 0), 'no process is left');
    const lines = server.process
      .stderr()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const stoppedBy = lines.filter(({ msg }) => msg === 'stopped').map(({ worker }) => worker ?? 'main');
    t.strictSame(stoppedBy.sort(), ['main'], 'the folder is given up once');
    const draining = lines.filter(({ msg }) => msg === 'draining').map(({ worker }) => worker ?? 'main');
    t.strictSame(draining.sort(), [1, 2, 'main'], 'each line names its worker');
  });
});
