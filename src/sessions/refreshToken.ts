/**
 * Refresh tokens are derived, never stored: `rt_` + base64url(session id (16) ‖ generation (6) ‖ HMAC-SHA-256(session secret,
 * label ‖ session id ‖ generation)). The table does not grow with refreshes, a generation always has the same token, and a dump
 * of the database holds no usable token.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { decodeBase64url, encodeBase64url } from '@countersign/verifier/encoding';
import { type SessionId, uuidBytes, uuidFromBytes } from '@countersign/verifier/ids';
import type { Sealing } from '../platform/sealing.ts';
import type { Session } from './session.ts';

const prefix = 'rt_';
const sessionBytes = 16;
const generationBytes = 6;
const macBytes = 32;
/** 54 bytes are exactly 72 characters, with no spare bits: each token has one spelling. */
const characters = prefix.length + ((sessionBytes + generationBytes + macBytes) * 4) / 3;

export interface PresentedRefreshToken {
  readonly sessionId: SessionId;
  readonly generation: number;
  readonly mac: Uint8Array;
}

/** Undefined when the text does not have a refresh token's format. */
export function parseRefreshToken(text: string): PresentedRefreshToken | undefined {
  if (text.length !== characters || !text.startsWith(prefix)) return undefined;
  const bytes = decodeBase64url(text.slice(prefix.length));
  if (bytes === undefined) return undefined;
  return {
    sessionId: uuidFromBytes(bytes.subarray(0, sessionBytes)) as SessionId,
    generation: bytes.readUIntBE(sessionBytes, generationBytes),
    mac: bytes.subarray(sessionBytes + generationBytes),
  };
}

/** Session secrets and the tokens derived from them. */
export interface RefreshTokens {
  newSealedSecret(id: SessionId): Buffer;
  /** Seals the unchanged secret with the current KEY_ENCRYPTION_KEY. Throws `UnsealError` when no configured key opens it. */
  resealSecret(session: Pick<Session, 'id' | 'sealedSecret'>): Buffer;
  derive(session: Pick<Session, 'id' | 'sealedSecret'>, generation: number): string;
  /** True when this authority derived the token for this session, for any generation. */
  isGenuine(session: Pick<Session, 'id' | 'sealedSecret'>, presented: PresentedRefreshToken): boolean;
}

export function createRefreshTokens(sealing: Sealing): RefreshTokens {
  /** A refresh reads one token and derives the next of one row. */
  const unsealed = new WeakMap<Uint8Array, { readonly id: SessionId; readonly secret: Buffer }>();
  const secretOf = ({ id, sealedSecret }: Pick<Session, 'id' | 'sealedSecret'>) => {
    const known = unsealed.get(sealedSecret);
    if (known?.id === id) return known.secret;
    const secret = sealing.unseal(sealedSecret, sealingContext(id));
    unsealed.set(sealedSecret, { id, secret });
    return secret;
  };
  const mac = (session: Pick<Session, 'id' | 'sealedSecret'>, generation: number) => {
    const { id } = session;
    const secret = secretOf(session);
    return createHmac('sha256', secret).update('countersign/refresh/1').update(head(id, generation)).digest();
  };
  return {
    newSealedSecret: (id) => sealing.seal(randomBytes(32), sealingContext(id)),
    resealSecret: ({ id, sealedSecret }) =>
      sealing.seal(sealing.unseal(sealedSecret, sealingContext(id)), sealingContext(id)),
    derive: (session, generation) =>
      prefix + encodeBase64url(Buffer.concat([head(session.id, generation), mac(session, generation)])),
    isGenuine: (session, { sessionId, generation, mac: presented }) =>
      sessionId === session.id && timingSafeEqual(mac(session, generation), presented),
  };
}

function head(id: SessionId, generation: number): Buffer {
  const bytes = Buffer.alloc(sessionBytes + generationBytes);
  uuidBytes(id).copy(bytes);
  bytes.writeUIntBE(generation, sessionBytes, generationBytes);
  return bytes;
}

function sealingContext(id: SessionId): string {
  return `session/${id}`;
}
