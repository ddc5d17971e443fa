/** Starts an attempt: where the browser goes, and what it keeps. For signing in, or for linking an identity with an account. */
import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import type { Actor } from '../../audit/auditEvent.ts';
import type { Database } from '../../database.ts';
import { newOneTimeToken } from '../../platform/oneTimeTokens.ts';
import type { RateLimits } from '../../platform/rateLimits.ts';
import type { Caller } from '../../sessions/session.ts';
import { findCaller } from '../passwords/reauthentication.ts';
import type { Attempt, Attempts, Destination, StartedAttempt } from './attempt.ts';
import { providerLimits } from './limits.ts';
import type { OpenIdClient } from './openid.ts';
import type { Provider } from './provider.ts';

export interface OpenedProvider extends Provider {
  readonly client: OpenIdClient;
}

export interface StartProviderParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly providers: ReadonlyMap<string, OpenedProvider>;
  readonly attempts: Attempts;
  readonly rateLimits: Pick<RateLimits, 'spend'>;
  readonly issuer: string;
}

/** The one-time token of the wish to link. */
export const linkPurpose = 'provider_link';

export interface StartedSignIn {
  /** Of the provider. */
  readonly location: string;
  readonly attempt: StartedAttempt;
}

/** Throws `not_found` without such a provider, and `unavailable`. */
export type StartProvider = (name: string, to: Destination, actor: Actor) => Promise<StartedSignIn>;

export function createStartProvider(parts: StartProviderParts): StartProvider {
  return async (name, to, actor) => {
    const provider = requireProvider(parts, name);
    await parts.rateLimits.spend(actor, 'provider', 'global');
    return start(parts, provider, to);
  };
}

/** The caller has proved who they are a moment ago, and keeps the attempt: nobody else's browser can end it. */
export type StartLink = (name: string, to: Destination, caller: Caller) => Promise<StartedSignIn>;

export function createStartLink(parts: StartProviderParts): StartLink {
  const { database, clock } = parts;
  return async (name, to, caller) => {
    const provider = requireProvider(parts, name);
    const { id: userId, tokenVersion } = await findCaller(parts, caller);
    const { token, hash } = newOneTimeToken();
    const started = await start(parts, provider, { ...to, link: token });
    const now = clock.now();
    await database.oneTimeTokens.create({
      ...{ hash, purpose: linkPurpose, userId, codeHash: undefined, tries: 0 },
      detail: { session_id: caller.sessionId, token_version: tokenVersion },
      ...{ createdAt: now, expiresAt: now + providerLimits.attemptMilliseconds },
    });
    return started;
  };
}

export function requireProvider(
  { providers }: Pick<StartProviderParts, 'providers'>,
  name: string,
): OpenedProvider {
  const provider = providers.get(name);
  if (provider === undefined) throw new AuthorityError('not_found', { detail: 'There is no such provider.' });
  return provider;
}

export function redirectUri(issuer: string, { name }: Provider): string {
  return `${issuer}/auth/providers/${name}/callback`;
}

async function start(
  { attempts, clock, issuer }: StartProviderParts,
  provider: OpenedProvider,
  given: Pick<Attempt, 'returnTo' | 'handleTo' | 'link'>,
): Promise<StartedSignIn> {
  const attempt = attempts.start({ ...given, provider: provider.name, startedAt: clock.now() });
  const { state, nonce, verifier } = attempt;
  const expected = { redirectUri: redirectUri(issuer, provider), state, nonce, verifier };
  return { location: await provider.client.authorizationUrl(expected), attempt };
}
