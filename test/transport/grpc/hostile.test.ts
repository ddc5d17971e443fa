/** What hostile callers send (rows G1 to G16): a clear refusal each, and nobody else notices. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { SessionId } from '@countersign/verifier/ids';
import { newJti } from '@countersign/verifier/tokens/jti';
import t from 'tap';
import { newId } from '../../../src/platform/newId.ts';
import { grpcLimits } from '../../../src/transport/grpc/limits.ts';
import { startAuthority } from '../../support/authority.ts';
import { statusOf } from '../../support/clients.ts';
import { eventually } from '../../support/eventually.ts';
import { field, frame, openRaw, type RawRequest } from '../../support/rawGrpc.ts';
import { createRpcClient, refusalOf } from '../../support/rpcClient.ts';

const jti = () => newJti(newId<SessionId>(Date.now()), Date.now(), 0);
const good = () => field(1, Buffer.from(jti()));
const text = (number: number, value: string) => field(number, Buffer.from(value));
const ok = '0';
const invalidArgument = '3';
const deadlineExceeded = '4';
const exhausted = '8';
const unimplemented = '12';
const unauthenticated = '16';

/** What the answer's details say, where it has any. */
const reasons: Record<string, string> = {
  [invalidArgument]: 'INVALID_REQUEST',
  [deadlineExceeded]: 'DEADLINE_EXCEEDED',
  [exhausted]: 'PAYLOAD_TOO_LARGE',
  [unimplemented]: 'UNIMPLEMENTED',
  [unauthenticated]: 'TOKEN_REQUIRED',
};

const megabytes = (count: number) => Buffer.alloc(count * 1024 * 1024);
const gzip = { 'grpc-encoding': 'gzip' };
const nothing = Buffer.alloc(0);
const invalidUtf8 = Buffer.from([0xff, 0xfe, 0x80, 0xc0]);

type Row = readonly [row: string, what: string, request: RawRequest, status: string | readonly string[]];

const rows: readonly Row[] = [
  [
    'G1',
    'a message over 64 KB',
    { body: frame(field(2, Buffer.alloc(grpcLimits.grpcRequestBytes))) },
    exhausted,
  ],
  ['G1', 'a message of 5 MB', { body: frame(megabytes(5)) }, exhausted],
  ['G1', 'a length of 4 GB', { body: frame(good(), { length: 0xffffffff }), unfinished: true }, exhausted],
  [
    'G2',
    'a bomb: 50 MB in 50 KB',
    { headers: gzip, body: frame(gzipSync(megabytes(50)), { compressed: 1 }) },
    exhausted,
  ],
  [
    'G2',
    'a small bomb: 512 KB',
    { headers: gzip, body: frame(gzipSync(Buffer.alloc(512 * 1024)), { compressed: 1 }) },
    exhausted,
  ],
  ['G2', 'compressed as it says', { headers: gzip, body: frame(gzipSync(good()), { compressed: 1 }) }, ok],
  [
    'G2',
    'not compressed as it says',
    { headers: gzip, body: frame(good(), { compressed: 1 }) },
    invalidArgument,
  ],
  [
    'G3',
    'an encoding that nobody has',
    { headers: { 'grpc-encoding': 'br' }, body: frame(good(), { compressed: 1 }) },
    unimplemented,
  ],
  [
    'G4',
    'compressed and not saying so',
    { body: frame(gzipSync(good()), { compressed: 1 }) },
    invalidArgument,
  ],
  ['G4', 'garbage', { body: frame(Buffer.from('\xff\xff\xff\xff\xff', 'latin1')) }, invalidArgument],
  ['G4', 'a field that ends too early', { body: frame(good().subarray(0, 20)) }, invalidArgument],
  [
    'G4',
    'a field that says it is longer than the message',
    { body: frame(Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f])) },
    invalidArgument,
  ],
  ['G4', 'nested groups without an end', { body: frame(Buffer.alloc(60_000, 0x0b)) }, invalidArgument],
  ['G5', 'no message', { body: nothing }, unimplemented],
  ['G5', 'two messages', { body: Buffer.concat([frame(good()), frame(good())]) }, unimplemented],
  [
    'G6',
    'metadata of 9 KB',
    { headers: { 'x-large': 'x'.repeat(9 * 1024) }, body: frame(good()) },
    exhausted,
  ],
  [
    'G6',
    'metadata of 60 KB',
    { headers: { 'x-large': 'x'.repeat(60 * 1024) }, body: frame(good()) },
    exhausted,
  ],
  ['G6', 'metadata of 7 KB', { headers: { 'x-large': 'x'.repeat(7 * 1024) }, body: frame(good()) }, ok],
  ['G8', 'grpc-timeout: abc', { headers: { 'grpc-timeout': 'abc' }, body: frame(good()) }, invalidArgument],
  [
    'G8',
    'grpc-timeout: 0m',
    { headers: { 'grpc-timeout': '0m' }, body: frame(good()), unfinished: true },
    deadlineExceeded,
  ],
  [
    'G8',
    'grpc-timeout: 1n, and never a request',
    { headers: { 'grpc-timeout': '1n' }, unfinished: true },
    deadlineExceeded,
  ],
  // Read as what follows the sign, or cut to 32 bits: never longer than ours.
  ['G8', 'grpc-timeout: -1S', { headers: { 'grpc-timeout': '-1S' }, body: frame(good()) }, ok],
  [
    'G8',
    'grpc-timeout: 99999999H',
    { headers: { 'grpc-timeout': '99999999H' }, body: frame(good()) },
    [ok, deadlineExceeded],
  ],
  ['G9', 'a jti that is no UTF-8', { body: frame(field(1, Buffer.alloc(36, 0xff))) }, invalidArgument],
  ['G9', 'an external id that is no UTF-8', { body: frame(field(2, invalidUtf8)) }, invalidArgument],
  [
    'G9',
    'a kid that is no UTF-8',
    { body: frame(Buffer.concat([good(), field(3, invalidUtf8)])) },
    invalidArgument,
  ],
  ['G9', 'a jti with a zero byte', { body: frame(text(1, `${jti().slice(0, 35)}\0`)) }, invalidArgument],
  ['G11', 'no token', { headers: { authorization: '' }, body: frame(good()) }, unauthenticated],
  [
    'G11',
    'two tokens in one',
    { headers: { authorization: 'Bearer a, Bearer b' }, body: frame(good()) },
    unauthenticated,
  ],
  [
    'G11',
    'no method of ours',
    { path: '/countersign.v1.TokenService/Nothing', body: frame(good()) },
    unimplemented,
  ],
  [
    'G11',
    'no service of ours',
    { path: '/countersign.v2.TokenService/IsRevoked', body: frame(good()) },
    unimplemented,
  ],
  [
    'G11',
    'a name of every object',
    { path: '/countersign.v1.TokenService/constructor', body: frame(good()) },
    unimplemented,
  ],
  [
    'G15',
    'a million ids',
    {
      path: '/countersign.v1.TokenService/BatchIsRevoked',
      body: frame(Buffer.alloc(1_000_000, Buffer.from([0x0a, 0]))),
    },
    invalidArgument,
  ],
];

