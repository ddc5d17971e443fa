import { createHmac, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { subscribe } from 'node:diagnostics_channel';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  assert as check,
  constantFrom,
  jsonValue,
  nat,
  property,
  string,
  tuple,
  uint8Array,
} from 'fast-check';
import t from 'tap';
import { numericDate, systemClock } from '../../src/core/clock.ts';
import { encodeBase64url } from '../../src/core/encoding.ts';
import { newId, type SessionId } from '../../src/core/ids.ts';
import { limits } from '../../src/core/limits.ts';
import { createSealing } from '../../src/core/sealing.ts';
import { openKeyRing } from '../../src/keys/keyRing.ts';
import type { StoredSigningKey } from '../../src/keys/signingKeyStore.ts';
import { createAccessTokenReader } from '../../src/tokens/accessTokenReader.ts';
import { newJti } from '../../src/tokens/jti.ts';

const now = Date.UTC(2030, 0, 1, 12);
const seconds = numericDate(now);
const issuer = 'https://auth.example';
const audience = 'api.example';
const sid = newId<SessionId>(now);

async function openRing() {
  const rows: StoredSigningKey[] = [];
  const load = async () => [...rows];
  const insert = async (row: StoredSigningKey) => rows.push(row) > 0;
  return openKeyRing({
    store: { load, insert },
    sealing: createSealing(randomBytes(32)),
    clock: systemClock,
  });
}
const keyRing = await openRing();
const otherRing = await openRing();
const { kid, privateKey } = keyRing.signer();
const publicKey = keyRing.verifier(kid) as KeyObject;
const reader = createAccessTokenReader({ keyRing, issuer, audience });

const claims: Readonly<Record<string, unknown>> = {
  iss: issuer,
  sub: newId(now),
  aud: audience,
  exp: seconds + 900,
  iat: seconds,
  jti: newJti(sid, now),
  sid,
  ver: 3,
  client_id: 'first-party',
  scope: 'openid profile',
  auth_time: seconds - 60,
  amr: ['pwd'],
};
const header: Readonly<Record<string, unknown>> = { alg: 'ES256', typ: 'at+jwt', kid };

type Text = string | Uint8Array;
const spell = (text: Text) => encodeBase64url(Buffer.from(text as string));
const ownSignature = (input: string, key: KeyObject = privateKey) =>
  sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });

/** A token of these texts; signed with the ring's own key unless told otherwise. */
function ofTexts(head: Text, body: Text, signature: (input: string) => Uint8Array = ownSignature): string {
  const input = `${spell(head)}.${spell(body)}`;
  return `${input}.${encodeBase64url(signature(input))}`;
}
const json = JSON.stringify;
const withHeader = (change: object, signature = ownSignature as (input: string) => Uint8Array) =>
  ofTexts(json({ ...header, ...change }), json(claims), signature);
const withClaims = (change: object) => ofTexts(json(header), json({ ...claims, ...change }));
/** One claim as JSON text that JSON.stringify would not write. */
const withClaimText = (claim: string, text: string) =>
  ofTexts(
    json(header),
    json({ ...claims, [claim]: '%' }).replace('"%"', () => text),
  );
const withBody = (body: Text) => ofTexts(json(header), body);
const without = (claim: string) => withClaims({ [claim]: undefined });

const good = ofTexts(json(header), json(claims));
const [goodHeader, goodPayload, goodSignature] = good.split('.') as [string, string, string];

const outcome = (token: string, at = now) => {
  const read = reader.read(token, at);
  return read.valid ? 'valid' : read.fault;
};
type Row = readonly [name: string, token: string, outcome: string];
const each = <Value>(outcome: string, rows: readonly (readonly [string, Value])[], make: (value: Value) => string) =>
  rows.map(([name, value]): Row => [name, make(value), outcome]);

const sockets: unknown[] = [];
subscribe('net.client.socket', (message) => void sockets.push(message));

/** n, the order of P-256. */
const order = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
const scalar = (value: bigint) => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
const rs = (r: bigint, s: bigint) => () => Buffer.concat([scalar(r), scalar(s)]);
const halves = (signature: Buffer) => [signature.subarray(0, 32), signature.subarray(32)] as const;
const complemented = (input: string) => {
  const [r, s] = halves(ownSignature(input));
  return Buffer.concat([r, scalar(order - BigInt(`0x${s.toString('hex')}`))]);
};
const der = (input: string) => sign('sha256', Buffer.from(input), privateKey);
const hmac = (hash: string, key: Text) => (input: string) => createHmac(hash, key as string).update(input).digest();
const pem = publicKey.export({ format: 'pem', type: 'spki' }) as string;
const spki = publicKey.export({ format: 'der', type: 'spki' });
const jwk = publicKey.export({ format: 'jwk' });
const point = Buffer.concat([Buffer.from(jwk.x as string, 'base64url'), Buffer.from(jwk.y as string, 'base64url')]);
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
const ed25519 = generateKeyPairSync('ed25519').privateKey;
const attacker = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const attackerJwk = attacker.publicKey.export({ format: 'jwk' });
const lastOfSignature = goodSignature.at(-1) as string;
const strayBits = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'].filter(
  (character) => (Buffer.from(`${goodSignature.slice(84, 85)}${character}`, 'base64url')[0] ===
    Buffer.from(goodSignature.slice(84), 'base64url')[0]) && character !== lastOfSignature,
);

const tables: Readonly<Record<string, readonly Row[]>> = {
  'J1–J4: only ES256, spelt so': [
    ['a good token', good, 'valid'],
    ...each('header', ['none', 'None', 'nOnE', 'NONE', ''].map((alg) => [`J1 alg "${alg}", signed`, alg]), (alg) => withHeader({ alg })),
    ['J1 alg none without a signature', withHeader({ alg: 'none' }, () => Buffer.of()), 'malformed'],
    ['J1 a good header without a signature', `${goodHeader}.${goodPayload}.`, 'malformed'],
    ['J1 two parts', `${goodHeader}.${goodPayload}`, 'malformed'],
    ...each('malformed', [['PEM', pem], ['DER', spki], ['JWK', json(jwk)], ['x and y', point]], (key: Text) => withHeader({ alg: 'HS256' }, hmac('sha256', key))).map(([n, k, o]): Row => [`J2 HS256 with our public key, ${n}`, k, o]),
  ],
};
