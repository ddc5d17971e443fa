/** Clients that send or read slowly, or not at all (H4): they are answered or cut off, and hold nothing for long. */
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { AuthorityError } from '@countersign/verifier/errors';
import t from 'tap';
import { createLog } from '../../../src/platform/observability/log.ts';
import { propagationLimits } from '../../../src/revocation/propagation/limits.ts';
import { createBareApp, listen } from '../../../src/transport/http/bareApp.ts';
import { httpLimits } from '../../../src/transport/http/limits.ts';

const createApp = () =>
  createBareApp({
    log: createLog('silent'),
    elsewhere: () => new AuthorityError('not_found'),
    onRefusal: () => {},
  });

t.test('every wait has an end', async (t) => {
  const app = await createApp();
  const { server } = app;
  t.equal(server.headersTimeout, httpLimits.httpRequestMilliseconds, 'headers');
  t.equal(server.requestTimeout, httpLimits.httpRequestMilliseconds, 'the whole request');
  t.equal(server.keepAliveTimeout, httpLimits.httpKeepAliveMilliseconds, 'between two requests');
  t.equal(server.timeout, httpLimits.httpWatch.silenceMilliseconds, 'an answer that nobody reads');
  t.ok(
    httpLimits.httpWatch.lookMilliseconds * 5 <= httpLimits.httpRequestMilliseconds,
    'and is looked after in time',
  );
  t.ok(
    httpLimits.httpWatch.silenceMilliseconds > propagationLimits.leaseMaximumMilliseconds + 30_000,
    'no logout is cut off',
  );
  await app.close();
});

t.test('the end of a wait is an answer, within the interval of looking', async (t) => {
  const app = await createApp();
  app.post('/echo', async ({ body }) => ({ body }));
  // Nothing but the patience is another than that of the authority.
  Object.assign(app.server, { headersTimeout: 100, requestTimeout: 100 });
  const port = await listen(app, 'HTTP_PORT', { host: '127.0.0.1', port: 0 });
  t.teardown(() => app.close());
  const table: [name: string, bytes: string][] = [
    ['half a request line', 'POST /ec'],
    ['half of the headers', 'POST /echo HTTP/1.1\r\nhost: x\r\nx-a'],
    [
      'half a body',
      'POST /echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{',
    ],
    [
      'no second chunk',
      'POST /echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n',
    ],
    ['nothing at all', ''],
  ];
  const begun = performance.now();
  const answers = await Promise.all(
    table.map(async ([name, bytes]) => {
      const socket = connect(port, '127.0.0.1');
      socket.write(bytes);
      return [name, await text(socket)] as const;
    }),
  );
  for (const [name, answer] of answers) {
    t.match(answer, /^HTTP\/1\.1 408 [\s\S]*"code":"request_timeout"/, name);
    t.match(answer, /\r\nconnection: close\r\n/i, `${name}: and hangs up`);
  }
  const most = 10 * httpLimits.httpWatch.lookMilliseconds;
  t.ok(performance.now() - begun < most, 'Node by itself looks after 30 s only');
});

t.test('who reads no answer is cut off, and what waits for him is little', async (t) => {
  const app = await createApp();
  const large = 'x'.repeat(1024 * 1024);
  let asked = 0;
  app.get('/large', async () => {
    asked += 1;
    return large;
  });
  app.server.setTimeout(300);
  const port = await listen(app, 'HTTP_PORT', { host: '127.0.0.1', port: 0 });
  t.teardown(() => app.close());
  const requests = 20_000;
  const socket = connect(port, '127.0.0.1').pause();
  const closed = new Promise<void>((resolve) => {
    app.server.once('connection', (theirs) => theirs.once('close', () => resolve()));
  });
  socket.on('error', () => {});
  socket.write('GET /large HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(requests));
  await closed;
  t.pass('cut off');
  t.ok(asked < requests / 4, `of ${requests} pipelined requests ${asked} were taken up`);
  socket.destroy();
});
