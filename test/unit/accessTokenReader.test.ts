import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { subscribe } from 'node:diagnostics_channel';
import { assert as check, nat, property, string } from 'fast-check';
import t from 'tap';
import { limits } from '../../src/core/limits.ts';
import { createAccessTokenReader } from '../../src/tokens/accessTokenReader.ts';
import { openRing } from '../support/signingKeys.ts';
import {
  audience,
  es256,
  issuer,
  openTokenForge,
  rowsOf,
  type Signature,
  type Text,
  type TokenRow,
} from '../support/tokenForge.ts';

// The attacks on the form of a token: J1–J8, J10–J12, J14–J20, J27–J29. Those on its claims are in
// accessTokenReaderClaims.test.ts; J9 and J13, which are about importing keys, in keyRing.test.ts.

const now = Date.UTC(2030, 0, 1, 12);
const forge = await openTokenForge(now);
const { good, kid, publicKey, privateKey, withBody, withClaims, withHead, withHeader, withSignature } = forge;
const [head, body, signature] = good.split('.') as [string, string, string];
const otherSigner = (await openRing()).signer();
const attacker = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const json = JSON.stringify;
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

const reader = createAccessTokenReader({ keyRing: forge.keyRing, issuer, audience });
const outcome = (token: string) => {
  const read = reader.read(token, now);
  return read.valid ? 'valid' : read.fault;
};

function table(title: string, rows: readonly TokenRow[]): void {
  t.test(title, (t) => {
    t.equal(outcome(good), 'valid', 'the token that the rows below spoil');
    for (const [name, token, expected] of rows) t.equal(outcome(token), expected, name);
    t.end();
  });
}

const jwk = publicKey.export({ format: 'jwk' });
const publicForms: Readonly<Record<string, Text>> = {
  PEM: publicKey.export({ format: 'pem', type: 'spki' }),
  DER: publicKey.export({ format: 'der', type: 'spki' }),
  JWK: json(jwk),
  point: Buffer.from(`${jwk.x}${jwk.y}`, 'base64url'),
};
const forms = Object.keys(publicForms);
const hmac = (hash: string, form: string) => (input: string) =>
  createHmac(hash, publicForms[form] as string)
    .update(input)
    .digest();
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const ed25519 = generateKeyPairSync('ed25519').privateKey;
const byRsa: Signature = (input) => sign('sha256', Buffer.from(input), rsa);
const byEd25519: Signature = (input) => sign(null, Buffer.from(input), ed25519);

table('the algorithm is ES256, spelt so (J1–J4)', [
  ...rowsOf('J1', 'header', ['none', 'None', 'nOnE', 'NONE', '', undefined], (alg) => withHeader({ alg })),
  ['J1 none, without a signature', withHeader({ alg: 'none' }, () => Buffer.of()), 'malformed'],
  ['J1 a good head, without a signature', `${head}.${body}.`, 'malformed'],
  ['J1 no third part', `${head}.${body}`, 'malformed'],
  ...rowsOf('J2 HS256 by', 'malformed', forms, (form) => withHeader({ alg: 'HS256' }, hmac('sha256', form))),
  ...rowsOf('J2 HS512 by', 'header', forms, (form) => withHeader({ alg: 'HS512' }, hmac('sha512', form))),
  ...rowsOf('J2 HS512 as ES256 by', 'signature', forms, (form) => withSignature(hmac('sha512', form))),
  ['J3 RS256', withHeader({ alg: 'RS256' }, byRsa), 'malformed'],
  ['J3 EdDSA', withHeader({ alg: 'EdDSA' }, byEd25519), 'header'],
  ['J3 EdDSA as ES256', withSignature(byEd25519), 'signature'],
  ...rowsOf('J3', 'header', ['RS256', 'PS256', 'ES384', 'ES512', 'ES256K', 'HS256'], (alg) =>
    withHeader({ alg }),
  ),
  ...rowsOf('J4', 'header', ['es256', 'ES256 ', ' ES256', 'ES256\n', 'ES256\t'], (alg) =>
    withHeader({ alg }),
  ),
  ...rowsOf('J4', 'header', [['ES256'], 256, {}, null, true], (alg) => withHeader({ alg })),
]);

