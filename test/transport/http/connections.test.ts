/** Connections over HTTP on which nothing is being answered: there are only so many, and no stranger keeps others out (row H4). */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { httpLimits } from '../../../src/transport/http/limits.ts';
import { startAuthority, type TestAuthority } from '../../support/authority.ts';
import { eventually } from '../../support/eventually.ts';

const most = httpLimits.httpIdleConnectionsOfAddress;

/** Each says so much, and no more. */
async function open(t: Test, { httpPort }: TestAuthority, count: number, said: string): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => connect(httpPort, '127.0.0.1').on('error', () => {}));
  t.teardown(() => sockets.forEach((socket) => void socket.destroy()));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  for (const socket of sockets) socket.resume().write(said);
  return sockets;
}

const head =
  'POST /auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n';
const closed = (sockets: readonly Socket[]) => sockets.filter(({ destroyed }) => destroyed).length;

t.test('whoever comes finds a place', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const [, done] = [
    await authority.register('alice@example.com'),
    await authority.login('alice@example.com'),
  ];
  for (const [what, said] of [
    ['says nothing', ''],
    ['never ends its headers', head],
    ['never ends its body', `${head}\r\n{`],
    ['was answered and keeps the connection', 'GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n'],
  ] as const)
    await t.test(`beside 1,100 of which each ${what}`, async (t) => {
      const first = await open(t, authority, 10, said);
      await open(t, authority, most, said);
      await eventually('the oldest gave way', () => closed(first) === first.length);
      t.match(await authority.call('GET', '/auth/me', { token: done.access_token }), { status: 200 });
      t.match(await authority.call('POST', '/auth/login', { body: {} }), { status: 400 });
    });
  const { body } = await authority.operations('GET', '/metrics');
  t.match(body, /connections_dropped_total\{where="http",limit="address"\} [1-9]/);
});

t.test('a trusted proxy may have more connections than one address', async (t) => {
  const authority = await startAuthority({ env: { TRUSTED_PROXIES: '127.0.0.0/8' } });
  t.teardown(() => authority.stop());
  const sockets = await open(t, authority, most + 10, '');
  t.match(await authority.call('GET', '/health/live'), { status: 200 });
  t.equal(closed(sockets), 0);
});

t.test('a connection that is used, also for keys alone, is not an old one', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  for (const path of ['/.well-known/jwks.json', '/health/live']) {
    const [used] = await open(t, authority, 1, '');
    const older = await open(t, authority, most - 10, '');
    used?.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
    await once(used as Socket, 'data');
    await open(t, authority, 20, '');
    await eventually('the oldest gave way', () => closed(older) > 0);
    t.equal(used?.destroyed, false, path);
  }
});
