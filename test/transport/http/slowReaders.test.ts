/** Who asks for much and reads nothing (H4): the same bytes for all of them, no open files, and a place that others can take. */
import { once } from 'node:events';
import { readdir, readFile, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { AuthorityError } from '@countersign/verifier/errors';
import t, { type Test } from 'tap';
import { createLog } from '../../../src/platform/observability/log.ts';
import { createMetrics } from '../../../src/platform/observability/metrics.ts';
import { createBareApp, listen } from '../../../src/transport/http/bareApp.ts';
import { limitConnections } from '../../../src/transport/http/connections.ts';
import { httpLimits } from '../../../src/transport/http/limits.ts';
import { eventually } from '../../support/eventually.ts';
import { copyOfEmbeddedDatabase } from '../../support/pglite.ts';
import { startServer } from '../../support/server.ts';

const mostAtOnce = httpLimits.httpRequestsAtOnce;
const largest = '/docs/static/swagger-ui-bundle.js';
const asking = (path: string) => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`;

/** None of them reads. */
async function open(t: Test, port: number, count: number, said: string): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => connect(port, '127.0.0.1').on('error', () => {}));
  t.teardown(() => sockets.forEach((socket) => void socket.destroy()));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  for (const socket of sockets) socket.pause().write(said);
  return sockets;
}

async function costsOf(pid: number) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const megabytes = Number(/VmRSS:\s*(\d+) kB/.exec(status)?.[1]) / 1024;
  return { megabytes, descriptors: (await readdir(`/proc/${pid}/fd`)).length };
}

t.test('100 who ask for the largest file and read nothing', async (t) => {
  const dataDir = await copyOfEmbeddedDatabase();
  const server = await startServer(dataDir);
  t.teardown(async () => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  });
  const { pid } = server.process;
  const metric = async (pattern: RegExp) =>
    Number(pattern.exec((await server.operations('GET', '/metrics')).body)?.[1] ?? 0);
  const begun = () =>
    metric(/countersign_http_request_seconds_count\{[^}]*route="\/health\/live"[^}]*\} (\d+)/);
  const idle = () => metric(/countersign_http_idle_connections (\d+)/);
  const dropped = () => metric(/connections_dropped_total\{where="http",limit="requests"\} (\d+)/);
  const { headers } = await server.call('GET', largest);
  const size = Number(headers.get('content-length'));
  t.ok(size > 1_000_000, `${size}`);

  const before = await costsOf(pid);
  await open(t, server.httpPort, 100, asking('/health/live') + asking(largest).repeat(mostAtOnce - 1));
  await eventually('all are being answered', async () => (await begun()) >= 100 && (await idle()) >= 100);
  const after = await costsOf(pid);
  const [descriptors, megabytes] = [
    after.descriptors - before.descriptors,
    Math.round(after.megabytes - before.megabytes),
  ];
  t.ok(descriptors <= 100 + 20, `${mostAtOnce} requests each: ${descriptors} descriptors`);
  t.ok(megabytes < 40, `${megabytes} MB`);

  await open(t, server.httpPort, 100, asking(largest).repeat(20));
  await eventually('20 at once are too many', async () => (await dropped()) === 100);
  t.ok((await costsOf(pid)).descriptors <= after.descriptors + 20, 'nothing of them is left');

  const etag = headers.get('etag') ?? '';
  t.match(await server.call('GET', largest, { headers: { 'if-none-match': etag } }), { status: 304 });
  for (const path of ['/docs/static/', '/docs/static/../lib/routes.js', '/docs/static/%2e%2e%2fpackage.json'])
    t.match(await server.call('GET', path), { status: 404 }, path);
});

t.test('an answer that is not read keeps no place, one that is being worked on does', async (t) => {
  const app = await createBareApp({
    log: createLog('silent'),
    elsewhere: () => new AuthorityError('not_found'),
    onRefusal: () => {},
  });
  const dropped: string[] = [];
  let idle = () => 0;
  limitConnections(app, {
    metrics: {
      connectionDropped: (_where, limit) => void dropped.push(limit),
      gauge: (_name, _help, read) => {
        idle = read;
      },
    },
    trustedProxies: [],
  });
  let working = 0;
  app.get('/work', () => {
    working += 1;
    return new Promise(() => {});
  });
  app.get('/endless', (_request, reply) => {
    const stream = new PassThrough();
    stream.write('x');
    return reply.send(stream);
  });
  const port = await listen(app, 'HTTP_PORT', { host: '127.0.0.1', port: 0 });
  t.teardown(() => app.close());
  const most = httpLimits.httpIdleConnectionsOfAddress;

  const owners = await open(t, port, 5, asking('/work'));
  await eventually('they are worked on', () => working === owners.length && idle() === 0);
  await open(t, port, 5, asking('/endless') + asking('/work'));
  await eventually('also behind an answer that is not read', () => working === 10 && idle() === 0);
  await open(t, port, most + 10, asking('/endless'));
  await eventually('the oldest gave way', () => dropped.length === 10 && idle() === most);
  t.strictSame([...new Set(dropped)], ['address']);
  t.strictSame(owners.filter(({ destroyed, readableEnded }) => destroyed || readableEnded).length, 0);
});

t.test('whatever is asked for, one connection asks for a few things at once', async (t) => {
  const app = await createBareApp({
    log: createLog('silent'),
    elsewhere: () => new AuthorityError('not_found'),
    onRefusal: () => {},
  });
  const dropped: string[] = [];
  const metrics = createMetrics();
  limitConnections(app, {
    metrics: { ...metrics, connectionDropped: (_where, limit) => void dropped.push(limit) },
    trustedProxies: ['127.0.0.0/8'],
  });
  let working = 0;
  app.get('/work', () => {
    working += 1;
    return new Promise(() => {});
  });
  const port = await listen(app, 'HTTP_PORT', { host: '127.0.0.1', port: 0 });
  t.teardown(() => app.close());
  await open(t, port, 1, asking('/work').repeat(1_000));
  await eventually('it is dropped', () => dropped.length === 1);
  t.equal(working, mostAtOnce, 'and what came with it is not begun');
  const many = asking('/work') + asking('/%').repeat(1_000);
  await open(t, port, 1, many);
  await eventually('addresses that are none', () => dropped.length === 2);
  await open(t, port, 1, asking('/work') + 'GET / HTTP/1.1\r\nhost: x\r\nexpect: a\r\n\r\n'.repeat(1_000));
  await eventually('expectations', () => dropped.length === 3);
  t.strictSame([...new Set(dropped)], ['requests']);

  const [socket] = await open(t, port, 1, '');
  let text = '';
  socket?.resume().on('data', (chunk) => {
    text += chunk;
  });
  for (let count = 1; count <= 3 * mostAtOnce; count += 1) {
    socket?.write(asking('/nowhere'));
    await eventually(`answer ${count}`, () => text.split('"not_found"').length === count + 1);
  }
  t.equal(dropped.length, 3, 'one after the other as many as it likes');
});
