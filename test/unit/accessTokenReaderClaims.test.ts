import { assert as check, jsonValue, property } from 'fast-check';
import t from 'tap';
import { newId, type SessionId } from '../../src/core/ids.ts';
import { limits } from '../../src/core/limits.ts';
import { createAccessTokenReader } from '../../src/tokens/accessTokenReader.ts';
import { newJti } from '../../src/tokens/jti.ts';
import { audience, issuer, openTokenForge, rowsOf, type TokenRow } from '../support/tokenForge.ts';

// The attacks on what a token says: J21–J26 and J30. Every token here is signed by us.

const now = Date.UTC(2030, 0, 1, 12);
const seconds = now / 1000;
const forge = await openTokenForge(now);
const { claims, good, withBody, withClaims, withClaimText } = forge;

const reader = createAccessTokenReader({ keyRing: forge.keyRing, issuer, audience });
const outcome = (token: string, at = now) => {
  const read = reader.read(token, at);
  return read.valid ? 'valid' : read.fault;
};

function table(title: string, rows: readonly TokenRow[]): void {
  t.test(title, (t) => {
    t.equal(outcome(good), 'valid', 'the token that the rows below spoil');
    for (const [name, token, expected] of rows) t.equal(outcome(token), expected, name);
    t.end();
  });
}

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

/** For each claim, values that are not of its type; `undefined` is a claim left out. */
const noString = [undefined, null, true, 0, 1, {}, [], ''];
const noCount = [undefined, null, true, '1', '', {}, [], [1], -1, 0.5, 1e18];
const noUuid = [...noString, 'x', claims.sid.toUpperCase(), `${claims.sid}\n`, `{${claims.sid}}`, claims.jti];
const wrongTypes: Readonly<Record<keyof typeof claims, readonly unknown[]>> = {
  iss: [...noString, [issuer]],
  sub: [...noUuid, [claims.sub]],
  aud: [...noString, [audience], [audience, 'other'], [{ aud: audience }]],
  exp: [...noCount, `${claims.exp}`, claims.exp + 0.5],
  iat: [...noCount, `${claims.iat}`, claims.iat - 0.5],
  jti: [...noString, 12_345, [claims.jti], 'x'.repeat(5_000), claims.jti.slice(1), `${claims.jti}A`],
  sid: [...noUuid, [claims.sid], newId(now)],
  ver: noCount,
  client_id: noString,
  scope: noString.slice(0, -1),
  auth_time: noCount,
  amr: [undefined, null, true, 1, 'pwd', {}, [1], ['pwd', ''], [['pwd']], ['pwd', null]],
};

table(
  'every claim is there, with exactly its type (J21, J24, J26)',
  Object.entries(wrongTypes).flatMap(([claim, values]) =>
    rowsOf(claim, 'claims', values, (value) => withClaims({ [claim]: value })),
  ),
);

const numbers = [
  '1e400',
  '-1e400',
  '9007199254740993',
  '1e18',
  `${claims.exp}.5`,
  '-0.5',
  '-1',
  '"1"',
  'null',
];

table('times are whole numbers that can be compared exactly (J21)', [
  ...rowsOf('J21 exp', 'claims', numbers, (text) => withClaimText('exp', text)),
  ...rowsOf('J21 iat', 'claims', numbers, (text) => withClaimText('iat', text)),
  ...rowsOf('J21 auth_time', 'claims', numbers, (text) => withClaimText('auth_time', text)),
  ...rowsOf('J21 ver', 'claims', numbers, (text) => withClaimText('ver', text)),
  ['J21 exp 0', withClaims({ exp: 0 }), 'claims'],
  ['J21 exp and iat 0', withClaims({ exp: 0, iat: 0 }), 'claims'],
  ['J21 exp 1, iat 0', withClaims({ exp: 1, iat: 0 }), 'expired'],
  ['J21 exp in hexadecimal', withClaimText('exp', '0x7fffffff'), 'malformed'],
  ['J21 exp twice', withBody(`{"exp":1,${JSON.stringify(claims).slice(1)}`), 'malformed'],
]);

const longest = limits.accessTokenMaximumSeconds;

table('it lives for a while, and not longer than the limit (J21)', [
  ['as long as allowed', withClaims({ exp: seconds + longest }), 'valid'],
  ['one second longer', withClaims({ exp: seconds + longest + 1 }), 'claims'],
  [
    'one second longer, counted from long ago',
    withClaims({ iat: seconds - longest, exp: seconds + 1 }),
    'claims',
  ],
  ['for ever', withClaims({ exp: Number.MAX_SAFE_INTEGER }), 'claims'],
  ['a second', withClaims({ exp: seconds + 1 }), 'valid'],
  ['no time at all', withClaims({ iat: seconds + 5, exp: seconds + 5 }), 'claims'],
  ['less than no time', withClaims({ iat: seconds + 6, exp: seconds + 5 }), 'claims'],
]);

