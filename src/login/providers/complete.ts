/** Exchanges the handle of a callback, in the browser that started the attempt: for a session, or for a link with the account. */
import type { IncomingHttpHeaders } from 'node:http';
import { AuthorityError } from '@countersign/verifier/errors';
import type { FactorId, UserId } from '@countersign/verifier/ids';
import type { User } from '../../accounts/user.ts';
import type { Actor } from '../../audit/auditEvent.ts';
import type { Stores } from '../../database.ts';
import { oneTimeTokenHash } from '../../platform/oneTimeTokens.ts';
import { chosenAudience, type TokenResponse } from '../../sessions/tokenResponse.ts';
import type { AskForFactor } from '../factors/pendingLogin.ts';
import { type LoginClient, mayLogIn, type StartSessionParts, startSession } from '../startSession.ts';
import type { PasswordAttempts } from '../throttling/passwordAttempts.ts';
import { requireUnused, unlessUsedMeanwhile } from '../usedMeanwhile.ts';
import type { StartedAttempt } from './attempt.ts';
import { type CallbackParts, type HandleDetail, handlePurpose, invalidAttempt } from './callback.ts';
import { type LinkIdentityParts, linkIdentity } from './linkIdentity.ts';
import type { Identity } from './provider.ts';
import { type RegisterIdentityParts, registerIdentity } from './registerIdentity.ts';

export interface CompleteProviderParts
  extends StartSessionParts,
    CallbackParts,
    LinkIdentityParts,
    RegisterIdentityParts {
  readonly database: StartSessionParts['database'];
  readonly clock: StartSessionParts['clock'];
  readonly rateLimits: CallbackParts['rateLimits'];
  readonly askForFactor: AskForFactor;
  readonly passwordAttempts: Pick<PasswordAttempts, 'passwordChanged' | 'signedIn'>;
}

export interface CompletionInput extends Omit<LoginClient, 'audience'> {
  readonly handle: string;
  /** Of the request: they hold the attempt. */
  readonly headers: IncomingHttpHeaders;
  readonly audience?: string | undefined;
}

export interface Completed {
  readonly attempt: StartedAttempt;
  /** Of an attempt to sign in. */
  readonly tokens?: TokenResponse;
  /** Of one to sign in whose user has a second factor: `second_factor_required`. */
  readonly asked?: AuthorityError;
  /** Of an attempt to link. */
  readonly linked?: FactorId;
}

/**
 * Throws `invalid_attempt` for a handle that was used, has expired or is another browser's, `identity_not_linked`,
 * `registration_closed`, `identity_taken`, and `invalid_credentials` for a user who may not log in.
 */
export type CompleteProvider = (input: CompletionInput, actor: Actor) => Promise<Completed>;

export function createCompleteProvider(parts: CompleteProviderParts): CompleteProvider {
  return async ({ handle, headers, ...given }, actor) => {
    const client = { ...given, audience: await chosenAudience(parts, given.audience) };
    const { attempt, identity } = await takeHandle(parts, handle, headers);
    const { provider, link } = attempt;
    try {
      if (link === undefined) {
        const outcome = await signIn(parts, { attempt, identity }, client, actor);
        parts.onOutcome(provider, 'asked' in outcome ? 'second_factor' : 'session');
        return { attempt, ...outcome };
      }
      const linked = await linkIdentity(parts, { provider, link, identity }, actor);
      parts.onOutcome(provider, 'linked');
      return { attempt, linked };
    } catch (error) {
      const { code } = error as { readonly code?: unknown };
      const isRefusal = error instanceof AuthorityError && code !== 'unavailable' && code !== 'overloaded';
      parts.onOutcome(provider, isRefusal ? 'refused' : 'unavailable');
      throw error;
    }
  };
}

interface Arrived {
  readonly attempt: StartedAttempt;
  readonly identity: Identity;
}

/** Of several callers, one gets it. It is used up in any case. */
async function takeHandle(
  { database, clock, attempts }: CompleteProviderParts,
  handle: string,
  headers: IncomingHttpHeaders,
): Promise<Arrived> {
  const hash = oneTimeTokenHash(handle);
  const now = clock.now();
  const found = hash && (await database.oneTimeTokens.find(hash, handlePurpose, now));
  if (found === undefined) throw invalidAttempt('handle');
  const { state, issuer, subject, email } = found.detail as HandleDetail;
  const attempt = attempts.find(headers, state, now);
  // Somebody may have been given the handle of another's sign-in.
  if (attempt === undefined) throw invalidAttempt('browser');
  if ((await database.oneTimeTokens.take(found.hash, handlePurpose, now)) === undefined)
    throw invalidAttempt('handle');
  return { attempt, identity: { issuer, subject, email: (email ?? undefined) as Identity['email'] } };
}

async function signIn(
  parts: CompleteProviderParts,
  { attempt: { provider }, identity }: Arrived,
  client: LoginClient,
  actor: Actor,
): Promise<Pick<Completed, 'tokens'> | Required<Pick<Completed, 'asked'>>> {
  const known = await parts.database.linkedIdentities.find(identity);
  const linked = known ?? (await registerIdentity(parts, { provider, identity }, actor));
  const user = await parts.database.users.find(linked.userId);
  if (user === undefined || !mayLogIn(parts, user)) return refuse(parts, linked.userId, ruleOf(user), actor);
  const first = { user, amr: federated, openedBy: [linked.id] };
  const stillLinked = async (stores: Stores, now: number) =>
    requireUnused(await stores.linkedIdentities.use(linked.id, now));
  const asked = await unlessUsedMeanwhile(
    parts.askForFactor({ ...first, commit: stillLinked }, client, actor).then((error) => ({ error })),
  );
  if (asked === undefined) return refuse(parts, user.id, 'version', actor);
  if (asked.error !== undefined) return { asked: asked.error };
  const proof = {
    ...({ ...first, acr: '1fa', reason: 'provider' } as const),
    async commit(stores: Stores, now: number) {
      // False when it was unlinked meanwhile.
      if (!(await stores.linkedIdentities.use(linked.id, now))) return false;
      await parts.passwordAttempts.signedIn(stores, user, actor.ip, now);
      return true;
    },
  };
  const tokens = await startSession(parts, proof, client, actor);
  if (tokens === undefined) return refuse(parts, user.id, 'version', actor);
  return { tokens };
}

/**
 * RFC 8176 has no word for another provider; Microsoft Entra uses this one. One factor, whatever the provider says: its `amr` and
 * `acr` have no common meaning, and our own second factor is asked for.
 */
const federated = ['fed'];

function ruleOf(user: User | undefined): string {
  if (user === undefined) return 'unknown_user';
  return user.disabledAt === undefined ? 'email_unverified' : 'user_disabled';
}

/** The event is committed before the answer. */
async function refuse(
  { database, clock }: CompleteProviderParts,
  userId: UserId,
  reason: string,
  actor: Actor,
): Promise<never> {
  await database.audit.record({ type: 'login_failed', actor, userId, reason }, clock.now());
  throw new AuthorityError('invalid_credentials', {
    detail: 'This sign-in was not accepted.',
    reason: `provider_${reason}`,
  });
}