const carried = [
  { jwk: attacker.publicKey.export({ format: 'jwk' }) },
  { jku: 'http://127.0.0.1:9/jwks' },
  { x5u: 'file:///dev/null' },
  { x5c: ['MIIB'] },
  { x5t: 'AAAA' },
  { 'x5t#S256': 'AAAA' },
];
const noKid = ['../../dev/null', "' OR 1=1--", 'a\tb', '', ' ', `${kid} `, `${kid}\n`, 'k'.repeat(65), 'é'];
const unknownKid = ['__proto__', 'constructor', 'toString', 'k'.repeat(64), kid.toLowerCase(), kid.slice(1)];
const byOther = es256(otherSigner.privateKey);

table('the key is one of ours, and nothing in the token brings one (J5–J8, J29)', [
  ...rowsOf('J5 J6 signed by us', 'header', carried, (change) => withHeader(change)),
  ...rowsOf('J5 J6 forged', 'header', carried, (change) => withHeader(change, es256(attacker.privateKey))),
  ...rowsOf('J7', 'header', noKid, (name) => withHeader({ kid: name })),
  ...rowsOf('J7', 'header', [1, [kid], {}, null, true], (name) => withHeader({ kid: name })),
  ...rowsOf('J7', 'unknown_key', unknownKid, (name) => withHeader({ kid: name })),
  ['J7 a megabyte', withHeader({ kid: 'k'.repeat(1_000_000) }), 'too_long'],
  ['J8 no kid', withHeader({ kid: undefined }), 'header'],
  ['J8 J29 a key that is not in the ring', withHeader({ kid: otherSigner.kid }, byOther), 'unknown_key'],
  ['J8 J29 another key under the name of ours', withSignature(byOther), 'signature'],
]);

/** n, the order of P-256, and the numbers around it and at both ends. */
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const numbers = [0n, 1n, order - 1n, order, order + 1n, 2n ** 256n - 1n].map(String);
const bytesOf = (number: string | bigint) =>
  Buffer.from(BigInt(number).toString(16).padStart(64, '0'), 'hex');
const ours = es256(privateKey);
const resized = (length: number) => Buffer.concat([Buffer.from(signature, 'base64url')], length);
const derOf = (input: string) => sign('sha256', Buffer.from(input), privateKey);

table('the signature is 64 bytes that fit (J10, J12)', [
  ...numbers.flatMap((r) =>
    rowsOf(`J10 r ${r}, s`, 'signature', numbers, (s) =>
      withSignature(() => Buffer.concat([bytesOf(r), bytesOf(s)])),
    ),
  ),
  ...rowsOf('J10 a good r, s', 'signature', numbers, (s) =>
    withSignature((input) => Buffer.concat([ours(input).subarray(0, 32), bytesOf(s)])),
  ),
  ['J12 DER', withSignature(derOf), 'malformed'],
  ...rowsOf('J12', 'malformed', [1, 32, 63, 65, 66, 128], (bytes) => withSignature(() => resized(bytes))),
  ['J12 of another token', `${withClaims({ ver: 4 }).replace(/[^.]*$/, '')}${signature}`, 'signature'],
]);

t.test('J11: n − s in place of s fits too, and is the same token under the same jti', (t) => {
  const bytes = Buffer.from(signature, 'base64url');
  bytesOf(order - BigInt(`0x${bytes.toString('hex', 32)}`)).copy(bytes, 32);
  const twin = `${head}.${body}.${bytes.toString('base64url')}`;
  t.not(twin, good);
  t.strictSame(reader.read(twin, now), reader.read(good, now));
  t.end();
});

const ends = ['=', '==', ' ', '\n', '\r\n', '\t', '\0', '.', '.x', '%3D', '\ufeff'];
const otherLast = [...alphabet].filter((character) => !good.endsWith(character));
const stray = otherLast.filter((last) => alphabet.indexOf(last) % 16 !== 0);

