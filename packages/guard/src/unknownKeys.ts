/**
 * Tokens under the name of a key that is not among the guard's: it may be new. The authority is asked once about each such
 * name, and its answer counts for all tokens of that name for a while; of names that are made up few are asked about.
 */

import type { Clock } from '@countersign/verifier/clock';
import type { IntrospectResponse__Output } from '@countersign/verifier/contract/generated/countersign/v1/IntrospectResponse';
import { verifierLimits } from '@countersign/verifier/limits';
import { guardLimits } from './limits.ts';
import type { Questions } from './questions.ts';
import { RpcError } from './rpcError.ts';

/** What the authority says of the token; undefined when it does not know such a key. Rejects when that cannot be said. */
export type AskAboutUnknownKey = (token: string) => Promise<IntrospectResponse__Output | undefined>;

interface Question {
  readonly askedAt: number;
  /** Whether it is the key of a good token. */
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
    // It has been read, and says nothing but `alg`, `typ` and `kid`; an issuer always writes that alike.
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
