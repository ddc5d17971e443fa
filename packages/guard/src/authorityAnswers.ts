/** Asks the authority about tokens the guard has no key for, and checks its answer like a token. */
import type { Clock } from '@countersign/verifier/clock';
import type { IntrospectResponse__Output } from '@countersign/verifier/contract/generated/countersign/v1/IntrospectResponse';
import { verifierLimits } from '@countersign/verifier/limits';
import type { ReadLatestTime } from '@countersign/verifier/steadyTime';
import { type AccessTokenClaims, claimsOfIntrospection } from './claims.ts';
import type { Mirror } from './mirror.ts';
import type { Outcomes } from './outcomes.ts';
import type { Questions } from './questions.ts';
import { type AskAboutUnknownKey, createUnknownKeys } from './unknownKeys.ts';
import type { VerifyOptions } from './verify.ts';

export interface AuthorityAnswers {
  /** For a guard without keys. */
  ask(token: string, options: VerifyOptions | undefined): Promise<AccessTokenClaims>;
  /** For a token whose key the guard does not have. */
  askAboutUnknownKey(token: string, options: VerifyOptions | undefined): Promise<AccessTokenClaims>;
}

const compactShape = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}$/;

export function createAuthorityAnswers(parts: {
  readonly questions: Pick<Questions, 'introspect'>;
  readonly mirror: () => Mirror | undefined;
  readonly outcomes: Outcomes;
  readonly audience: string;
  readonly issuer: string | undefined;
  /** Whether the authority is asked when there is no lease. */
  readonly asks: boolean;
  readonly latestTime: ReadLatestTime;
  readonly isClosed: () => boolean;
  readonly clock: Clock;
}): AuthorityAnswers {
  const { questions, mirror, outcomes, audience, issuer, asks, latestTime, isClosed } = parts;
  const { refusal } = outcomes;

  const answerBy = async (introspect: AskAboutUnknownKey, token: string) => {
    if (!compactShape.test(token) || token.length > verifierLimits.tokenCharacters)
      throw refusal('invalid_token', 'memory', 'malformed');
    if (!asks && mirror()?.holdsLease() !== true) throw refusal('unavailable', 'memory', 'no_lease');
    const answer = await introspect(token).catch((error) => {
      throw refusal('unavailable', 'authority', 'not_answered', error);
    });
    if (isClosed()) throw refusal('unavailable', 'authority', 'closed');
    if (answer === undefined) throw refusal('invalid_token', 'memory', 'unknown_key');
    const expected = { issuer: issuer ?? mirror()?.issuer ?? answer.iss, audience, now: latestTime() };
    const fault = faultOfAnswer(answer, expected);
    if (fault !== undefined) throw refusal('invalid_token', 'authority', fault);
    return claimsOfIntrospection(answer);
  };
  const askBy =
    (introspect: AskAboutUnknownKey): AuthorityAnswers['ask'] =>
    async (token, options) =>
      outcomes.acceptAnswered(token, await answerBy(introspect, token), options);

  return { ask: askBy(questions.introspect), askAboutUnknownKey: askBy(createUnknownKeys(parts)) };
}

function faultOfAnswer(
  { active, iss, aud, exp }: IntrospectResponse__Output,
  expected: { issuer: string; audience: string; now: number },
): string | undefined {
  if (!active) return 'inactive';
  if (iss !== expected.issuer) return 'issuer';
  if (aud !== expected.audience) return 'audience';
  return exp * 1000 <= expected.now ? 'expired' : undefined;
}
