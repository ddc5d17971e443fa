/** A connection of the SDK: addresses, TLS with the name of the server, and ends that are nobody's fault. */
import dns from 'node:dns';
import { once } from 'node:events';
import { createSecureServer, createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { systemClock } from '@countersign/verifier/clock';
import { loadContract } from '@countersign/verifier/contract/contract';
import t from 'tap';
import type { Method } from '../../packages/guard/src/call.ts';
import { connect } from '../../packages/guard/src/connection.ts';
import { GuardOptionsError, readOptions } from '../../packages/guard/src/options.ts';
import { openCertificateFolder } from '../support/certificates.ts';
import { eventually } from '../support/eventually.ts';
import { serviceToken } from '../support/guards.ts';

const { Introspect } = loadContract().v1.TokenService.service;
const parts = { clock: systemClock, serviceToken, tls: undefined };

t.test('addresses that cannot be connected to are refused as options', async (t) => {
  const options = (authority: string) => ({ authority, audience: 'x', serviceToken, allowPlaintext: true });
  for (const address of [
    '[127.0.0.1]:50051',
    '[::1::]:50051',
    '[1.2]:50051',
    'node.1:50051',
    '127.0.0.256:50051',
    '1.2.3.4.5:50051',
    'xn--a:50051',
  ])
    t.throws(() => readOptions(options(address)), GuardOptionsError, address);
  for (const address of [
    '[::1]:50051',
    '[::ffff:127.0.0.1]:50051',
    '127.0.0.1:80',
    'node-1.a_b.internal:50051',
  ])
    t.equal(readOptions(options(address)).addresses[0]?.text, address);
});

t.test('whatever the address, a connection that cannot be is an error and no crash', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const address = { host: '127.0.0.1', port, text: `[127.0.0.1]:${port}` };
  await t.rejects(connect(address, parts).connected, { name: 'RpcError', status: 'UNAVAILABLE' });
});

t.test('an outage is one of the network, however many addresses the name has', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const { lookup } = dns;
  t.teardown(() => {
    dns.lookup = lookup;
  });
  const addresses = [
    { address: '127.0.0.1', family: 4 },
    { address: '127.0.0.2', family: 4 },
  ];
  dns.lookup = ((_name: string, _options: unknown, done: (error: null, list: typeof addresses) => void) =>
    done(null, addresses)) as unknown as typeof lookup;
  const address = { host: 'authority.example', port, text: `authority.example:${port}` };
  for (const tls of [undefined, { ca: '' }])
    await t.rejects(connect(address, { ...parts, tls }).connected, {
      name: 'RpcError',
      ofTls: false,
      message: /ECONNREFUSED 127\.0\.0\.1/,
    });
});

t.test('a server is told by which name it was called', async (t) => {
  const folder = await openCertificateFolder();
  t.teardown(folder.remove);
  const ca = await folder.newCa();
  const { certificate: cert, key } = await ca.issue('DNS:localhost,IP:127.0.0.1');
  const names: unknown[] = [];
  const server = createSecureServer({ cert, key }).listen(0, '127.0.0.1');
  server.on('secureConnection', (socket) => names.push(socket.servername));
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  for (const host of ['localhost', '127.0.0.1']) {
    const address = { host, port, text: `${host}:${port}` };
    (await connect(address, { ...parts, tls: { ca: ca.certificate } }).connected).close();
  }
  t.strictSame(names, ['localhost', false], 'and an IP address is no name (RFC 6066)');
});

t.test('a connection that has ended since is UNAVAILABLE, and no fault of the protocol', async (t) => {
  for (const how of ['goodbye', 'reset'] as const) {
    const server = createServer().listen(0, '127.0.0.1');
    server.on('session', (session) => {
      session.on('error', () => {});
      t.teardown(() => session.destroy());
      if (how === 'reset') session.once('localSettings', () => session.destroy());
      else session.goaway();
    });
    await once(server, 'listening');
    t.teardown(() => server.close());
    const { port } = server.address() as AddressInfo;
    const address = { host: '127.0.0.1', port, text: `127.0.0.1:${port}` };
    const connection = await connect(address, parts).connected;
    await eventually('its end', () => !connection.usable());
    const method = Introspect as Method<object, object>;
    await t.rejects(
      connection.ask(method, {}, { milliseconds: 1_000, maximumBytes: 1 }),
      { name: 'RpcError', status: 'UNAVAILABLE' },
      how,
    );
    connection.close();
  }
});
