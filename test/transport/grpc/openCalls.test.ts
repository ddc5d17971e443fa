/** What health and reflection, which anybody may call, can cost a node (row G13), and where messages are inflated. */
import { once } from 'node:events';
import zlib from 'node:zlib';
import type { SessionId } from '@countersign/verifier/ids';
import { newJti } from '@countersign/verifier/tokens/jti';
import t, { type Test } from 'tap';
import { newId } from '../../../src/platform/newId.ts';
import { grpcLimits } from '../../../src/transport/grpc/limits.ts';
import { startAuthority } from '../../support/authority.ts';
import { eventually } from '../../support/eventually.ts';
import { field, frame, openRaw, type RawAnswer } from '../../support/rawGrpc.ts';

const [ok, exhausted, unimplemented, unavailable] = ['0', '8', '12', '14'];
const gzip = { 'grpc-encoding': 'gzip' };
const check = '/grpc.health.v1.Health/Check';
const watch = '/grpc.health.v1.Health/Watch';
const reflection = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
const watchRevocations = '/countersign.v1.RevocationService/WatchRevocations';
const nothing = frame(Buffer.alloc(0));
const packed = (message: Buffer) => frame(zlib.gzipSync(message), { compressed: 1 });
const jti = () => newJti(newId<SessionId>(Date.now()), Date.now(), 0);

/** Counts what the library begins to inflate in this process: in all, and at once at the most. */
function countInflating(t: Test) {
  const counts = { begun: 0, now: 0, most: 0 };
  const { createGunzip } = zlib;
  const replace = (value: typeof createGunzip) =>
    Object.defineProperty(zlib, 'createGunzip', { value, configurable: true, enumerable: true });
  replace((options) => {
    counts.begun += 1;
    counts.now += 1;
    counts.most = Math.max(counts.most, counts.now);
    return createGunzip(options).once('end', () => {
      counts.now -= 1;
    });
  });
  t.teardown(() => void replace(createGunzip));
  return counts;
}

/** A limit that the test can reach. */
function lower(t: Test, name: keyof typeof grpcLimits, value: number): void {
  const changed = grpcLimits as unknown as Record<string, number>;
  const before = changed[name] ?? 0;
  changed[name] = value;
  t.teardown(() => {
    changed[name] = before;
  });
}

