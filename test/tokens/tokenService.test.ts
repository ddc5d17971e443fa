/** The gRPC interface as an internal service meets it. */
import { createHash, randomBytes } from 'node:crypto';
import { connect } from 'node:http2';
import type { SessionId } from '@countersign/verifier/ids';
import { newJti } from '@countersign/verifier/tokens/jti';
import t from 'tap';
import { newId } from '../../src/platform/newId.ts';
import { serviceLimits } from '../../src/services/limits.ts';
import { tokenLimits } from '../../src/tokens/limits.ts';
import { grpcLimits } from '../../src/transport/grpc/limits.ts';
import { startAuthority } from '../support/authority.ts';
import { claimsOf, statusOf } from '../support/clients.ts';
import { eventually } from '../support/eventually.ts';

const operator = { name: 'operator' };
const unknownJti = () => newJti(newId<SessionId>(Date.now()), Date.now(), 0);

t.test('one authority', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const { grpc, call } = authority;
  const { operations } = authority.authority;
  await authority.register('alice@example.com');

  t.test('who may call', async (t) => {
    const jti = unknownJti();
    const revoked = await operations.createService(
      { name: 'revoked', permissions: ['tokens.check'] },
      operator,
    );
    await operations.revokeService('revoked', operator);
    const checker = await operations.createService(
      { name: 'checker', permissions: ['tokens.check'] },
      operator,
    );
    const reader = await operations.createService(
      { name: 'reader', permissions: ['tokens.introspect'] },
      operator,
    );

    for (const [who, token, check, introspect] of [
      ['nobody', '', 'UNAUTHENTICATED', 'UNAUTHENTICATED'],
      ['not a service token', 'garbage', 'UNAUTHENTICATED', 'UNAUTHENTICATED'],
      [
        'an unknown service token',
        `st_${randomBytes(32).toString('base64url')}`,
        'UNAUTHENTICATED',
        'UNAUTHENTICATED',
      ],
      ['a revoked service', revoked.token, 'UNAUTHENTICATED', 'UNAUTHENTICATED'],
      ['one that may check', checker.token, 'OK', 'PERMISSION_DENIED'],
      ['one that may introspect', reader.token, 'PERMISSION_DENIED', 'OK'],
      ['the first service', authority.serviceToken, 'OK', 'OK'],
    ] as const) {
      t.equal(await statusOf(grpc.isRevoked(jti, token)), check, `IsRevoked by ${who}`);
      t.equal(await statusOf(grpc.batchIsRevoked([jti], token)), check, `BatchIsRevoked by ${who}`);
      t.equal(await statusOf(grpc.introspect('x', token)), introspect, `Introspect by ${who}`);
    }
  });

  t.test('a user token is no service token', async (t) => {
    const { access_token } = await authority.login('alice@example.com');
    t.equal(await statusOf(grpc.isRevoked(unknownJti(), access_token)), 'UNAUTHENTICATED');
  });

  t.test('a service that is revoked while it calls stops within the time it is believed', async (t) => {
    const { token } = await operations.createService(
      { name: 'short-lived', permissions: ['tokens.check'] },
      operator,
    );
    t.equal(await statusOf(grpc.isRevoked(unknownJti(), token)), 'OK');
    await operations.revokeService('short-lived', operator);
    const stopped = async () => (await statusOf(grpc.isRevoked(unknownJti(), token))) === 'UNAUTHENTICATED';
    t.ok(await eventually('it is refused', stopped, serviceLimits.serviceTokenCacheMilliseconds + 1_000));
  });

  t.test('a malformed jti is the caller’s mistake, and is named', async (t) => {
    const good = unknownJti();
    for (const jti of [
      '',
      'x',
      good.slice(1),
      `${good}A`,
      `${good.slice(0, 35)}=`,
      `${good.slice(0, 35)}+`,
      ' '.repeat(36),
    ]) {
      await t.rejects(
        grpc.isRevoked(jti),
        { code: 3, details: /^jti: must be 36 characters/ },
        JSON.stringify(jti),
      );
    }
    await t.rejects(grpc.batchIsRevoked([]), { code: 3, details: /^jtis: must be 1 to 10000/ });
    const tooMany = Array.from({ length: tokenLimits.batchIsRevokedIds + 1 }, () => good);
    await t.rejects(grpc.batchIsRevoked(tooMany), { code: 3, details: /^jtis: / });
  });

  t.test('a batch of 10,000 is answered in its order', async (t) => {
    const dead = await Promise.all([1, 2, 3].map(() => authority.login('alice@example.com')));
    for (const { access_token: token } of dead) await call('POST', '/auth/logout', { token });
    const jtis = Array.from({ length: tokenLimits.batchIsRevokedIds }, unknownJti);
    const places = [0, 5_000, 9_999];
    for (const [index, place] of places.entries())
      jtis[place] = claimsOf(dead[index]?.access_token ?? '').jti;
    const answers = await grpc.batchIsRevoked(jtis);
    t.equal(answers.length, jtis.length);
    t.strictSame(
      answers.flatMap(({ revoked, reason }, place) => (revoked ? [[place, reason]] : [])),
      places.map((place) => [place, 'REASON_LOGOUT']),
    );
  });

  t.test('a bad subject token is an answer, never an error', async (t) => {
    const { access_token: token, refresh_token } = await authority.login('alice@example.com');
    const inactive = { active: false, iss: '', sub: '', jti: '', exp: 0, scope: '', tokenType: '', amr: [] };
    const [header, payload, signature] = token.split('.');
    for (const subject of [
      '',
      'x',
      refresh_token,
      `${token}A`,
      `${header}.${payload}.`,
      `${header}.${payload}`,
      `${token}\n`,
    ]) {
      t.match(await grpc.introspect(subject), inactive, JSON.stringify(subject.slice(0, 30)));
    }
    const forged = Buffer.from(JSON.stringify({ ...claimsOf(token), sub: claimsOf(token).sid })).toString(
      'base64url',
    );
    t.match(await grpc.introspect(`${header}.${forged}.${signature}`), inactive, 'changed claims');
    t.match(await grpc.introspect('x'.repeat(60_000)), inactive, 'far too long');
    t.match(await grpc.introspect(token), {
      active: true,
      aud: 'countersign',
      clientId: 'first-party',
      ver: 0,
      amr: ['pwd'],
    });
  });

  t.test('a message over the limit is refused', async (t) => {
    for (const bytes of [grpcLimits.grpcRequestBytes, grpcLimits.grpcBatchBytes, 5 * 1024 * 1024]) {
      t.equal(await statusOf(grpc.introspect('x'.repeat(bytes))), 'RESOURCE_EXHAUSTED', `${bytes} bytes`);
    }
  });

  t.test(
    'what is not in the contract is UNIMPLEMENTED, and bytes that are no message do no harm',
    async (t) => {
      t.equal(
        await rawCall(authority.grpcPort, '/countersign.v1.TokenService/Nothing', Buffer.alloc(0)),
        '12',
      );
      const garbage = createHash('sha512').update('garbage').digest();
      const status = await rawCall(authority.grpcPort, '/countersign.v1.TokenService/IsRevoked', garbage);
      t.equal(status, '16', 'garbage of nobody');
      t.equal(await statusOf(grpc.isRevoked(unknownJti())), 'OK', 'the next call is answered');
    },
  );

  t.test('nothing of all this was an error of ours', async (t) => {
    t.notMatch(authority.log(), /"level":"(error|fatal)"/);
    t.notMatch(authority.log(), /eyJ|rt_[\w-]{20}|st_[\w-]{40}|[$]argon2/, 'and no secret was logged');
  });
});

/** A unary call by hand; answers the grpc-status. */
function rawCall(port: number, path: string, message: Buffer): Promise<string> {
  const session = connect(`http://127.0.0.1:${port}`);
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  message.copy(frame, 5);
  return new Promise((resolve, reject) => {
    session.on('error', reject);
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const found = (headers: Record<string, unknown>) => {
      const status = headers['grpc-status'];
      if (status === undefined) return;
      session.destroy();
      resolve(String(status));
    };
    stream.on('response', found);
    stream.on('trailers', found);
    stream.on('error', reject);
    stream.end(frame);
  });
}
