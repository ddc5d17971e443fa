/** Makes access tokens by hand, good ones and bad ones, with nothing of ours but the key: what a reader must withstand. */
import { type KeyObject, sign } from 'node:crypto';
import { newId, type SessionId } from '../../src/core/ids.ts';
import { newJti } from '../../src/tokens/jti.ts';
import { openRing } from './signingKeys.ts';

export type Text = string | Uint8Array;
/** The signature of a signing input. */
export type Signature = (input: string) => Uint8Array;

export const issuer = 'https://auth.example';
export const audience = 'api.example';

export function es256(key: KeyObject): Signature {
  return (input) => sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
}

/** A forge with a ring of its own. `now` in milliseconds: when its tokens are issued. */
export async function openTokenForge(now: number) {
  const keyRing = await openRing();
  const { kid, privateKey } = keyRing.signer();
  const ours = es256(privateKey);
  const seconds = Math.floor(now / 1000);
  const sid = newId<SessionId>(now);
  const header = { alg: 'ES256', typ: 'at+jwt', kid };
  const claims = {
    iss: issuer,
    sub: newId(now) as string,
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

  /** A token of these texts, whatever they are; its signature is good unless told otherwise. */
  const ofTexts = (head: Text, body: Text, signature: Signature = ours) => {
    const input = [head, body].map((text) => Buffer.from(text as string).toString('base64url')).join('.');
    return `${input}.${Buffer.from(signature(input)).toString('base64url')}`;
  };
  const head = JSON.stringify(header);
  const body = JSON.stringify(claims);

  return {
    keyRing,
    kid,
    privateKey,
    publicKey: keyRing.verifier(kid)?.publicKey as KeyObject,
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

/** A row of a table: what it is, the token, and the fault, or `valid`. */
export type TokenRow = readonly [name: string, token: string, outcome: string];

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
