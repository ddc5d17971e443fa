import { verify } from 'node:crypto';
import type { SessionId, UserId } from '@countersign/verifier/ids';
import { createAccessTokenReader } from '@countersign/verifier/tokens/accessTokenReader';
import { parseJti } from '@countersign/verifier/tokens/jti';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import t from 'tap';
import { newId } from '../../src/platform/newId.ts';
import { createAccessTokenIssuer, type TokenSubject } from '../../src/tokens/accessToken.ts';
import { openRing } from '../support/signingKeys.ts';
import { audience, issuer } from '../support/tokenForge.ts';

/** Not at the start of a second, so that rounding shows. */
const now = Date.UTC(2030, 0, 1, 12) + 789;
const seconds = Date.UTC(2030, 0, 1, 12) / 1000;
const accessTtlMs = 900_000;

const keyRing = await openRing();
const signer = keyRing.signer();
const tokens = createAccessTokenIssuer({ issuer, audience, accessTtlMs });
const subject: TokenSubject = {
  id: newId<SessionId>(now),
  userId: newId<UserId>(now),
  tokenVersion: 7,
  rightsEpoch: 0,
  clientId: 'first-party',
  scope: 'openid profile',
  amr: ['pwd'],
  acr: '1fa',
  authTime: now - 3_600_500,
};

const part = (token: string, index: number) =>
  JSON.parse(Buffer.from(token.split('.')[index] as string, 'base64url').toString()) as Record<
    string,
    unknown
  >;
const claimsOf = async (of: TokenSubject, at: number, issuedBy = tokens) =>
  part(await issuedBy.issue(of, signer, at), 1);

t.test('it says exactly what the contract lists, and nothing about the person', async (t) => {
  const { jti, ...others } = await claimsOf(subject, now);
  t.strictSame(others, {
    iss: issuer,
    sub: subject.userId,
    aud: audience,
    exp: seconds + 900,
    iat: seconds,
    sid: subject.id,
    ver: 7,
    client_id: 'first-party',
    scope: 'openid profile',
    auth_time: Math.floor((now - 3_600_500) / 1000),
    amr: ['pwd'],
    acr: '1fa',
  });
  t.match(
    parseJti(jti as string),
    { sessionId: subject.id, issuedAt: now },
    'jti: the session, the millisecond',
  );
});

t.test('what a session does not say is said as nothing, not left out', async (t) => {
  const claims = await claimsOf({ ...subject, tokenVersion: 0, scope: '', amr: [], authTime: 0 }, now);
  t.match(claims, { ver: 0, scope: '', auth_time: 0 });
  t.strictSame(claims['amr'], []);
  t.equal(Object.keys(claims).length, 13);
});

t.test('what a session has beside the subject stays out of the token', async (t) => {
  const session = {
    ...subject,
    ip: '192.0.2.1',
    userAgent: 'agent',
    deviceName: 'device',
    email: 'a@example.com',
  };
  t.strictSame(
    Object.keys(await claimsOf(session, now)).sort(),
    Object.keys(await claimsOf(subject, now)).sort(),
  );
});

t.test('it lives for its lifetime, in whole seconds, whenever in a second it is issued', async (t) => {
  for (const ttlMs of [1_000, 60_000, 900_000, 86_400_000]) {
    const issuing = createAccessTokenIssuer({ issuer, audience, accessTtlMs: ttlMs });
    for (const at of [now - 789, now - 788, now, now + 210, now + 211]) {
      const { exp, iat } = await claimsOf(subject, at, issuing);
      const what = `${ttlMs} ms, issued at ${at % 1000} ms`;
      t.equal((exp as number) - (iat as number), ttlMs / 1000, what);
      t.equal(iat, Math.floor(at / 1000), `${what}: iat`);
      t.equal(
        issuing.expiry(at),
        (exp as number) * 1000,
        `${what}: the expiry that the session's row is told`,
      );
    }
  }
});

t.test('its header has alg, typ and kid, and nothing else', async (t) => {
  const token = await tokens.issue(subject, signer, now);
  t.strictSame(part(token, 0), { alg: 'ES256', typ: 'at+jwt', kid: signer.kid });
});

t.test('its signature is 64 bytes, r and s, of the key it names', async (t) => {
  const key = keyRing.verifier(signer.kid)?.publicKey;
  if (key === undefined) throw new Error('no key');
  // Many, since a shorter r or s comes up once in 128.
  for (let round = 0; round < 600; round += 1) {
    const [head, body, text] = (await tokens.issue(subject, signer, now)).split('.') as [
      string,
      string,
      string,
    ];
    const signature = Buffer.from(text, 'base64url');
    const fits = verify(
      'sha256',
      Buffer.from(`${head}.${body}`),
      { key, dsaEncoding: 'ieee-p1363' },
      signature,
    );
    if (signature.length !== 64 || !fits) t.fail(text);
  }
  t.pass('of 600 tokens');
});

t.test('no two tokens are alike, even of one session and one millisecond', async (t) => {
  const issued = await Promise.all(Array.from({ length: 200 }, () => tokens.issue(subject, signer, now)));
  t.equal(new Set(issued.map((token) => part(token, 1)['jti'])).size, issued.length);
});

t.test('any verifier of RFC 9068 accepts it with the published keys', async (t) => {
  const token = await tokens.issue(subject, signer, now);
  const { keys } = JSON.parse(keyRing.jwks().body) as { keys: [] };
  const options = { issuer, audience, typ: 'at+jwt', algorithms: ['ES256'], currentDate: new Date(now) };
  const verified = await jwtVerify(token, createLocalJWKSet({ keys }), {
    ...options,
    requiredClaims: ['sub', 'jti', 'iat', 'exp', 'client_id'],
  });
  t.strictSame(verified.payload, part(token, 1));
  t.strictSame(verified.protectedHeader, decodeProtectedHeader(token));

  const late = { ...options, currentDate: new Date((seconds + 900) * 1000) };
  await t.rejects(
    jwtVerify(token, createLocalJWKSet({ keys }), late),
    { code: 'ERR_JWT_EXPIRED' },
    'at its end',
  );
  const { jwks } = await openRing();
  const strange = createLocalJWKSet(JSON.parse(jwks().body) as { keys: [] });
  await t.rejects(
    jwtVerify(token, strange, options),
    { code: 'ERR_JWKS_NO_MATCHING_KEY' },
    'the keys of others',
  );
});

t.test('our own reader reads it back, until its end', async (t) => {
  const token = await tokens.issue(subject, signer, now);
  const reader = createAccessTokenReader({ keyRing, issuer, audience });
  const claims = part(token, 1);
  t.match(reader.read(token, now), { valid: true, claims, jti: { sessionId: subject.id, issuedAt: now } });
  t.match(reader.read(token, tokens.expiry(now) - 1), { valid: true });
  t.strictSame(reader.read(token, tokens.expiry(now)), { valid: false, fault: 'expired' });
});
