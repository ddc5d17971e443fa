/** The attacks on what a token says, J21–J26 and J30, as tables. Every token here is signed by us. */
import type { SessionId } from '@countersign/verifier/ids';
import { verifierLimits } from '@countersign/verifier/limits';
import { newJti } from '@countersign/verifier/tokens/jti';
import { newId } from '../../src/platform/newId.ts';
import { audience, issuer, rowsOf, type TokenForge, type TokenRow, type TokenTable } from './tokenForge.ts';

export function attacksOnClaims(forge: TokenForge): readonly TokenTable[] {
  return [
    { title: 'every claim is there, with exactly its type (J21, J24, J26)', rows: types(forge) },
    { title: 'times are whole numbers that can be compared exactly (J21)', rows: numbers(forge) },
    { title: 'it lives for a while, and not longer than the limit (J21)', rows: lifetimes(forge) },
    { title: 'it is not from the future, but for the skew of clocks (J22)', rows: future(forge) },
    {
      title: 'it is of our issuer and for our audience, letter by letter (J24, J25, J30)',
      rows: parties(forge),
    },
    { title: 'its jti is of its session (J26)', rows: identities(forge) },
    { title: 'what else it may say', rows: harmless(forge) },
  ];
}

function types({ now, claims, withClaims }: TokenForge): readonly TokenRow[] {
  /** For each claim, values that are not of its type; `undefined` is a claim left out. */
  const noString = [undefined, null, true, 0, 1, {}, [], ''];
  const noCount = [undefined, null, true, '1', '', {}, [], [1], -1, 0.5, 1e18];
  const { sid, jti } = claims;
  const noUuid = [...noString, 'x', sid.toUpperCase(), `${sid}\n`, `{${sid}}`, jti];
  const wrongTypes: Readonly<Record<keyof typeof claims, readonly unknown[]>> = {
    iss: [...noString, [issuer]],
    sub: [...noUuid, [claims.sub]],
    aud: [...noString, [audience], [audience, 'other'], [{ aud: audience }]],
    exp: [...noCount, `${claims.exp}`, claims.exp + 0.5],
    iat: [...noCount, `${claims.iat}`, claims.iat - 0.5],
    jti: [...noString, 12_345, [jti], 'x'.repeat(5_000), jti.slice(1), `${jti}A`],
    sid: [...noUuid, [sid], newId(now)],
    ver: noCount,
    client_id: noString,
    scope: noString.slice(0, -1),
    auth_time: noCount,
    amr: [undefined, null, true, 1, 'pwd', {}, [1], ['pwd', ''], [['pwd']], ['pwd', null]],
  };
  return Object.entries(wrongTypes).flatMap(([claim, values]) =>
    rowsOf(claim, 'claims', values, (value) => withClaims({ [claim]: value })),
  );
}

function numbers({ claims, withBody, withClaims, withClaimText }: TokenForge): readonly TokenRow[] {
  const whole = ['1e400', '-1e400', '9007199254740993', '1e18', '-1', '"1"', 'null'];
  const values = [...whole, `${claims.exp}.5`, '-0.5'];
  const of = (claim: string) =>
    rowsOf(`J21 ${claim}`, 'claims', values, (text) => withClaimText(claim, text));
  return [
    ...['exp', 'iat', 'auth_time', 'ver'].flatMap(of),
    ['J21 exp 0', withClaims({ exp: 0 }), 'claims'],
    ['J21 exp and iat 0', withClaims({ exp: 0, iat: 0 }), 'claims'],
    ['J21 exp 1, iat 0', withClaims({ exp: 1, iat: 0 }), 'expired'],
    ['J21 exp in hexadecimal', withClaimText('exp', '0x7fffffff'), 'malformed'],
    ['J21 exp twice', withBody(`{"exp":1,${JSON.stringify(claims).slice(1)}`), 'malformed'],
  ];
}