table('it has one spelling (J14, J17, J18)', [
  ...rowsOf('J14 after it', 'malformed', ends, (text) => good + text),
  ...rowsOf('J14 before it', 'malformed', [' ', '\n', '.', 'Bearer ', '\ufeff', '{'], (text) => text + good),
  ...rowsOf('J14 after each part', 'malformed', ends.slice(0, 7), (text) => good.replaceAll('.', `${text}.`)),
  ...rowsOf(
    'J14 in the signature',
    'malformed',
    ['+', '/', '~', 'é', ' '],
    (text) => good.slice(0, -1) + text,
  ),
  ...rowsOf('J14 stray low bits', 'malformed', stray, (last) => good.slice(0, -1) + last),
  ['J17 five parts', `${good}.${body}.${signature}`, 'malformed'],
  ['J18 flattened', json({ protected: head, payload: body, signature }), 'malformed'],
  ['J18 general', json({ payload: body, signatures: [{ protected: head, signature }] }), 'malformed'],
  ['nothing', '', 'malformed'],
  ['two dots', '..', 'malformed'],
  ['an opaque token', `rt_${'A'.repeat(72)}`, 'malformed'],
]);

const crits = [['exp'], [], ['b64', 'b64'], 'b64', ['alg'], {}, null];
const others = [{ zip: 'DEF' }, { cty: 'JWT' }, { enc: 'A256GCM' }, { p2c: 1e9 }, { epk: jwk }, { x: 1 }];
const types = ['JWT', 'AT+JWT', 'at+jwt ', 'at+jwt\t', 'application/at+jwt', 'refresh+jwt', 'logout+jwt', ''];
const moreTypes = [
  'secevent+jwt',
  'dpop+jwt',
  'statuslist+jwt',
  'token-introspection+jwt',
  'client-auth+jwt',
];

table('its header has three members (J15–J17, J27)', [
  ...rowsOf('J15', 'header', crits, (crit) => withHeader({ crit })),
  ...rowsOf('J16', 'header', [{ b64: false }, { b64: true }, { b64: false, crit: ['b64'] }], withHeader),
  ...rowsOf('J17', 'header', others, (change) => withHeader(change)),
  ...rowsOf('J27', 'header', [...types, ...moreTypes, null, ['at+jwt'], undefined], (typ) =>
    withHeader({ typ }),
  ),
]);

const [headText, bodyText] = [json(forge.header), json(forge.claims)];
const member = (text: string, more: string) => `${text.slice(0, -1)},${more}}`;
const badUtf8 = (text: string) => Buffer.from(member(text, '"x":"\u00ff"'), 'latin1');
const arrays = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
const spoilt: Readonly<Record<string, (text: string) => Text>> = {
  'J19 a member twice': (text) => member(text, text.slice(1, -1)),
  'J19 alg or sub twice': (text) => member(text, text.includes('alg') ? '"alg":"ES256"' : `"sub":"x"`),
  'J19 twice by an escape': (text) => member(text, '"x":1,"\\u0078":1'),
  'J19 twice, far inside': (text) => member(text, '"x":[{"y":{"z":1,"z":1}}]'),
  'J19 __proto__': (text) => member(text, '"__proto__":{"a":1}'),
  'J19 constructor': (text) => member(text, '"constructor":1'),
  'J20 a byte order mark': (text) => `\ufeff${text}`,
  'J20 a space before': (text) => ` ${text}`,
  'J20 a newline after': (text) => `${text}\n`,
  'J20 text after': (text) => `${text}x`,
  'J20 bad UTF-8': badUtf8,
  'J20 a surrogate in UTF-8': (text) => Buffer.concat([Buffer.from(text), Buffer.of(0xed, 0xa0, 0x80)]),
  'J20 a lone surrogate, escaped': (text) => member(text, '"x":"\\ud800"'),
  'J20 NUL in a string': (text) => member(text, '"x":"a\0b"'),
  'J20 NUL in a string, escaped': (text) => member(text, '"x":"a\\u0000b"'),
  'J20 an array': (text) => `[${text}]`,
  'J20 a string': (text) => json(text),
  'J20 a number': () => '1',
  'J20 null': () => 'null',
  'J20 nothing': () => '',
  'J17 a token': () => good,
  'J28 deep, and not closed': (text) => member(text, `"x":${'['.repeat(2_000)}`),
};

