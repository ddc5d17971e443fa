/** Makes access tokens by hand, good ones and bad ones, with nothing of ours but the key: what a reader must withstand. */
import { type KeyObject, sign } from 'node:crypto';
import type { SessionId } from '@countersign/verifier/ids';
import { newJti } from '@countersign/verifier/tokens/jti';
import type { Verifier } from '@countersign/verifier/tokens/publicKey';
import { newId } from '../../src/platform/newId.ts';
import { openRing } from './signingKeys.ts';

export type Text = string | Uint8Array;
/** The signature of a signing input. */
export type Signature = (input: string) => Uint8Array;

export const issuer = 'https://auth.example';
export const audience = 'api.example';

export function es256(key: KeyObject): Signature {
  return (input) => sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
}

export interface ForgeKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  /** The public key of this name, if the ring that it is of has one. */
  verifier(kid: string): Verifier | undefined;
}

/** Whose key it has and in whose session its tokens are. */
export interface ForgeOf {
  readonly key?: ForgeKey;
  readonly session?: { readonly sid: SessionId; readonly sub: string };
}

export type TokenForge = Awaited<ReturnType<typeof openTokenForge>>;

/** A forge with a key and a session of its own, unless it is given others. `now` in milliseconds: when it issues. */
export async function openTokenForge(now: number, { key, session }: ForgeOf = {}) {
  const { kid, privateKey, verifier } = key ?? (await newKey());
  const ours = es256(privateKey);
  const seconds = Math.floor(now / 1000);
  const { sid, sub } = session ?? { sid: newId<SessionId>(now), sub: newId(now) as string };
  const header = { alg: 'ES256', typ: 'at+jwt', kid };
  const claims = {
    iss: issuer,
    sub,
    aud: audience,
    exp: seconds + 900,
    iat: seconds,
    jti: newJti(sid, now, 0),
    sid,
    ver: 3,
    client_id: 'first-party',
    scope: 'account openid profile',
    auth_time: seconds - 60,
    amr: ['pwd'],
  };

  /** A token of these texts, whatever they are; its signature is good unless told otherwise. */
  const ofTexts = (head: Text, body: Text, signature: Signature = ours) => {
    const input = [head, body].map((text) => Buffer.from(text as string).toString('base64url')).join('.');
    return `${input}.${Buffer.from(signature(input)).toString('base64url')}`;
  };
  const head = JSON.stringify(header);
  const body = JSON.stringify(claims);

  return {
    now,
    keyRing: { verifier },
    kid,
    privateKey,
    publicKey: verifier(kid)?.publicKey as KeyObject,
    header,
    claims,
    good: ofTexts(head, body),
    ofTexts,
    /** The good token with some members changed; those that are undefined are left out. */
    withHeader: (change: object, signature = ours) =>
      ofTexts(JSON.stringify({ ...header, ...change }), body, signature),
    withClaims: (change: object) => ofTexts(head, JSON.stringify({ ...claims, ...change })),
    withHead: (text: Text) => ofTexts(text, body),
    withBody: (text: Text) => ofTexts(head, text),
    withSignature: (signature: Signature) => ofTexts(head, body, signature),
    /** One claim as a JSON text that JSON.stringify would not write. */
    withClaimText: (claim: string, text: string) =>
      ofTexts(
        head,
        JSON.stringify({ ...claims, [claim]: '%' }).replace('"%"', () => text),
      ),
  };
}

/** As our ring makes one. */
export async function newKey(): Promise<ForgeKey> {
  const ring = await openRing();
  const { kid, privateKey } = ring.signer();
  return { kid, privateKey, verifier: ring.verifier };
}

/** A row of a table: what it is, the token, and the fault, or `valid`. */
export type TokenRow = readonly [name: string, token: string, outcome: string];

/** Rows that belong together. */
export interface TokenTable {
  readonly title: string;
  readonly rows: readonly TokenRow[];
}

/** One row for each of these values. */
export function rowsOf<Value>(
  name: string,
  outcome: string,
  values: readonly Value[],
  make: (value: Value) => string,
): TokenRow[] {
  return values.map((value) => [
    `${name}: ${(JSON.stringify(value) ?? 'missing').slice(0, 60)}`,
    make(value),
    outcome,
  ]);
}
