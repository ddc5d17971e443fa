/** The attacks on the form of a token, J1–J8, J10–J12, J14–J20, J27–J29, as tables that every reader must agree with. */
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { verifierLimits } from '@countersign/verifier/limits';
import {
  es256,
  newKey,
  rowsOf,
  type Signature,
  type Text,
  type TokenForge,
  type TokenRow,
  type TokenTable,
} from './tokenForge.ts';

const json = JSON.stringify;
export const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

export async function attacksOnForm(forge: TokenForge): Promise<readonly TokenTable[]> {
  return [
    { title: 'the algorithm is ES256, spelt so (J1–J4)', rows: algorithms(forge) },
    {
      title: 'the key is one of ours, and nothing in the token brings one (J5–J8, J29)',
      rows: keys(forge, await newKey()),
    },
    { title: 'the signature is 64 bytes that fit (J10–J12)', rows: signatures(forge) },
    { title: 'it has one spelling (J14, J17, J18)', rows: spellings(forge) },
    { title: 'its header has three members (J15–J17, J27)', rows: headers(forge) },
    { title: 'head and body are strict JSON (J17, J19, J20, J28)', rows: texts(forge) },
    { title: 'it is at most as long as the limit, which is looked at first (J28)', rows: lengths(forge) },
  ];
}

export function partsOf(token: string) {
  return token.split('.') as [head: string, body: string, signature: string];
}

function algorithms({ good, publicKey, withHeader, withSignature }: TokenForge): readonly TokenRow[] {
  const [head, body] = partsOf(good);
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
  const unsigned = ['none', 'None', 'nOnE', 'NONE', '', undefined];
  const others = ['RS256', 'PS256', 'ES384', 'ES512', 'ES256K', 'HS256'];
  const misspelt = ['es256', 'ES256 ', ' ES256', 'ES256\n', 'ES256\t'];
  return [
    ...rowsOf('J1', 'header', unsigned, (alg) => withHeader({ alg })),
    ['J1 none, without a signature', withHeader({ alg: 'none' }, () => Buffer.of()), 'malformed'],
    ['J1 a good head, without a signature', `${head}.${body}.`, 'malformed'],
    ['J1 no third part', `${head}.${body}`, 'malformed'],
    ...rowsOf('J2 HS256 by', 'malformed', forms, (form) =>
      withHeader({ alg: 'HS256' }, hmac('sha256', form)),
    ),
    ...rowsOf('J2 HS512 by', 'header', forms, (form) => withHeader({ alg: 'HS512' }, hmac('sha512', form))),
    ...rowsOf('J2 HS512 as ES256 by', 'signature', forms, (form) => withSignature(hmac('sha512', form))),
    ['J3 RS256', withHeader({ alg: 'RS256' }, byRsa), 'malformed'],
    ['J3 EdDSA', withHeader({ alg: 'EdDSA' }, byEd25519), 'header'],
    ['J3 EdDSA as ES256', withSignature(byEd25519), 'signature'],
    ...rowsOf('J3', 'header', others, (alg) => withHeader({ alg })),
    ...rowsOf('J4', 'header', misspelt, (alg) => withHeader({ alg })),
    ...rowsOf('J4', 'header', [['ES256'], 256, {}, null, true], (alg) => withHeader({ alg })),
  ];
}