table('head and body are strict JSON (J17, J19, J20, J28)', [
  ...Object.entries(spoilt).map(
    ([what, spoil]): TokenRow => [`${what}, head`, withHead(spoil(headText)), 'malformed'],
  ),
  ...Object.entries(spoilt).map(
    ([what, spoil]): TokenRow => [`${what}, body`, withBody(spoil(bodyText)), 'malformed'],
  ),
]);

t.test('J28: it is at most as long as the limit, which is looked at first', (t) => {
  const sized = (characters: number) => withClaims({ scope: 's'.repeat(characters) });
  const scope = Array.from({ length: 4_000 }, (_, index) => 7_000 - index).find(
    (characters) => sized(characters).length <= limits.tokenCharacters,
  ) as number;
  t.equal(outcome(sized(scope)), 'valid', `${sized(scope).length} characters`);
  t.equal(outcome(sized(scope + 1)), 'too_long', `${sized(scope + 1).length} characters`);
  t.equal(outcome(withBody(`{"x":${arrays(100_000)}}`)), 'too_long', '100,000 arrays in one another');
  t.equal(outcome(`${good}${'='.repeat(5_000_000)}`), 'too_long', 'five million characters');
  t.equal(outcome('.'.repeat(limits.tokenCharacters)), 'malformed', 'dots only');
  t.end();
});

// "Except none": base64url is read strictly, so no two spellings of one token exist, and J11 needs 32 bytes changed.
t.test('no character of a good token can be changed', (t) => {
  const replaced = (at: number, by: string) => good.slice(0, at) + by + good.slice(at + 1);
  const next = (character: string) => alphabet[(alphabet.indexOf(character) + 1) % 64] as string;
  const positions = [...good].map((_, at) => at);
  const accepted = positions.filter((at) => outcome(replaced(at, next(good[at] as string))) === 'valid');
  t.strictSame(accepted, [], `each of its ${good.length} characters by the next one of the alphabet`);

  const byAny = property(
    nat(good.length - 1),
    string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    (at, by) => by === good[at] || outcome(replaced(at, by)) !== 'valid',
  );
  t.doesNotThrow(() => check(byAny, { numRuns: 3_000 }), 'any by any character');
  const byLetter = property(
    nat(good.length - 1),
    nat(63),
    (at, by) => alphabet[by] === good[at] || outcome(replaced(at, alphabet[by] as string)) !== 'valid',
  );
  t.doesNotThrow(() => check(byLetter, { numRuns: 3_000 }), 'any by any of the alphabet');
  const leftOut = positions.filter((at) => outcome(replaced(at, '')) === 'valid');
  t.strictSame(leftOut, [], 'or be left out');
  t.end();
});

t.test('whatever the text, the answer is a fault and never an error', (t) => {
  const part = string({ unit: 'binary' });
  const refused = (token: string) => outcome(token) !== 'valid';
  t.doesNotThrow(() => check(property(part, refused), { numRuns: 5_000 }), 'any text');
  const dotted = property(part, part, part, (...parts) => refused(parts.join('.')));
  t.doesNotThrow(() => check(dotted, { numRuns: 5_000 }), 'any three parts');
  const signed = property(part, part, (first, second) => refused(forge.ofTexts(first, second)));
  t.doesNotThrow(() => check(signed, { numRuns: 2_000 }), 'any two texts, signed');
  t.end();
});

t.test('J6: reading opens no connection', async (t) => {
  const connections: unknown[] = [];
  subscribe('net.client.socket', (message) => void connections.push(message));
  for (const change of carried) outcome(withHeader(change));
  t.strictSame(connections, []);
  const { connect } = await import('node:net');
  connect(9, '127.0.0.1')
    .on('error', () => {})
    .destroy();
  t.equal(connections.length, 1, 'one would have been noticed');
});
