/**
 * The provider's redirect back. It is cross-site, so no session can begin here: its cookie is `SameSite=Strict`. The verified identity is
 * stored under a one-time handle, which a page of ours exchanges.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import type { Database } from '../../database.ts';
import { newOneTimeToken, type OneTimeDetail } from '../../platform/oneTimeTokens.ts';
import type { StartedAttempt } from './attempt.ts';
import { providerLimits } from './limits.ts';
import type { Identity } from './provider.ts';
import { redirectUri, requireProvider, type StartProviderParts } from './startProvider.ts';

export interface CallbackParts extends StartProviderParts {
  readonly onOutcome: OnOutcome;
}

/** For metrics. */
export type OnOutcome = (
  provider: string,
  outcome: 'session' | 'second_factor' | 'registered' | 'linked' | 'refused' | 'unavailable',
) => void;

export const handlePurpose = 'provider_handle';

/** The attempt that the browser started. Throws `invalid_attempt`. */
export type FindAttempt = (
  name: string,
  query: URLSearchParams,
  headers: IncomingHttpHeaders,
) => StartedAttempt;

export function createFindAttempt({ attempts, clock }: StartProviderParts): FindAttempt {
  return (name, query, headers) => {
    const [state = '', ...others] = query.getAll('state');
    const attempt = others.length > 0 ? undefined : attempts.find(headers, state, clock.now());
    // Each provider has an address of its own: an answer of one is not taken for another's (RFC 9700 §4.4).
    if (attempt?.provider !== name) throw invalidAttempt('state');
    return attempt;
  };
}

/** Returns the handle. Throws as `OpenIdClient.identify`, and `invalid_attempt` for a state that came before. */
export type FinishAtProvider = (attempt: StartedAttempt, query: string) => Promise<string>;

export function createFinishAtProvider(parts: CallbackParts): FinishAtProvider {
  const { database } = parts;
  return async (attempt, query) => {
    const provider = requireProvider(parts, attempt.provider);
    const usedUntil = attempt.startedAt + providerLimits.attemptMilliseconds;
    if (!(await database.usedIds.use(Buffer.from(attempt.state, 'base64url'), usedUntil)))
      throw invalidAttempt('state_used');
    const { state, nonce, verifier } = attempt;
    const expected = { redirectUri: redirectUri(parts.issuer, provider), state, nonce, verifier };
    const identity = await provider.client.identify(query, expected).catch((error) => {
      const isRefusal = error instanceof AuthorityError && error.code === 'provider_refused';
      parts.onOutcome(provider.name, isRefusal ? 'refused' : 'unavailable');
      throw error;
    });
    if ('refused' in identity) {
      parts.onOutcome(provider.name, 'refused');
      throw new AuthorityError('provider_refused', { reason: `provider_${identity.refused}` });
    }
    return handleOf(parts, attempt, identity);
  };
}

/** What a handle stands for. */
export interface HandleDetail extends OneTimeDetail {
  /** Of the attempt: the handle is of use in its browser only. */
  readonly state: string;
  readonly issuer: string;
  readonly subject: string;
  readonly email: string | null;
}

async function handleOf(
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  { state }: StartedAttempt,
  { issuer, subject, email }: Identity,
): Promise<string> {
  const { token, hash } = newOneTimeToken();
  const detail: HandleDetail = { state, issuer, subject, email: email ?? null };
  const now = clock.now();
  await database.oneTimeTokens.create({
    ...{ hash, purpose: handlePurpose, userId: undefined, codeHash: undefined, tries: 0, detail },
    ...{ createdAt: now, expiresAt: now + providerLimits.handleMilliseconds },
  });
  return token;
}

export function invalidAttempt(reason: string): AuthorityError {
  return new AuthorityError('invalid_attempt', { reason: `attempt_${reason}` });
}
