/**
 * Which calls are answered past the library, and that nobody can tell: whatever differs from the plain form is answered by the
 * library, and the two say the same. The library names the encodings that it takes with each answer; we do not.
 */
import { once } from 'node:events';
import { type ClientHttp2Session, connect, type OutgoingHttpHeaders } from 'node:http2';
import { gzipSync } from 'node:zlib';
import type { SessionId } from '@countersign/verifier/ids';
import { newJti } from '@countersign/verifier/tokens/jti';
import t from 'tap';
import { newId } from '../../../src/platform/newId.ts';
import { grpcLimits } from '../../../src/transport/grpc/limits.ts';
import { startAuthority } from '../../support/authority.ts';
import { claimsOf } from '../../support/clients.ts';
import { eventually } from '../../support/eventually.ts';
import { field, frame } from '../../support/rawGrpc.ts';

const path = (method: string) => `/countersign.v1.TokenService/${method}`;
const newId36 = () => newJti(newId<SessionId>(Date.now()), Date.now(), 0);
const message = (text: string) => field(1, Buffer.from(text));
const [ok, invalid, denied, exhausted, unimplemented, unauthenticated] = ['0', '3', '7', '8', '12', '16'];

interface Answered {
  readonly status: string;
  /** Past the library. */
  readonly whole: boolean;
  readonly body: string;
}

interface Sent {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  /** Each sent when the one before has arrived. */
  readonly parts: readonly Buffer[];
}

async function send(session: ClientHttp2Session, sent: Sent): Promise<Answered> {
  const stream = session.request({
    ...{ ':method': 'POST', ':path': path(sent.method ?? 'IsRevoked') },
    ...{ 'content-type': 'application/grpc', te: 'trailers', ...sent.headers },
  });
  let found: Record<string, unknown> = {};
  const note = (headers: object) => {
    found = { ...found, ...headers };
  };
  stream
    .on('response', note)
    .on('trailers', note)
    .on('error', () => {});
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  const [last = Buffer.alloc(0), ...others] = [...sent.parts].reverse();
  for (const part of others.reverse()) {
    stream.write(part);
    // Its answer comes after the server has read what was sent before.
    await new Promise<void>((resolve) => session.ping(() => resolve()));
  }
  stream.end(last);
  await once(stream, 'close');
  return {
    status: String(found['grpc-status'] ?? `reset ${stream.rstCode}`),
    whole: found['grpc-accept-encoding'] === undefined,
    body: Buffer.concat(chunks).toString('hex'),
  };
}