function keys(
  { kid, withHeader, withSignature }: TokenForge,
  stranger: Awaited<ReturnType<typeof newKey>>,
): readonly TokenRow[] {
  const attacker = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const carried = [
    { jwk: attacker.publicKey.export({ format: 'jwk' }) },
    { jku: 'http://127.0.0.1:9/jwks' },
    { x5u: 'file:///dev/null' },
    { x5c: ['MIIB'] },
    { x5t: 'AAAA' },
    { 'x5t#S256': 'AAAA' },
  ];
  const noKid = ['../../dev/null', "' OR 1=1--", 'a\tb', '', ' ', `${kid} `, `${kid}\n`, 'k'.repeat(65), 'é'];
  const unknownKid = [
    '__proto__',
    'constructor',
    'toString',
    'k'.repeat(64),
    kid.toLowerCase(),
    kid.slice(1),
  ];
  const byStranger = es256(stranger.privateKey);
  return [
    ...rowsOf('J5 J6 signed by us', 'header', carried, (change) => withHeader(change)),
    ...rowsOf('J5 J6 forged', 'header', carried, (change) => withHeader(change, es256(attacker.privateKey))),
    ...rowsOf('J7', 'header', noKid, (name) => withHeader({ kid: name })),
    ...rowsOf('J7', 'header', [1, [kid], {}, null, true], (name) => withHeader({ kid: name })),
    ...rowsOf('J7', 'unknown_key', unknownKid, (name) => withHeader({ kid: name })),
    ['J7 NUL in a name', withHeader({ kid: 'a\0b' }), 'malformed'],
    ['J7 a megabyte', withHeader({ kid: 'k'.repeat(1_000_000) }), 'too_long'],
    ['J8 no kid', withHeader({ kid: undefined }), 'header'],
    ['J8 J29 a key that is not in the ring', withHeader({ kid: stranger.kid }, byStranger), 'unknown_key'],
    ['J8 J29 another key under the name of ours', withSignature(byStranger), 'signature'],
  ];
}

/** n, the order of P-256, and the numbers around it and at both ends. */
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const numbers = [0n, 1n, order - 1n, order, order + 1n, 2n ** 256n - 1n].map(String);
const bytesOf = (number: string | bigint) =>
  Buffer.from(BigInt(number).toString(16).padStart(64, '0'), 'hex');

/** J11: n − s in place of s fits too, and is the same token under the same jti. */
export function malleableTwin({ good }: Pick<TokenForge, 'good'>): string {
  const [head, body, signature] = partsOf(good);
  const bytes = Buffer.from(signature, 'base64url');
  bytesOf(order - BigInt(`0x${bytes.toString('hex', 32)}`)).copy(bytes, 32);
  return `${head}.${body}.${bytes.toString('base64url')}`;
}

function signatures(forge: TokenForge): readonly TokenRow[] {
  const { good, privateKey, withClaims, withSignature } = forge;
  const [, , signature] = partsOf(good);
  const ours = es256(privateKey);
  const resized = (length: number) => Buffer.concat([Buffer.from(signature, 'base64url')], length);
  const derOf = (input: string) => sign('sha256', Buffer.from(input), privateKey);
  return [
    ...numbers.flatMap((r) =>
      rowsOf(`J10 r ${r}, s`, 'signature', numbers, (s) =>
        withSignature(() => Buffer.concat([bytesOf(r), bytesOf(s)])),
      ),
    ),
    ...rowsOf('J10 a good r, s', 'signature', numbers, (s) =>
      withSignature((input) => Buffer.concat([ours(input).subarray(0, 32), bytesOf(s)])),
    ),
    ['J11 n − s in place of s', malleableTwin(forge), 'valid'],
    ['J12 DER', withSignature(derOf), 'malformed'],
    ...rowsOf('J12', 'malformed', [0, 1, 32, 63, 65, 66, 128], (bytes) =>
      withSignature(() => resized(bytes)),
    ),
    ['J12 of another token', `${withClaims({ ver: 4 }).replace(/[^.]*$/, '')}${signature}`, 'signature'],
  ];
}

function spellings({ good }: TokenForge): readonly TokenRow[] {
  const [head, body, signature] = partsOf(good);
  const ends = ['=', '==', ' ', '\n', '\r\n', '\t', '\0', '.', '.x', '%3D', '\ufeff'];
  const otherLast = [...alphabet].filter((character) => !good.endsWith(character));
  const stray = otherLast.filter((last) => alphabet.indexOf(last) % 16 !== 0);
  const general = { payload: body, signatures: [{ protected: head, signature }] };
  const inside = ['+', '/', '~', 'é', ' '];
  return [
    ...rowsOf('J14 after it', 'malformed', ends, (text) => good + text),
    ...rowsOf(
      'J14 before it',
      'malformed',
      [' ', '\n', '.', 'Bearer ', '\ufeff', '{'],
      (text) => text + good,
    ),
    ...rowsOf('J14 after each part', 'malformed', ends.slice(0, 7), (text) =>
      good.replaceAll('.', `${text}.`),
    ),
    ...rowsOf('J14 in the signature', 'malformed', inside, (text) => good.slice(0, -1) + text),
    ...rowsOf('J14 stray low bits', 'malformed', stray, (last) => good.slice(0, -1) + last),
    ['J17 five parts', `${good}.${body}.${signature}`, 'malformed'],
    ['J18 flattened', json({ protected: head, payload: body, signature }), 'malformed'],
    ['J18 general', json(general), 'malformed'],
    ['nothing', '', 'malformed'],
    ['two dots', '..', 'malformed'],
    ['an opaque token', `rt_${'A'.repeat(72)}`, 'malformed'],
  ];
}