function lifetimes({ claims: { iat }, withClaims }: TokenForge): readonly TokenRow[] {
  const longest = verifierLimits.accessTokenMaximumSeconds;
  const longAgo = { iat: iat - longest, exp: iat + 1 };
  return [
    ['as long as allowed', withClaims({ exp: iat + longest }), 'valid'],
    ['one second longer', withClaims({ exp: iat + longest + 1 }), 'claims'],
    ['one second longer, counted from long ago', withClaims(longAgo), 'claims'],
    ['for ever', withClaims({ exp: Number.MAX_SAFE_INTEGER }), 'claims'],
    ['a second', withClaims({ exp: iat + 1 }), 'valid'],
    ['no time at all', withClaims({ iat: iat + 5, exp: iat + 5 }), 'claims'],
    ['less than no time', withClaims({ iat: iat + 6, exp: iat + 5 }), 'claims'],
    ['J23 to this second', withClaims({ iat: iat - 900, exp: iat }), 'expired'],
    ['J23 to the second before', withClaims({ iat: iat - 901, exp: iat - 1 }), 'expired'],
  ];
}

function future({ claims: { iat }, withClaims }: TokenForge): readonly TokenRow[] {
  const skew = verifierLimits.clockSkewSeconds;
  const issued = (ahead: number) => withClaims({ iat: iat + ahead });
  const from = (ahead: number) => withClaims({ nbf: iat + ahead });
  const year = 31_536_000;
  return [
    ...rowsOf('J22 iat in', 'valid', [0, 1, skew], issued),
    ...rowsOf('J22 iat in', 'not_yet_valid', [skew + 1, 60, 61, 600], issued),
    ['J22 iat in a year', withClaims({ iat: iat + year, exp: iat + year + 900 }), 'not_yet_valid'],
    ...rowsOf('J22 nbf in', 'valid', [-60, 0, skew], from),
    ...rowsOf('J22 nbf in', 'not_yet_valid', [skew + 1, 61, 600], from),
    ...rowsOf('J22 nbf', 'claims', [null, '1', -1, 0.5, [], {}], (nbf) => withClaims({ nbf })),
  ];
}

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

function parties({ withClaims }: TokenForge): readonly TokenRow[] {
  return [
    ...rowsOf('J25 J30 iss', 'issuer', issuers, (iss) => withClaims({ iss })),
    ...rowsOf('J24 aud', 'audience', audiences, (aud) => withClaims({ aud })),
    ['J24 the issuer as audience', withClaims({ aud: issuer }), 'audience'],
  ];
}

function identities({ now, claims, withClaims }: TokenForge): readonly TokenRow[] {
  const { jti, sid } = claims;
  const other = newId<SessionId>(now);
  const spelt = ['+', '/', '=', ' ', '.', '\n'].map((character) => jti.slice(0, -1) + character);
  const spoilt = [...spelt, `${jti} `, jti.slice(0, -1), jti.slice(0, -4), sid];
  return [
    ['the jti of another session', withClaims({ jti: newJti(other, now, 0) }), 'claims'],
    ['the sid of another session', withClaims({ sid: other }), 'claims'],
    [bothOfAnotherSession, withClaims({ jti: newJti(other, now, 0), sid: other }), 'valid'],
    ['a jti that differs in the first bit', withClaims({ jti: `g${jti.slice(1)}` }), 'claims'],
    ...rowsOf('J26 jti', 'claims', spoilt, (text) => withClaims({ jti: text })),
  ];
}

/** The one row whose token is good and not of the forge's session. */
export const bothOfAnotherSession = 'both of another session';

function harmless({ claims, withBody, withClaims }: TokenForge): readonly TokenRow[] {
  const reversed = Object.fromEntries(Object.entries(claims).reverse());
  return [
    ['the smallest scope', withClaims({ scope: 'account' }), 'valid'],
    ['no method', withClaims({ amr: [] }), 'valid'],
    ['two methods', withClaims({ amr: ['pwd', 'otp'] }), 'valid'],
    ['the first token version', withClaims({ ver: 0 }), 'valid'],
    ['a claim that we do not know', withClaims({ x: { y: [1] } }), 'valid'],
    ['claims in another order', withBody(JSON.stringify(reversed)), 'valid'],
  ];
}

/** J23: when a good token is read, in milliseconds, and the outcome. At `exp` it is expired, without skew. */
export function timesOfReading({ now, claims }: TokenForge): readonly [string, at: number, string][] {
  const end = claims.exp * 1000;
  return [
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
}
