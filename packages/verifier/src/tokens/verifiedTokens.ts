/**
 * Tokens that this process has verified, so that a repeated one is neither decoded nor verified again. Looked up by the whole text,
 * signature included; counts only while the key still belongs to its name. Times, audience and the deny-list are checked each time.
 */
import type { KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { verifierLimits } from '../limits.ts';
import type { AccessTokenClaims } from './accessTokenClaims.ts';
import type { Jti } from './jti.ts';

export interface VerifiedToken {
  readonly kid: string;
  readonly key: KeyObject;
  /** The deny-list subject of that key. */
  readonly keySubject: Uint8Array;
  readonly claims: AccessTokenClaims;
  readonly jti: Jti;
  /** Not valid before then, in seconds since the Unix epoch. */
  readonly notBefore: number;
}

export interface VerifiedTokens {
  /** `text`: the whole compact JWS. */
  get(text: string): VerifiedToken | undefined;
  add(text: string, token: VerifiedToken): void;
  size(): number;
}

export function createVerifiedTokens(maximum: number = verifierLimits.verifiedTokens): VerifiedTokens {
  const verified = new LRUCache<string, VerifiedToken>({ max: maximum });
  return {
    get: (text) => verified.get(text),
    add: (text, token) => void verified.set(text, token),
    size: () => verified.size,
  };
}
