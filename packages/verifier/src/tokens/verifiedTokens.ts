/**
 * Tokens whose signature this process has verified: one that comes again needs no second verification. It is found by its
 * identity (`jti`; the issuer is always ours), and counts only when signature and signed text are exactly the same and the
 * key still is the one of its name. A reader has decoded the token strictly before, so that one text is one sequence of
 * bytes; it judges claims and times each time, and whoever asks the deny-list does that each time too.
 */
import type { KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { verifierLimits } from '../limits.ts';

export interface VerifiedText {
  /** The whole compact JWS: what was signed, and the signature. */
  readonly text: string;
  readonly key: KeyObject;
}

export interface VerifiedTokens {
  has(jti: unknown, verified: VerifiedText): boolean;
  add(jti: string, verified: VerifiedText): void;
  size(): number;
}

export function createVerifiedTokens(maximum: number = verifierLimits.verifiedTokens): VerifiedTokens {
  const verified = new LRUCache<string, VerifiedText>({ max: maximum });
  return {
    has(jti, { text, key }) {
      const known = typeof jti === 'string' ? verified.get(jti) : undefined;
      return known !== undefined && known.key === key && known.text === text;
    },
    add: (jti, text) => void verified.set(jti, text),
    size: () => verified.size,
  };
}
