/** Two workers on the same ports: each is a node, and one of them may be killed. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import t, { type Test } from 'tap';
import { openGuard } from '../../packages/guard/src/guard.ts';
import { permissions } from '../../src/services/service.ts';
import { askRunning } from '../../src/transport/cli/control.ts';
import { password } from '../support/authority.ts';
import { claimsOf } from '../support/clients.ts';
import { eventually } from '../support/eventually.ts';
import { createRpcClient, type RpcClient } from '../support/rpcClient.ts';
import { startServer } from '../support/server.ts';
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

/** The value of one series. */
function seriesOf(text: string, name: string): number | undefined {
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.slice(name.length + 1));
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
  t.strictSame((await command('users', 'create', email, '--password-stdin')).code, 2, 'a command is judged');
  const [one, two] = [http(), http()];
  t.equal((await one('POST', '/auth/register', { body: { email, password } })).status, 201);
  t.match((await command('users', 'show', email)).lines.join(), /example/, 'commands run');
  const logIn = async () => (await one('POST', '/auth/login', { body: { email, password } })).body;

  await t.test('a logout at one is refused by all, from the first request after its answer', async (t) => {
    const guards = [guard(), guard()];
    await Promise.all(guards.map((each) => each.ready()));
    const [first, second] = [rpc(), rpc()];
    const verdicts = async (token: string) => {
      const { jti } = claimsOf(token);
      const me = await Promise.all([one, two].map(async (ask) => (await ask('GET', '/auth/me', { token })).status));
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
    const load = await loadOf(t, { logIn, http, rpc, guard });
    await load.goesOn();
    const [before, [, victim = 0]] = [await metrics(), workerPids(server)];
    const known = await nodes();
    const killedAt = performance.now();
    process.kill(victim, 'SIGKILL');
    let readyMeanwhile = 0;
    const back = await eventually('it is replaced', async () => {
      const [text, ready] = [await metrics(), await isReady()];
      readyMeanwhile += Number(ready);
      t.ok(fallen(before, text).length === 0, `no counter falls: ${fallen(before, text)}`);
      const serving = seriesOf(text, 'countersign_workers_serving{worker="main"}');
      return serving === 2 && performance.now() - killedAt;
    }, 30_000);
    await load.goesOn();
    const { wrong, done, failed } = await load.end();
    t.comment(`the new worker served ${Math.round(back)} ms after the kill; ${JSON.stringify(done)}, ${failed} failed`);
    t.strictSame(wrong, [], 'no wrong answer');
    t.ok(readyMeanwhile > 0, 'it stays ready: the other worker serves');
    const after = await metrics();
    t.strictSame(fallen(before, after), []);
    t.equal(seriesOf(after, 'countersign_workers_ended_total'), 1);
    t.ok((await nodes()).some((id) => !known.includes(id)), 'as a new node');
    t.match(server.process.stderr(), /"worker":2,"pid":\d+,"why":"worker 2 ended: SIGKILL"/);
  });

  await t.test('a stop answers what came, and ends all', async (t) => {
    const pids = workerPids(server);
    const asked = [http(), http(), http(), http(), one].map(async (ask, number) => {
      await ask('GET', '/health/live');
      return (await ask('POST', '/auth/login', { body: { email, password } })).status === 200 || number;
    });
    await eventually('logins are in work', async () => (waitingHashes(await metrics()) ?? 0) > 0);
    server.process.signal('SIGTERM');
    t.strictSame(await Promise.all(asked), [true, true, true, true, true]);
    t.strictSame(await server.process.exited, { code: 0, signal: null }, server.process.stderr());
    t.strictSame(await nodes(), [], 'no node is left that others would wait for');
    for (const pid of pids) t.throws(() => process.kill(pid, 0), 'no process is left');
    const lines = server.process.stderr().trimEnd().split('\n').map((line) => JSON.parse(line));
    const stoppedBy = lines.filter(({ msg }) => msg === 'stopped').map(({ worker }) => worker ?? 'main');
    t.strictSame(stoppedBy.sort(), ['main'], 'the folder is given up once');
    const draining = lines.filter(({ msg }) => msg === 'draining').map(({ worker }) => worker ?? 'main');
    t.strictSame(draining.sort(), [1, 2, 'main'], 'each line names its worker');
  });
});