t.test('one authority', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const { grpcPort, serviceToken } = authority;
  const open = () => openRaw(grpcPort, serviceToken);
  const served = async () => (await statusOf(authority.grpc.isRevoked(jti()))) === 'OK';

  t.test('a row each', async (t) => {
    for (const [row, what, request, expected] of rows) {
      const raw = open();
      const { status, details } = await raw.send(request);
      t.ok([expected].flat().includes(status), `${row} ${what}: ${status}`);
      const { ErrorInfo } = details;
      // Nothing is registered under an unknown path, so that nothing of ours answers there.
      const ofNobody = status === unimplemented && request.path !== undefined;
      if (status !== ok && !ofNobody)
        t.match(ErrorInfo, { reason: reasons[status], domain: 'countersign' }, `${row} ${what}`);
      raw.close();
      t.ok(await served(), `${row}: others are served`);
    }
  });

  t.test('G5, G10: what is no gRPC', async (t) => {
    const raw = open();
    t.teardown(() => raw.close());
    t.match(await raw.send({ headers: { 'content-type': 'application/json' }, body: Buffer.from('{}') }), {
      http: 415,
    });
    const get = await raw.send({ headers: { ':method': 'GET' } });
    t.not(get.status, ok, `GET: HTTP ${get.http}, status ${get.status}`);
    t.ok(await served());
  });

  t.test('G7: 200 header pairs end that call only', async (t) => {
    const raw = open();
    t.teardown(() => raw.close());
    const headers = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`x-${index}`, 'y']));
    const refused = await raw.send({ headers, body: frame(good()) });
    t.match(refused, { status: '', reset: 11 });
    t.match(await raw.send({ body: frame(good()) }), { status: ok });
  });

  t.test('G12: health is for everybody, and says it of each service', async (t) => {
    const raw = openRaw(grpcPort, 'nobody');
    t.teardown(() => raw.close());
    const path = '/grpc.health.v1.Health/Check';
    for (const name of ['', 'countersign.v1.TokenService', 'countersign.v1.SessionService'])
      t.match(
        await raw.send({ path, body: frame(name === '' ? nothing : text(1, name)) }),
        { status: ok },
        name,
      );
    t.match(await raw.send({ path, body: frame(text(1, 'nothing')) }), { status: '5' });
  });

  t.test('G13: a connection has so many streams and no more', async (t) => {
    const raw = open();
    t.teardown(() => raw.close());
    await raw.send({ body: frame(good()) });
    const { maxConcurrentStreams } = raw.session.remoteSettings;
    t.equal(maxConcurrentStreams, grpcLimits.grpcStreamsPerConnection);
    for (let hoarded = 0; hoarded < grpcLimits.grpcStreamsPerConnection; hoarded += 1)
      void raw.send({ unfinished: true });
    t.ok(await served(), 'who hoards them all takes nothing from others');
  });

  t.test('G13: connections that say nothing, and answers that nobody reads', async (t) => {
    const silent = Array.from({ length: 300 }, () => connect(grpcPort, '127.0.0.1'));
    await Promise.all(silent.map((socket) => once(socket, 'connect')));
    const raw = open();
    await raw.send({ body: frame(good()) });
    const path = '/countersign.v1.TokenService/BatchIsRevoked';
    const body = frame(Buffer.concat(Array.from({ length: 5_000 }, good)));
    for (let sent = 0; sent < 100; sent += 1) void raw.send({ path, body, unread: true });
    t.ok(await served());
    for (const socket of silent) socket.destroy();
    raw.close();
  });

  t.test('G14: a storm of cancelled calls leaves nothing behind', async (t) => {
    const client = createRpcClient(`127.0.0.1:${grpcPort}`, serviceToken);
    t.teardown(() => client.close());
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    await client.call('IsRevoked', { jti: jti() });
    const before = timers();
    const calls = Array.from({ length: 2_000 }, (_, index) =>
      statusOf(client.cancel(index % 2 === 0 ? 'IsRevoked' : 'Introspect', { jti: jti(), token: 'x' })),
    );
    t.strictSame([...new Set(await Promise.all(calls))], ['CANCELLED']);
    t.ok(await served());
    t.ok(
      await eventually('no timer is left', async () => timers() <= before + 5),
      `${timers()} after ${before}`,
    );
  });

  t.test('G16: ids cannot be found by asking: every answer has the same shape', async (t) => {
    const client = createRpcClient(`127.0.0.1:${grpcPort}`, serviceToken);
    t.teardown(() => client.close());
    await authority.register('alice@example.com');
    const { access_token: token } = await authority.login('alice@example.com');
    const [, payload = ''] = token.split('.');
    const live = JSON.parse(Buffer.from(payload, 'base64url').toString()).jti as string;
    const [ofLive, ofNobody] = await Promise.all(
      [live, jti()].map((id) => client.call('IsRevoked', { jti: id })),
    );
    t.strictSame(ofLive, ofNobody);
  });

  t.test('a storm of resets (H11) ends that connection only', async (t) => {
    const raw = open();
    const closed = new Promise<void>((resolve) => raw.session.on('close', resolve));
    for (let sent = 0; sent < 20_000 && !raw.session.destroyed; sent += 1) {
      const stream = raw.session.request({
        ':method': 'POST',
        ':path': '/x',
        'content-type': 'application/grpc',
      });
      stream.on('error', () => {});
      stream.close(8);
      if (sent % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    raw.close();
    await closed;
    t.ok(await served());
  });

  t.test('refusals tell programs why', async (t) => {
    const client = createRpcClient(`127.0.0.1:${grpcPort}`, serviceToken);
    t.teardown(() => client.close());
    t.match(await refusalOf(client.call('IsRevoked', { jti: 'x' })), {
      code: 'INVALID_ARGUMENT',
      details: /^jti: /,
      reason: 'INVALID_REQUEST',
      domain: 'countersign',
      field: 'jti',
    });
    const checker = { name: 'checker', permissions: ['tokens.check'] } as const;
    const { token } = await authority.authority.operations.createService(checker, { name: 'operator' });
    const denied = client.call('ListKeys', {}, { token });
    t.match(await refusalOf(denied), { reason: 'PERMISSION_DENIED', field: undefined });
    const large = client.call('IsRevoked', { jti: jti() }, { metadata: { 'x-large': 'x'.repeat(9_000) } });
    t.match(await refusalOf(large), {
      code: 'RESOURCE_EXHAUSTED',
      reason: 'PAYLOAD_TOO_LARGE',
      field: 'metadata',
    });
  });

  t.test('nothing of all this was an error of ours', async (t) => {
    t.notMatch(authority.log(), /"level":"(error|fatal)"/);
    t.notMatch(authority.log(), /eyJ|rt_[\w-]{20}|st_[\w-]{40}|[$]argon2/, 'and no secret was logged');
  });
});
