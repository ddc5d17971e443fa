/** Proofs of a key (RFC 9449 §4.3): what each must be like, and what stands for the same address. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { isSentAsBound, type ProvenRequest, readProof } from '@countersign/verifier/tokens/dpopProof';
import { normaliseTarget } from '@countersign/verifier/tokens/targetUri';
import t from 'tap';
import { aProver, type Bent, hashOf } from '../support/proofs.ts';

const now = Date.UTC(2030, 0, 1, 12);
const iat = now / 1000;
const url = 'https://auth.example/oauth2/token';
const prover = aProver(() => now);
const other = aProver(() => now);
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' });

function read(text: string, request: Partial<ProvenRequest> = {}): string {
  const result = readProof(text, { method: 'POST', url, ...request }, now);
  return result.valid ? 'valid' : result.fault;
}
const bent = (change: Bent, at = url) => read(prover.proof({ method: 'POST', url: at }, change));
const claim = (name: string, value: unknown) => bent({ claims: { [name]: value } });
const header = (name: string, value: unknown) => bent({ header: { [name]: value } });

function table(title: string, rows: readonly (readonly [string, string, string])[]): void {
  t.test(title, (t) => {
    for (const [what, result, expected] of rows) t.equal(result, expected, what);
    t.end();
  });
}

t.test('a good one says which key it is of, and until when it would be good again', (t) => {
  const text = prover.proof({ method: 'POST', url, nonce: 'n' }, { claims: { jti: 'one' } });
  t.strictSame(readProof(text, { method: 'POST', url }, now), {
    valid: true,
    proof: { jkt: prover.jkt, jti: 'one', nonce: 'n', acceptedUntil: now + 120_000 },
  });
  t.end();
});

t.test('one for another address of the same resource', (t) => {
  const alias = 'https://mtls.auth.example/oauth2/token';
  const text = prover.proof({ method: 'POST', url: alias });
  t.equal(read(text), 'url');
  t.equal(read(text, { alias }), 'valid');
  t.equal(read(prover.proof({ method: 'POST', url: `${alias}/x` }), { alias }), 'url');
  t.equal(read(prover.proof({ method: 'POST', url }), { alias }), 'valid');
  t.end();
});

const good = prover.proof({ method: 'POST', url });
table('the header and its key', [
  ['D1: two fields', read(`${good}, ${good}`), 'malformed'],
  ['an empty field', read(''), 'malformed'],
  ['no JWT', read('x'), 'malformed'],
  ['a very long one', read('x'.repeat(9_000)), 'malformed'],
  ['a JSON serialization', read(JSON.stringify({ payload: 'x' })), 'malformed'],
  ['D2: a private key', header('jwk', prover.privateKey.export({ format: 'jwk' })), 'key'],
  ['an empty private member', header('jwk', { ...prover.jwk, d: '' }), 'key'],
  ['a symmetric key', header('jwk', { kty: 'oct', k: 'c2VjcmV0' }), 'key'],
  ['another curve', header('jwk', p384), 'key'],
  [
    'a point that is not on the curve',
    header('jwk', { ...prover.jwk, y: randomBytes(32).toString('base64url') }),
    'key',
  ],
  ['no key', header('jwk', undefined), 'header'],
  ['a key that is a text', header('jwk', 'x'), 'key'],
  ['what WebCrypto exports', header('jwk', { ...prover.jwk, ext: true, key_ops: ['verify'] }), 'valid'],
  ['D3: a symmetric algorithm', header('alg', 'HS256'), 'header'],
  ['no algorithm', header('alg', 'none'), 'header'],
  ['another algorithm', header('alg', 'RS256'), 'header'],
  ['another kind of JWT', header('typ', 'at+jwt'), 'header'],
  ['no kind', header('typ', undefined), 'header'],
  ['a critical extension', header('crit', ['exp']), 'header'],
  ['the name of a key', header('kid', 'x'), 'header'],
  ['signed by another key', bent({ signedBy: other.privateKey }), 'signature'],
  ['the key of somebody else', header('jwk', other.jwk), 'signature'],
]);

table('the claims', [
  ['D5: another method', claim('htm', 'GET'), 'method'],
  ['a method in lower case', claim('htm', 'post'), 'method'],
  ['no method', claim('htm', undefined), 'claims'],
  ['no address', claim('htu', undefined), 'claims'],
  ['no id', claim('jti', undefined), 'claims'],
  ['an empty id', claim('jti', ''), 'claims'],
  ['an id that is a number', claim('jti', 1), 'claims'],
  ['a huge id', claim('jti', 'x'.repeat(3_000)), 'claims'],
  ['no time', claim('iat', undefined), 'claims'],
  ['a time that is a text', claim('iat', String(iat)), 'claims'],
  ['a nonce that is a number', claim('nonce', 1), 'claims'],
  ['a fraction of a second', claim('iat', iat + 0.5), 'valid'],
  ['D8: ten minutes ago', claim('iat', iat - 600), 'time'],
  ['D8: in ten minutes', claim('iat', iat + 600), 'time'],
  ['two minutes ago', claim('iat', iat - 120), 'valid'],
  ['a second longer', claim('iat', iat - 121), 'time'],
  ['in two minutes', claim('iat', iat + 120), 'valid'],
  ['a second later', claim('iat', iat + 121), 'time'],
]);

const withToken = (given: Bent) =>
  read(prover.proof({ method: 'POST', url, token: 'token' }, given), { accessToken: 'token' });
table('D6: the access token', [
  ['its hash', withToken({}), 'valid'],
  ['none', withToken({ claims: { ath: undefined } }), 'access_token'],
  ['that of another token', withToken({ claims: { ath: hashOf('other') } }), 'access_token'],
  ['the token itself', withToken({ claims: { ath: 'token' } }), 'access_token'],
]);

const base = 'https://auth.example/a/b';
const same: readonly string[] = [
  'HTTPS://AUTH.EXAMPLE/a/b',
  'https://auth.example:443/a/b',
  'https://auth.example/%61/b',
  'https://auth.example/%61/%62',
];
const others: readonly string[] = [
  ...['https://auth.example/a/b/', 'https://auth.example/A/b', 'https://auth.example/a%2Fb'],
  ...['http://auth.example/a/b', 'https://auth.example:8443/a/b', 'https://auth.example.evil.example/a/b'],
  ...['https://auth.example@evil.example/a/b', 'https://evil.example/a/b', '//auth.example/a/b', '/a/b'],
  ...['https://auth.example/a/b?', 'https://auth.example/a/b?x=1', 'https://auth.example/a/b#', ''],
  ...['https://auth.example/a/./b', 'https://auth.example/x/../a/b', 'https://auth.example/x/%2e%2E/a/b'],
  ...[
    'https://auth.example\\a\\b',
    ' https://auth.example/a/b',
    'https://user@auth.example/a/b',
    'https:///a/b',
  ],
];
t.test('D4: the address in one of its spellings, and no other', (t) => {
  const at = (htu: string) => read(prover.proof({ method: 'POST', url: htu }), { url: `${base}?query=1` });
  for (const htu of [base, ...same]) t.equal(at(htu), 'valid', htu);
  for (const htu of others) t.not(at(htu), 'valid', htu);
  t.equal(normaliseTarget('https://a.example'), 'https://a.example/');
  t.equal(normaliseTarget('https://a.example/%c3%a9%7e'), 'https://a.example/%C3%A9~');
  const strange = read(prover.proof({ method: 'POST', url: base }), { url: 'https://auth.example/x/../a/b' });
  t.equal(strange, 'url', 'a request that another resource could take for its own');
  t.end();
});

t.test('how a token may be sent (D10, D11)', (t) => {
  for (const isBound of [true, false])
    for (const scheme of ['Bearer', 'DPoP'] as const)
      for (const hasProof of [true, false])
        t.equal(
          isSentAsBound(isBound, { scheme, hasProof }),
          isBound === hasProof && isBound === (scheme === 'DPoP'),
          `${isBound} ${scheme} ${hasProof}`,
        );
  t.end();
});