table('it is not from the future, but for the skew of clocks (J22)', [
  ...rowsOf('J22 iat in', 'valid', [0, 1, limits.clockSkewSeconds], (ahead) =>
    withClaims({ iat: seconds + ahead }),
  ),
  ...rowsOf('J22 iat in', 'not_yet_valid', [limits.clockSkewSeconds + 1, 60, 61, 600], (ahead) =>
    withClaims({ iat: seconds + ahead }),
  ),
  [
    'J22 iat in a year',
    withClaims({ iat: seconds + 31_536_000, exp: seconds + 31_536_900 }),
    'not_yet_valid',
  ],
  ...rowsOf('J22 nbf in', 'valid', [-60, 0, limits.clockSkewSeconds], (ahead) =>
    withClaims({ nbf: seconds + ahead }),
  ),
  ...rowsOf('J22 nbf in', 'not_yet_valid', [61, 600], (ahead) => withClaims({ nbf: seconds + ahead })),
]);

t.test('at exp it is expired, to the millisecond and without skew (J23)', (t) => {
  const end = claims.exp * 1000;
  const table: [string, number, string][] = [
    ['at its issue', now, 'valid'],
    ['one second before its end', end - 1000, 'valid'],
    ['one millisecond before its end', end - 1, 'valid'],
    ['at its end', end, 'expired'],
    ['one millisecond after its end', end + 1, 'expired'],
    ['ten seconds after its end', end + 10_000, 'expired'],
    ['a year after its end', end + 31_536_000_000, 'expired'],
    ['when the clock was set back by the skew', now - 10_000, 'valid'],
    ['when the clock was set back by an hour', now - 3_600_000, 'not_yet_valid'],
  ];
  for (const [what, at, expected] of table) t.equal(outcome(good, at), expected, what);

  const late = 2 ** 31 * 1000;
  const token = withClaims({ iat: late / 1000 - 5, exp: late / 1000 + 5, auth_time: late / 1000 - 5 });
  t.equal(outcome(token, late), 'valid', 'in January 2038, too');
  t.equal(outcome(token, late + 5_000), 'expired', 'and it ends there');
  t.end();
});

const issuers = [
  `${issuer}/`,
  'https://AUTH.example',
  'HTTPS://auth.example',
  'http://auth.example',
  'https://auth.example:443',
  'https://user@auth.example',
  'https://auth.example.evil.example',
  'https://staging.auth.example',
  'https://\u0430uth.example',
  'https://auth.example\u200b',
  ' https://auth.example',
  'auth.example',
];
const audiences = [
  'other.example',
  `${audience}.evil.example`,
  'API.example',
  `${audience}/`,
  `${audience} `,
  'api',
];

table('it is of our issuer and for our audience, letter by letter (J24, J25, J30)', [
  ...rowsOf('J25 J30 iss', 'issuer', issuers, (iss) => withClaims({ iss })),
  ...rowsOf('J24 aud', 'audience', audiences, (aud) => withClaims({ aud })),
  ['J24 the issuer as audience', withClaims({ aud: issuer }), 'audience'],
]);

t.test('J30: what one environment signs and accepts, another refuses, even with the same key', (t) => {
  const parts = { keyRing: forge.keyRing, issuer, audience };
  const staging = createAccessTokenReader({ ...parts, issuer: 'https://staging.example' });
  const reports = createAccessTokenReader({ ...parts, audience: 'reports.example' });
  t.strictSame(staging.read(good, now), { valid: false, fault: 'issuer' });
  t.strictSame(reports.read(good, now), { valid: false, fault: 'audience' });
  t.end();
});

const other = newId<SessionId>(now);
const spoiltJti = [
  ...['+', '/', '=', ' ', '.', '\n'].map((character) => claims.jti.slice(0, -1) + character),
  `${claims.jti} `,
  claims.jti.slice(0, -1),
  claims.jti.slice(0, -4),
  claims.sid,
];

table('its jti is of its session (J26)', [
  ['the jti of another session', withClaims({ jti: newJti(other, now) }), 'claims'],
  ['the sid of another session', withClaims({ sid: other }), 'claims'],
  ['both of another session', withClaims({ jti: newJti(other, now), sid: other }), 'valid'],
  ['a jti that differs in the first bit', withClaims({ jti: `g${claims.jti.slice(1)}` }), 'claims'],
  ...rowsOf('J26 jti', 'claims', spoiltJti, (jti) => withClaims({ jti })),
]);

table('what else it may say', [
  ['an empty scope', withClaims({ scope: '' }), 'valid'],
  ['no method', withClaims({ amr: [] }), 'valid'],
  ['two methods', withClaims({ amr: ['pwd', 'otp'] }), 'valid'],
  ['the first token version', withClaims({ ver: 0 }), 'valid'],
  ['a claim that we do not know', withClaims({ x: { y: [1] } }), 'valid'],
  [
    'claims in another order',
    withBody(JSON.stringify(Object.fromEntries(Object.entries(claims).reverse()))),
    'valid',
  ],
]);

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
