/**
 * Tokens whose signature this process has verified, so that a repeated one needs no second verification. Looked up by `jti` (the
 * issuer is always ours); counts only when the whole text is equal and the key still belongs to its name. The strict reader has
 * decoded the text before, so one text is one sequence of bytes. Claims, times and the deny-list are checked each time.
 */
import type { KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { verifierLimits } from '../limits.ts';

export interface VerifiedText {
  /** The whole compact JWS: signed text and signature. */
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