t.test('one authority', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  await authority.register('ada@example.com');
  const { access_token: accessToken } = await authority.login('ada@example.com');
  const authorization = `Bearer ${authority.serviceToken}`;
  const { operations } = authority.authority;
  const operator = { name: 'operator' };
  const weak = await operations.createService({ name: 'weak', permissions: ['tokens.revoke'] }, operator);
  const session = connect(`http://127.0.0.1:${authority.grpcPort}`);
  t.teardown(() => session.destroy());
  const token = { authorization };
  const live = () => frame(message(newId36()));
  const whole = { status: ok, whole: true };
  const byLibrary = { status: ok, whole: false };

  const large = { 'x-large': 'x'.repeat(grpcLimits.grpcMetadataBytes) };

  const first = await send(session, { headers: token, parts: [live()] });
  t.match(first, { status: ok });

  const table: readonly (readonly [string, Sent, object])[] = [
    ['a plain call', { headers: token, parts: [live()] }, whole],
    [
      'the other content type',
      { headers: { ...token, 'content-type': 'application/grpc+proto' }, parts: [live()] },
      whole,
    ],
    ['a deadline', { headers: { ...token, 'grpc-timeout': '5S' }, parts: [live()] }, whole],
    ['identity', { headers: { ...token, 'grpc-encoding': 'identity' }, parts: [live()] }, whole],
    [
      'an introspection',
      { headers: token, method: 'Introspect', parts: [frame(message(accessToken))] },
      whole,
    ],
    ['no jti', { headers: token, parts: [frame(message('?'.repeat(36)))] }, { status: invalid }],
    ['two parts', { headers: token, parts: [live().subarray(0, 7), live().subarray(7)] }, byLibrary],
    ['a late end', { headers: token, parts: [live(), Buffer.alloc(0)] }, byLibrary],
    [
      'an unknown field',
      { headers: token, parts: [frame(Buffer.concat([message(newId36()), field(9, Buffer.from('x'))]))] },
      byLibrary,
    ],
    [
      'compressed',
      {
        headers: { ...token, 'grpc-encoding': 'gzip' },
        parts: [frame(gzipSync(message(newId36())), { compressed: 1 })],
      },
      byLibrary,
    ],
    [
      'gzip, but not compressed',
      { headers: { ...token, 'grpc-encoding': 'gzip' }, parts: [live()] },
      byLibrary,
    ],
    [
      'compressed without saying how',
      { headers: token, parts: [frame(gzipSync(message(newId36())), { compressed: 1 })] },
      { status: invalid },
    ],
    ['two messages', { headers: token, parts: [Buffer.concat([live(), live()])] }, { status: unimplemented }],
    [
      'too long',
      { headers: token, parts: [frame(Buffer.alloc(grpcLimits.grpcRequestBytes + 1))] },
      { status: exhausted },
    ],
    ['no message', { headers: token, parts: [] }, { status: unimplemented }],
    [
      'a malformed deadline',
      { headers: { ...token, 'grpc-timeout': 'soon' }, parts: [live()] },
      { status: invalid },
    ],
    ['large metadata', { headers: { ...token, ...large }, parts: [live()] }, { status: exhausted }],
    ['no token', { parts: [live()] }, { status: unauthenticated }],
    [
      'no service token',
      { headers: { authorization: 'Basic abc' }, parts: [live()] },
      { status: unauthenticated },
    ],
    [
      'an invented token',
      { headers: { authorization: `Bearer st_${'A'.repeat(43)}` }, parts: [live()] },
      { status: unauthenticated },
    ],
    [
      'no permission',
      { headers: { authorization: `Bearer ${weak.token}` }, parts: [live()] },
      { status: denied },
    ],
    ['its own token again', { headers: token, parts: [live()] }, whole],
  ];
  for (const [what, sent, expected] of table)
    await t.test(what, async (t) => t.match(await send(session, sent), expected));

  await t.test('both ways give the same bytes', async (t) => {
    const { jti } = claimsOf(accessToken);
    const both = async (method: string, text: string) => {
      const bytes = frame(message(text));
      const [one, other] = [
        await send(session, { method, headers: token, parts: [bytes] }),
        await send(session, { method, headers: token, parts: [bytes.subarray(0, 9), bytes.subarray(9)] }),
      ];
      t.match([one.whole, other.whole], [true, false]);
      t.equal(one.status, other.status, method);
      t.equal(one.body, other.body, method);
    };
    await both('IsRevoked', jti);
    await both('Introspect', accessToken);
    await both('Introspect', `${accessToken}x`);
    await authority.call('POST', '/auth/logout', { token: accessToken });
    await both('IsRevoked', jti);
    await both('Introspect', accessToken);
    t.match((await send(session, { headers: token, parts: [frame(message(jti))] })).body, /^000000....0801/);
  });

  await t.test('a call that was cut before it was answered harms nobody', async (t) => {
    for (let count = 0; count < 50; count += 1) {
      const stream = session.request({
        ':method': 'POST',
        ':path': path('IsRevoked'),
        'content-type': 'application/grpc',
        ...token,
      });
      stream.on('error', () => {});
      stream.end(live());
      stream.close(8);
    }
    t.match(await send(session, { headers: token, parts: [live()] }), whole);
  });

  await t.test('a service that was stopped is refused, on the same connection', async (t) => {
    const permissions = ['tokens.check'] as const;
    const stopped = await operations.createService({ name: 'stopped', permissions }, operator);
    const own = { authorization: `Bearer ${stopped.token}` };
    const ask = () => send(session, { headers: own, parts: [live()] });
    t.match(await ask(), { status: ok });
    t.match(await ask(), whole);
    await operations.revokeService('stopped', operator);
    await eventually('it is refused', async () => (await ask()).status === unauthenticated, 15_000);
  });

  await t.test('they are measured like all others', async (t) => {
    const count = async () => {
      const { body } = await authority.operations('GET', '/metrics');
      return Number(
        /^countersign_grpc_call_seconds_count\{method="IsRevoked",status="OK"\} (\d+)/m.exec(body)?.[1],
      );
    };
    const before = await count();
    t.match(await send(session, { headers: token, parts: [live()] }), whole);
    t.equal(await count(), before + 1);
  });
});
