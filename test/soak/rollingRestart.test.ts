/** Two nodes are restarted one after the other behind nginx, as docs/proxies.md configures it, and no request fails. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import t, { type Test } from 'tap';
import { openGuard } from '../../packages/guard/src/guard.ts';
import { permissions } from '../../src/services/service.ts';
import { askRunning } from '../../src/transport/cli/control.ts';
import { password } from '../support/authority.ts';
import { openCertificateFolder } from '../support/certificates.ts';
import { inCheckout } from '../support/checkout.ts';
import { claimsOf } from '../support/clients.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/freePort.ts';
import { startNginx } from '../support/nginx.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { startRedis } from '../support/redis.ts';
import { createRpcClient } from '../support/rpcClient.ts';
import { startServer, type TestServer } from '../support/server.ts';

const email = 'alice@example.com';
const clientAddress = '127.0.0.7';
t.setTimeout(180_000);

interface Node {
  server: TestServer;
  readonly dataDir: string;
  readonly ports: { readonly HTTP_PORT: string; readonly GRPC_PORT: string };
  start(): Promise<void>;
}

async function twoNodes(t: Test): Promise<readonly [Node, Node]> {
  const [database, redis] = [await createTestDatabase(), await startRedis()];
  const folder = await mkdtemp(join(tmpdir(), 'rolling-'));
  t.teardown(async () => {
    await Promise.all([database.drop(), redis.stop()]);
    await rm(folder, { recursive: true, force: true });
  });
  const shared = {
    ...{ DATABASE_URL: database.url, REDIS_URL: redis.url, DRAIN_DELAY: '2s' },
    ...{ KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64'), TRUSTED_PROXIES: '127.0.0.1' },
  };
  const aNode = async (name: string): Promise<Node> => {
    const dataDir = join(folder, name);
    const ports = { HTTP_PORT: String(await freePort()), GRPC_PORT: String(await freePort()) };
    const start = () => startServer(dataDir, { ...shared, ...ports });
    const node = {
      server: await start(),
      dataDir,
      ports,
      async start() {
        node.server = await start();
      },
    };
    t.teardown(() => node.server.stop());
    return node;
  };
  return [await aNode('one'), await aNode('two')];
}

/** The block of the page, with the addresses of this machine in place of its own. */
async function configurationOf([one, two]: readonly [Node, Node], tls: string) {
  const page = await readFile(inCheckout('docs/proxies.md'), 'utf8');
  const [, written = ''] = /^```nginx\n(.*?)^```$/ms.exec(page) ?? [];
  const [httpPort, grpcPort] = [await freePort(), await freePort()];
  const here: readonly [was: string, is: string][] = [
    ['10.0.0.1:8080', `127.0.0.1:${one.ports.HTTP_PORT}`],
    ['10.0.0.2:8080', `127.0.0.1:${two.ports.HTTP_PORT}`],
    ['10.0.0.1:50051', `127.0.0.1:${one.ports.GRPC_PORT}`],
    ['10.0.0.2:50051', `127.0.0.1:${two.ports.GRPC_PORT}`],
    ['listen 443 ', `listen 127.0.0.1:${httpPort} `],
    ['listen 50051 ', `listen 127.0.0.1:${grpcPort} `],
    ['/etc/nginx/auth.example.com', tls],
  ];
  let configuration = written;
  for (const [was, is] of here) {
    if (!configuration.includes(was)) throw new Error(`docs/proxies.md: no ${was}`);
    configuration = configuration.replaceAll(was, is);
  }
  return { configuration, httpPort, grpcPort };
}

interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: bodies of several shapes
  readonly body: any;
}

/** One client of the proxy, with connections that it keeps. */
function proxyClient(port: number, ca: Buffer) {
  const agent = new Agent({ keepAlive: true, ca, localAddress: clientAddress });
  const call = (method: string, path: string, body?: object, token?: string) =>
    new Promise<Answer>((resolve, reject) => {
      const headers = {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      };
      const asked = request(
        { agent, port, method, path, headers, host: '127.0.0.1', servername: 'localhost' },
        (answer) => {
          let text = '';
          answer.setEncoding('utf8').on('data', (chunk: string) => {
            text += chunk;
          });
          answer.once('error', reject);
          const read = () => (text.startsWith('{') ? JSON.parse(text) : text);
          answer.once('end', () => resolve({ status: answer.statusCode ?? 0, body: read() }));
        },
      );
      asked.once('error', reject);
      asked.end(body === undefined ? undefined : JSON.stringify(body));
    });
  return { call, close: () => agent.destroy() };
}