function headers({ publicKey, withHeader }: TokenForge): readonly TokenRow[] {
  const epk = publicKey.export({ format: 'jwk' });
  const crits = [['exp'], [], ['b64', 'b64'], 'b64', ['alg'], {}, null];
  const unencoded = [{ b64: false }, { b64: true }, { b64: false, crit: ['b64'] }];
  const others = [{ zip: 'DEF' }, { cty: 'JWT' }, { enc: 'A256GCM' }, { p2c: 1e9 }, { epk }, { x: 1 }];
  const types = [
    ...['JWT', 'AT+JWT', 'at+jwt ', 'at+jwt\t', 'application/at+jwt', 'refresh+jwt', 'logout+jwt', ''],
    ...['secevent+jwt', 'dpop+jwt', 'statuslist+jwt', 'token-introspection+jwt', 'client-auth+jwt'],
    ...[null, ['at+jwt'], undefined],
  ];
  return [
    ...rowsOf('J15', 'header', crits, (crit) => withHeader({ crit })),
    ...rowsOf('J16', 'header', unencoded, (change) => withHeader(change)),
    ...rowsOf('J17', 'header', others, (change) => withHeader(change)),
    ...rowsOf('J27', 'header', types, (typ) => withHeader({ typ })),
  ];
}

const member = (text: string, more: string) => `${text.slice(0, -1)},${more}}`;
const spoilt: Readonly<Record<string, (text: string, good: string) => Text>> = {
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
  'J20 bad UTF-8': (text) => Buffer.from(member(text, '"x":"\u00ff"'), 'latin1'),
  'J20 a surrogate in UTF-8': (text) => Buffer.concat([Buffer.from(text), Buffer.of(0xed, 0xa0, 0x80)]),
  'J20 a lone surrogate, escaped': (text) => member(text, '"x":"\\ud800"'),
  'J20 NUL in a string': (text) => member(text, '"x":"a\0b"'),
  'J20 NUL in a string, escaped': (text) => member(text, '"x":"a\\u0000b"'),
  'J20 an array': (text) => `[${text}]`,
  'J20 a string': (text) => json(text),
  'J20 a number': () => '1',
  'J20 null': () => 'null',
  'J20 nothing': () => '',
  'J17 a token': (_text, good) => good,
  'J28 deep, and not closed': (text) => member(text, `"x":${'['.repeat(2_000)}`),
};

function texts({ good, header, claims, withHead, withBody }: TokenForge): readonly TokenRow[] {
  return Object.entries(spoilt).flatMap(([what, spoil]): TokenRow[] => [
    [`${what}, head`, withHead(spoil(json(header), good)), 'malformed'],
    [`${what}, body`, withBody(spoil(json(claims), good)), 'malformed'],
  ]);
}

function lengths({ good, withBody, withClaims }: TokenForge): readonly TokenRow[] {
  const sized = (characters: number) => withClaims({ scope: `account ${'s'.repeat(characters)}` });
  const scope = Array.from({ length: 4_000 }, (_, index) => 7_000 - index).find(
    (characters) => sized(characters).length <= verifierLimits.tokenCharacters,
  ) as number;
  const arrays = '['.repeat(100_000) + ']'.repeat(100_000);
  return [
    ['J28 as long as allowed', sized(scope), 'valid'],
    ['J28 one claim character longer', sized(scope + 1), 'too_long'],
    ['J28 twice as long as allowed', `${good}${'A'.repeat(verifierLimits.tokenCharacters)}`, 'too_long'],
    ['J28 100,000 arrays in one another', withBody(`{"x":${arrays}}`), 'too_long'],
    ['J28 five million characters', `${good}${'='.repeat(5_000_000)}`, 'too_long'],
    ['J28 dots only', '.'.repeat(verifierLimits.tokenCharacters), 'malformed'],
  ];
}
