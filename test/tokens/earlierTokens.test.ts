/** Tokens of an earlier issuer, over gRPC: introspected and revoked like ours, and never taken for more. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { startAuthority } from '../support/authority.ts';
import { statusOf } from '../support/clients.ts';
import {
  type Algorithm,
  earlierAudience,
  earlierIssuerName,
  foreignToken,
  issuersFile,
  jwksOf,
  newForeignKey,
  startJwks,
} from '../support/earlierIssuer.ts';
import { createRpcClient } from '../support/rpcClient.ts';
import { createShiftedClock } from '../support/shiftedClock.ts';

const algorithms: readonly Algorithm[] = ['ES256', 'RS256', 'PS256', 'EdDSA'];
const keys = algorithms.map(newForeignKey);
const [es256, rs256] = keys as [(typeof keys)[0], (typeof keys)[0]];

async function start(t: Parameters<typeof startJwks>[0], ...entries: readonly object[]) {
  const jwks = await startJwks(t, keys);
  const clock = createShiftedClock();
  const path = issuersFile(t, ...(entries.length > 0 ? entries : [{ jwks: jwks.url }]));
  const authority = await startAuthority({ env: { EARLIER_ISSUERS: path }, clock });
  t.teardown(() => authority.stop());
  const rpc = createRpcClient(`127.0.0.1:${authority.grpcPort}`, authority.serviceToken);
  t.teardown(rpc.close);
  return { authority, jwks, clock, rpc, introspect: authority.grpc.introspect };
}

t.test('the life of an earlier token', async (t) => {
  const { authority, introspect, rpc } = await start(t);
  const { operations } = authority.authority;
  const inactive = await introspect('garbage');

  t.test('by each algorithm: active with its claims, revoked, inactive', async (t) => {
    for (const key of keys) {
      const jti = `${key.alg}-1`;
      const token = foreignToken(key, { claims: { jti } });
      const other = foreignToken(key);
      const payload = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
      t.match(
        await introspect(token),
        {
          ...{ active: true, iss: earlierIssuerName, sub: 'f3b1c6f2', aud: earlierAudience, jti },
          ...{ exp: payload.exp, iat: payload.iat, clientId: 'web', scope: 'openid email' },
          ...{ tokenType: 'Bearer', sid: '', ver: 0, amr: [] },
        },
        key.alg,
      );
      const externalId = `${earlierIssuerName} ${jti}`;
      t.equal((await rpc.call('isRevoked', { externalId })).revoked, false);
      const revoked = await rpc.call('revoke', { token });
      t.ok(Number(revoked.effectTimeMs) > 0, 'with effect');
      t.strictSame(await introspect(token), inactive, `${key.alg}: the same answer as for garbage`);
      t.equal((await rpc.call('isRevoked', { externalId })).revoked, true, 'by its id, too');
      t.match(await introspect(other), { active: true }, 'the others stay');
      t.match(await rpc.call('revoke', { token }), { endedSessions: 0 }, 'again');
    }
    const events = await operations.listAudit({ type: 'token_revoked' });
    t.equal(events.length, algorithms.length, 'one event for each');
  });

  t.test('without jti the signed part is its id', async (t) => {
    const claims = { jti: undefined };
    const token = foreignToken(es256, { claims });
    const [twin, signed] = [otherSignature(token), token.slice(0, token.lastIndexOf('.'))];
    t.match(await introspect(token), { active: true, jti: '' });
    t.match(await introspect(twin), { active: true }, 'a second good signature of the same token');
    await rpc.call('revoke', { token });
    t.strictSame(await introspect(token), inactive);
    t.strictSame(await introspect(twin), inactive, 'the other signature is no other token');
    const externalId = `sha256:${createHash('sha256').update(signed).digest('base64url')}`;
    t.equal((await rpc.call('isRevoked', { externalId })).revoked, true);
    t.match(await introspect(foreignToken(es256, { claims: { ...claims, sub: 'x' } })), { active: true });
  });

  t.test('revoked by its id before it was ever seen', async (t) => {
    const token = foreignToken(rs256, { claims: { jti: 'early' } });
    const exp = Math.floor(Date.now() / 1000) + 300;
    await rpc.call('revoke', { external: { externalId: `${earlierIssuerName} early`, exp } });
    t.strictSame(await introspect(token), inactive);
  });

  t.test('many at once, among our own', async (t) => {
    await authority.register('alice@example.com');
    const { access_token: own } = await authority.login('alice@example.com');
    const good = foreignToken(rs256);
    const { results } = await rpc.call('batchIntrospect', { tokens: [good, own, 'x', good] });
    t.match(results, [
      { active: true, sub: 'f3b1c6f2' },
      { active: true },
      { active: false },
      { active: true },
    ]);
    t.equal(
      (await authority.call('GET', '/auth/me', { token: good })).status,
      401,
      'no account route takes it',
    );
  });

  t.test('the metrics say what became of them', async (t) => {
    const { body } = await authority.operations('GET', '/metrics');
    t.match(body, /countersign_earlier_tokens_total\{outcome="active"\} [1-9]/);
    t.match(body, /countersign_earlier_tokens_total\{outcome="revoked"\} [1-9]/);
  });
});

/** ECDSA: (r, s) and (r, n − s) are both good. */
function otherSignature(token: string): string {
  const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const [head, body, signature = ''] = token.split('.');
  const bytes = Buffer.from(signature, 'base64url');
  const s = n - BigInt(`0x${bytes.subarray(32).toString('hex')}`);
  const other = Buffer.concat([bytes.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')]);
  return `${head}.${body}.${other.toString('base64url')}`;
}

const seconds = () => Math.floor(Date.now() / 1000);
const day = 24 * 60 * 60;

/** Each is inactive, and cannot be revoked as a token. */
const refused: readonly (readonly [string, () => string])[] = [
  ['another key', () => foreignToken({ ...newForeignKey('RS256'), kid: rs256.kid })],
  ['an unknown key', () => foreignToken(newForeignKey('ES256'))],
  ['another issuer', () => foreignToken(rs256, { claims: { iss: `${earlierIssuerName}/` } })],
  ['no issuer', () => foreignToken(rs256, { claims: { iss: undefined } })],
  ['another audience', () => foreignToken(rs256, { claims: { aud: ['account'] } })],
  ['no audience', () => foreignToken(rs256, { claims: { aud: undefined } })],
  ['an audience in an object', () => foreignToken(rs256, { claims: { aud: { shop: 1 } } })],
  ['no exp', () => foreignToken(rs256, { claims: { exp: undefined } })],
  ['exp as text', () => foreignToken(rs256, { claims: { exp: `${seconds() + 60}` } })],
  ['expired', () => foreignToken(rs256, { claims: { exp: seconds(), iat: seconds() - 60 } })],
  ['no iat', () => foreignToken(rs256, { claims: { iat: undefined } })],
  ['issued in a minute', () => foreignToken(rs256, { claims: { iat: seconds() + 60 } })],
  ['not before a minute', () => foreignToken(rs256, { claims: { nbf: seconds() + 60 } })],
  ['a life of more than a day', () => foreignToken(rs256, { claims: { exp: seconds() + day + 1 } })],
  ['no sub', () => foreignToken(rs256, { claims: { sub: undefined } })],
  ['a sub of 300 bytes', () => foreignToken(rs256, { claims: { sub: 'x'.repeat(300) } })],
  ['a jti that is a number', () => foreignToken(rs256, { claims: { jti: 7 } })],
  ['a jti of 300 bytes', () => foreignToken(rs256, { claims: { jti: 'x'.repeat(300) } })],
  ['an ID token of Keycloak', () => foreignToken(rs256, { claims: { typ: 'ID' } })],
  ['a refresh token of Keycloak', () => foreignToken(rs256, { claims: { typ: 'Refresh' } })],
  ['an ID token by its nonce', () => foreignToken(rs256, { claims: { nonce: 'x' } })],
  ['an ID token by its at_hash', () => foreignToken(rs256, { claims: { at_hash: 'x' } })],
  ['a logout token', () => foreignToken(rs256, { claims: { events: {} } })],
  ['bound to a key', () => foreignToken(rs256, { claims: { cnf: { jkt: 'x' } } })],
  ['the type of a logout token', () => foreignToken(rs256, { header: { typ: 'logout+jwt' } })],
  ['critical headers', () => foreignToken(rs256, { header: { crit: ['b64'], b64: true } })],
  ['no algorithm', () => foreignToken(rs256, { header: { alg: 'none' } })],
  ['HMAC with the public key', () => foreignToken(rs256, { header: { alg: 'HS256' } })],
  ["another key's algorithm", () => foreignToken(rs256, { header: { alg: 'PS256' } })],
  ['longer than 8 KiB', () => foreignToken(rs256, { claims: { x: 'x'.repeat(8_192) } })],
  ['another payload', () => foreignToken(rs256).replace(/\..*\./, `.${foreignToken(rs256).split('.')[1]}.`)],
];

t.test('what is not exactly an access token of it', async (t) => {
  const { introspect, rpc } = await start(t);
  const inactive = await introspect('garbage');
  t.match(await introspect(foreignToken(rs256)), { active: true }, 'the table changes one thing each');
  for (const [what, make] of refused) {
    const token = make();
    t.strictSame(await introspect(token), inactive, what);
    t.equal(await statusOf(rpc.call('revoke', { token })), 'INVALID_ARGUMENT', `${what}: not revoked`);
  }
});

t.test('forms that other systems have', async (t) => {
  const { introspect } = await start(t);
  for (const [what, claims, header, expected] of [
    ['a type of RFC 9068', { client_id: 'app', azp: 'x' }, { typ: 'at+jwt' }, { clientId: 'app' }],
    ['no type', { typ: undefined }, { typ: undefined }, {}],
    ['certificates in the header', {}, { x5t: 'x', x5c: ['x'] }, {}],
    ['scp as a list', { scope: undefined, scp: ['a', 'b'] }, {}, { scope: 'a b' }],
    ['aud as a text', { aud: earlierAudience }, {}, { aud: earlierAudience }],
    ['a clock 5 s ahead', { iat: seconds() + 5 }, {}, {}],
    ['a life of a day', { exp: seconds() + day, iat: seconds() }, {}, {}],
  ] as const)
    t.match(await introspect(foreignToken(rs256, { claims, header })), { active: true, ...expected }, what);
});

t.test('time ends it: its own expiry, and the one of the setting', async (t) => {
  const until = new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+Z$/, 'Z');
  const jwks = await startJwks(t, keys);
  const { introspect, clock } = await start(t, { jwks: jwks.url, until });
  const [short, long] = [foreignToken(rs256), foreignToken(rs256, { claims: { exp: seconds() + 7_200 } })];
  t.match(await introspect(short), { active: true });
  t.match(
    await introspect(long),
    { active: true, exp: Date.parse(until) / 1000 },
    'not longer than accepted',
  );
  clock.shift(301_000);
  t.match(await introspect(short), { active: false });
  t.match(await introspect(long), { active: true });
  clock.shift(3_600_000);
  t.match(await introspect(long), { active: false });
});

t.test(
  'after a database was put back, tokens from before are inactive: it may have lost their revocation',
  async (t) => {
    const { authority, introspect } = await start(t);
    const before = foreignToken(rs256, { now: Date.now() - 2_000 });
    t.match(await introspect(before), { active: true });
    await authority.authority.operations.restored({ keepSessions: true }, { name: 'operator' });
    t.match(await introspect(before), { active: false });
    t.match(
      await introspect(foreignToken(rs256, { now: Date.now() + 5_000 })),
      { active: true },
      'later ones',
    );
  },
);

t.test('an issuer with a file of keys, and one without audience', async (t) => {
  const path = issuersFile(t);
  writeFileSync(join(dirname(path), 'old.json'), jwksOf([es256]));
  const file = join(dirname(path), 'old.json');
  const { introspect, jwks } = await start(t, { jwks: file, audience: undefined });
  t.match(await introspect(foreignToken(es256, { claims: { aud: undefined } })), { active: true, aud: '' });
  t.match(await introspect(foreignToken(es256)), { active: false }, 'an audience that nobody named');
  t.match(await introspect(foreignToken(rs256, { claims: { aud: undefined } })), { active: false });
  t.equal(jwks.requests, 0);
});

t.test('an issuer that is gone: no answer about its tokens, and nothing else suffers', async (t) => {
  const jwks = await startJwks(t, keys);
  jwks.stop();
  const { authority, introspect, rpc } = await start(t, { jwks: jwks.url });
  const token = foreignToken(rs256);
  t.equal(await statusOf(introspect(token)), 'UNAVAILABLE');
  t.equal(await statusOf(rpc.call('revoke', { token })), 'UNAVAILABLE');
  await authority.register('alice@example.com');
  const { access_token: own } = await authority.login('alice@example.com');
  const { results } = await rpc.call('batchIntrospect', { tokens: [token, own] });
  t.match(results, [{ active: false, failure: { status: 'FAILURE_STATUS_UNAVAILABLE' } }, { active: true }]);
  const exp = seconds() + 300;
  const externalId = 'by its id';
  await rpc.call('revoke', { external: { externalId, exp } });
  t.equal((await rpc.call('isRevoked', { externalId })).revoked, true, 'revoking by id needs no keys');
  t.match(authority.log(), /keys of https:\/\/old\.example/);
});