t.test('a rolling restart behind nginx fails no request, and cuts no guard off', async (t) => {
  const nodes = await twoNodes(t);
  const tls = await openCertificateFolder();
  t.teardown(() => tls.remove());
  const ca = await tls.newCa();
  const { certificate, key } = await ca.issue('DNS:localhost');
  await tls.write('server.pem', certificate);
  await tls.write('server.key', key);
  const { configuration, httpPort, grpcPort } = await configurationOf(nodes, tls.path('server'));
  const nginx = await startNginx(configuration);
  t.teardown(() => nginx.stop());
  const { call, close } = proxyClient(httpPort, ca.certificate);
  t.teardown(close);
  const serviceToken = await aServiceToken(nodes[0]);
  const rpc = createRpcClient(
    `localhost:${grpcPort}`,
    serviceToken,
    credentials.createSsl(Buffer.from(ca.certificate)),
  );
  t.teardown(() => rpc.close());

  t.equal((await call('POST', '/auth/register', { email, password })).status, 201);
  t.equal((await call('GET', '/metrics')).status, 404, 'nothing of operations is shown');
  const first = (await call('POST', '/auth/login', { email, password })).body;
  const { sessions } = (await call('GET', '/auth/sessions', undefined, first.access_token)).body;
  t.equal(sessions[0].ip, clientAddress, 'and nginx is believed about where clients come from');

  const faults: string[] = [];
  const guards = Array.from({ length: 4 }, () =>
    openGuard({
      authority: nodes.map(({ ports }) => `127.0.0.1:${ports.GRPC_PORT}`),
      ...{ audience: 'countersign', serviceToken, withoutLease: 'refuse' },
      hooks: { fault: ({ kind, message }) => void faults.push(`${kind}: ${message}`) },
    }),
  );
  t.teardown(() => Promise.all(guards.map((guard) => guard.close())));
  await Promise.all(guards.map((guard) => guard.ready()));

  const done: Record<string, number> = { login: 0, logout: 0, refresh: 0, check: 0, guard: 0 };
  const failed: string[] = [];
  let running = true;
  const one = async (what: string, work: () => Promise<unknown>, expected?: number) => {
    const said = await work().catch((error: Error) => error.message);
    const good = expected === undefined ? typeof said === 'object' : (said as Answer).status === expected;
    done[what] = (done[what] ?? 0) + 1;
    if (!good) failed.push(`${what}: ${JSON.stringify(said)}`);
    return said as Answer;
  };
  const loops: (() => Promise<void>)[] = [
    async () => {
      const login = await one('login', () => call('POST', '/auth/login', { email, password }), 200);
      const body = { refresh_token: login.body?.refresh_token };
      await one('logout', () => call('POST', '/auth/logout', body), 204);
    },
    async () =>
      void (await one('check', () => rpc.call('isRevoked', { jti: claimsOf(first.access_token).jti }))),
    async () => void (await one('check', () => rpc.call('introspect', { token: first.access_token }))),
    async () => {
      for (const guard of guards) await one('guard', () => guard.verify(first.access_token));
      // A guard is done in microseconds, and others want to work, too.
      await new Promise((resolve) => setImmediate(resolve));
    },
  ];
  const refreshing = async () => {
    let { refresh_token } = (await call('POST', '/auth/login', { email, password })).body;
    while (running) {
      const answer = await one('refresh', () => call('POST', '/auth/refresh', { refresh_token }), 200);
      refresh_token = answer.body?.refresh_token;
    }
  };
  const workers = [
    ...loops.map(async (loop) => {
      while (running) await loop();
    }),
    ...Array.from({ length: 3 }, refreshing),
  ];
  const count = (what: string) => done[what] ?? 0;
  const more = async () => {
    const [logins, refreshes, checks] = [count('login'), count('refresh'), count('check')];
    const goesOn = () =>
      count('login') > logins + 3 && count('refresh') > refreshes + 20 && count('check') > checks + 50;
    await eventually('work goes on', goesOn, 30_000);
  };

  for (const node of nodes) {
    await more();
    node.server.process.signal('SIGTERM');
    t.strictSame(await node.server.process.exited, { code: 0, signal: null });
    await more();
    await node.start();
  }
  await more();
  running = false;
  await Promise.all(workers);
  if (!t.strictSame(failed, [])) t.comment(nginx.errors());
  t.strictSame(faults, [], 'guards moved');
  t.comment(JSON.stringify(done));
  t.ok(Object.values(done).every((times) => times > 10));
});

async function aServiceToken({ dataDir }: Node): Promise<string> {
  const lines: string[] = [];
  const allowed = permissions.flatMap((permission) => ['--permission', permission]);
  const request = { argv: ['services', 'create', 'rolling', ...allowed], input: undefined };
  await askRunning(dataDir, request, { out: (line) => void lines.push(line), err: () => {} });
  return lines.at(-1) ?? '';
}
