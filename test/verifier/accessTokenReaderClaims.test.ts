import { createAccessTokenReader } from '@countersign/verifier/tokens/accessTokenReader';
import { assert as check, jsonValue, property } from 'fast-check';
import t from 'tap';
import { attacksOnClaims, timesOfReading } from '../support/attackClaims.ts';
import { audience, issuer, openTokenForge } from '../support/tokenForge.ts';

// The attacks on what a token says. Every token here is signed by us.

const now = Date.UTC(2030, 0, 1, 12);
const forge = await openTokenForge(now);
const { claims, good, withBody, withClaims } = forge;

const reader = createAccessTokenReader({ keyRing: forge.keyRing, issuer, audience });
const outcome = (token: string, at = now) => {
  const read = reader.read(token, at);
  return read.valid ? 'valid' : read.fault;
};

t.test('a good token reads as what was signed, and as what its jti says', (t) => {
  const read = reader.read(good, now);
  t.match(read, { valid: true, claims });
  if (!read.valid) throw new Error(read.fault);
  t.strictSame(read.claims, claims);
  t.equal(read.jti.text, claims.jti);
  t.equal(read.jti.sessionId, claims.sid);
  t.equal(read.jti.issuedAt, now);
  t.end();
});

for (const { title, rows } of attacksOnClaims(forge)) {
  t.test(title, (t) => {
    t.equal(outcome(good), 'valid', 'the token that the rows below spoil');
    for (const [name, token, expected] of rows) t.equal(outcome(token), expected, name);
    t.end();
  });
}

t.test('a token without any scope, and one of a service for itself, are tokens', (t) => {
  t.equal(outcome(withClaims({ scope: '' })), 'valid');
  t.equal(outcome(withClaims({ scope: '', acr: undefined, amr: [] })), 'valid');
  t.end();
});

t.test('at exp it is expired, to the millisecond and without skew (J23)', (t) => {
  for (const [what, at, expected] of timesOfReading(forge)) t.equal(outcome(good, at), expected, what);

  const late = 2 ** 31 * 1000;
  const token = withClaims({ iat: late / 1000 - 5, exp: late / 1000 + 5, auth_time: late / 1000 - 5 });
  t.equal(outcome(token, late), 'valid', 'in January 2038, too');
  t.equal(outcome(token, late + 5_000), 'expired', 'and it ends there');
  t.end();
});

t.test('J30: what one environment signs and accepts, another refuses, even with the same key', (t) => {
  const parts = { keyRing: forge.keyRing, issuer, audience };
  const staging = createAccessTokenReader({ ...parts, issuer: 'https://staging.example' });
  const reports = createAccessTokenReader({ ...parts, audience: 'reports.example' });
  t.strictSame(staging.read(good, now), { valid: false, fault: 'issuer' });
  t.strictSame(reports.read(good, now), { valid: false, fault: 'audience' });
  t.end();
});

t.test('whatever object is signed, it is no token unless every claim fits', (t) => {
  const any = property(jsonValue(), (value) => {
    const body = JSON.stringify(value);
    return ['malformed', 'claims'].includes(outcome(withBody(body)));
  });
  t.doesNotThrow(() => check(any, { numRuns: 2_000 }), 'any JSON');
  const one = property(jsonValue(), (value) => {
    for (const claim of Object.keys(claims)) outcome(withClaims({ [claim]: value }));
  });
  t.doesNotThrow(() => check(one, { numRuns: 300 }), 'any JSON as one of its claims is no error either');
  t.end();
});
