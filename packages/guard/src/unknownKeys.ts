/**
 * Tokens whose key the guard does not have: it may be new. The authority is asked once per key name, and its answer counts for a
 * while for all tokens of that name; only few invented names are asked about.
 */

import type { Clock } from '@countersign/verifier/clock';
import type { IntrospectResponse__Output } from '@countersign/verifier/contract/generated/countersign/v1/IntrospectResponse';
import { verifierLimits } from '@countersign/verifier/limits';
import { guardLimits } from './limits.ts';
import type { Questions } from './questions.ts';
import { RpcError } from './rpcError.ts';

/** The authority's answer about the token; undefined when it does not know the key. Rejects without an answer. */
export type AskAboutUnknownKey = (token: string) => Promise<IntrospectResponse__Output | undefined>;

interface Question {
  readonly askedAt: number;
  /** Whether a valid token uses this key. */
  readonly isKnown: Promise<boolean>;
  open: boolean;
}

export function createUnknownKeys(parts: {
  clock: Clock;
  questions: Pick<Questions, 'introspect'>;
}): AskAboutUnknownKey {
  const { clock, questions } = parts;
  const asked = new Map<string, Question>();

  const forgetOld = (now: number) => {
    for (const [header, { open, askedAt }] of asked) {
      if (!open && now - askedAt >= verifierLimits.unknownKeyMilliseconds) asked.delete(header);
    }
  };
  const note = (header: string, askedAt: number, answer: Promise<IntrospectResponse__Output>) => {
    const question: Question = { askedAt, isKnown: answer.then(({ active }) => active), open: true };
    const settle = () => {
      question.open = false;
    };
    question.isKnown.then(settle, settle);
    asked.set(header, question);
  };

  return async (token) => {
    // The reader accepted it, so it only has `alg`, `typ` and `kid`, and an issuer always writes it the same.
    const header = token.slice(0, token.indexOf('.'));
    const now = clock.monotonic();
    forgetOld(now);
    const before = asked.get(header);
    if (before !== undefined) return (await before.isKnown) ? questions.introspect(token) : undefined;
    if (asked.size >= guardLimits.unknownKeys)
      throw new RpcError('RESOURCE_EXHAUSTED', 'too many unknown keys at once');
    const answer = questions.introspect(token);
    note(header, now, answer);
    return answer;
  };
}