t.test('one authority', async (t) => {
  const authority = await startAuthority({ env: { GRPC_REFLECTION: 'on' } });
  t.teardown(() => authority.stop());
  const { grpcPort, serviceToken } = authority;
  const open = (t: Test, token = '') => {
    const raw = openRaw(grpcPort, token);
    t.teardown(() => raw.close());
    return raw;
  };

  await t.test('a frame full of compressed messages inflates none, or one at a time', async (t) => {
    const raw = open(t, serviceToken);
    const one = packed(field(1, Buffer.from(jti())));
    const many = Buffer.concat(Array.from({ length: Math.floor(16_384 / one.length) }, () => one));
    t.ok(many.length / one.length > 100);
    const counts = countInflating(t);
    for (const path of [check, watch, reflection])
      t.match(await raw.send({ path, headers: gzip, body: many }), { status: unimplemented }, path);
    for (const path of ['IsRevoked', 'BatchIsRevoked'].map((name) => `/countersign.v1.TokenService/${name}`))
      t.match(await raw.send({ path, headers: gzip, body: many }), { status: unimplemented }, path);
    t.equal(counts.begun, 0);
    t.match(await raw.send({ headers: gzip, body: one }), { status: ok });
    t.equal(counts.begun, 1);
  });

  await t.test('compressed messages of a stream are all read, in their order', async (t) => {
    const raw = open(t, serviceToken);
    const counts = countInflating(t);
    const start = packed(field(1, field(1, Buffer.from('x'))));
    const renew = (number: number) => packed(field(2, Buffer.from([0x08, number])));
    const renewals = Array.from({ length: 100 }, (_, index) => renew(index + 1));
    const answer = await raw.send({
      path: watchRevocations,
      headers: gzip,
      body: Buffer.concat([start, ...renewals, packed(field(4, Buffer.alloc(0)))]),
    });
    t.match(answer, { status: ok }, 'it left: nothing was out of turn before');
    t.equal(counts.begun, 102);
    t.equal(counts.most, 1);
  });

  await t.test('a stream of reflection ends after so many questions', async (t) => {
    const list = frame(field(7, Buffer.alloc(0)));
    for (const [questions, status] of [
      [grpcLimits.grpcOpenMessages, ok],
      [grpcLimits.grpcOpenMessages + 1, unavailable],
    ] as const) {
      const stream = open(t).session.request({
        ...{ ':method': 'POST', ':path': reflection, 'content-type': 'application/grpc', te: 'trailers' },
      });
      stream.on('error', () => {});
      let answered = 0;
      let received = Buffer.alloc(0);
      const said = new Promise((resolve) => {
        stream.on('trailers', (trailers) => resolve(trailers['grpc-status']));
      });
      stream.on('data', (some: Buffer) => {
        received = Buffer.concat([received, some]);
        while (received.length >= 5 && received.length >= 5 + received.readUInt32BE(1)) {
          received = received.subarray(5 + received.readUInt32BE(1));
          answered += 1;
          if (answered === questions) stream.end();
          else stream.write(list);
        }
      });
      stream.write(list);
      t.equal(await said, status, `${questions} questions`);
      t.equal(answered, grpcLimits.grpcOpenMessages);
    }
  });

  await t.test('what is too long is counted among the refusals', async (t) => {
    const refused = async () => {
      const { body } = await authority.operations('GET', '/metrics');
      return Number(
        /refusals_total\{code="payload_too_large",reason=""\} (\d+)/.exec(String(body))?.[1] ?? 0,
      );
    };
    const before = await refused();
    const body = frame(Buffer.alloc(1), { length: grpcLimits.grpcRequestBytes + 1 });
    t.match(await open(t, serviceToken).send({ body, unfinished: true }), { status: exhausted });
    t.equal(await refused(), before + 1);
  });

  await t.test('a call that was told its status is not carried out when its end comes', async (t) => {
    const id = jti();
    const raw = open(t, serviceToken);
    t.match(await raw.send({ body: frame(field(1, Buffer.from(id))) }), { status: ok });
    const stream = raw.session.request({
      ...{ ':method': 'POST', ':path': '/countersign.v1.RevocationService/Revoke', te: 'trailers' },
      ...{ 'content-type': 'application/grpc', authorization: `Bearer ${serviceToken}` },
      'grpc-timeout': '100m',
    });
    stream.on('error', () => {});
    stream.resume();
    stream.write(frame(field(2, Buffer.from(id))));
    const [said] = await once(stream, 'response');
    t.equal(said['grpc-status'], '4');
    stream.end();
    await once(stream, 'close');
    t.match(await raw.send({ body: frame(field(1, Buffer.from(id))) }), { status: ok });
    t.equal((await authority.grpc.isRevoked(id)).revoked, false);
    const { body } = await authority.operations('GET', '/metrics');
    t.notMatch(String(body), /grpc_call_seconds_count\{method="Revoke"/);
  });

  await t.test('a service watches health at its own cost, and pushes no stranger out', async (t) => {
    lower(t, 'grpcServiceCalls', 30);
    const over: RawAnswer[] = [];
    const stranger = open(t);
    await once(stranger.session, 'remoteSettings');
    void stranger.send({ path: watch, body: nothing }).then((answer) => over.push(answer));
    const early = open(t, serviceToken);
    await once(early.session, 'remoteSettings');
    const ended: RawAnswer[] = [];
    void early.send({ path: watch, body: nothing }).then((answer) => ended.push(answer));
    t.match(await early.send({ body: frame(field(1, Buffer.from(jti()))) }), { status: ok });
    for (let sent = 0; sent < grpcLimits.grpcOpenCallsOfAddress * 2; sent += 1)
      void early.send({ path: watch, body: nothing }).then((answer) => ended.push(answer));
    const refused = grpcLimits.grpcOpenCallsOfAddress * 2 - 30;
    await eventually('beyond its share they are refused', () => ended.length === refused);
    t.ok(ended.every(({ status }) => status === unavailable));
    t.match(await stranger.send({ path: check, body: nothing }), { status: ok });
    t.strictSame(over, [], 'the stranger goes on watching');
  });
});
