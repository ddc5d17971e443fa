/**
 * An identity that is linked with nobody, at its first sign-in. It becomes a new user, or is refused: an e-mail alone never links it with
 * an account, because addresses change their owners and providers are careless with them.
 */
import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import type { FactorId, UserId } from '@countersign/verifier/ids';
import type { Email } from '../../accounts/email.ts';
import type { Actor } from '../../audit/auditEvent.ts';
import type { Database, Stores } from '../../database.ts';
import type { Config } from '../../platform/config/config.ts';
import { newId } from '../../platform/newId.ts';
import type { RateLimits } from '../../platform/rateLimits.ts';
import type { PasswordAttempts } from '../throttling/passwordAttempts.ts';
import type { OnOutcome } from './callback.ts';
import type { LinkedIdentity } from './linkedIdentity.ts';
import type { Identity } from './provider.ts';

export interface RegisterIdentityParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly passwordAttempts: Pick<PasswordAttempts, 'passwordChanged'>;
  readonly rateLimits: Pick<RateLimits, 'spend'>;
  readonly registration: Config['registration'];
  readonly onOutcome: OnOutcome;
}

interface NewIdentity {
  readonly provider: string;
  readonly identity: Identity;
}

/**
 * Throws `identity_not_linked` without a verified e-mail that may be believed, since every user has one, and when another user has it;
 * `registration_closed` otherwise, unless users may register.
 */
export async function registerIdentity(
  parts: RegisterIdentityParts,
  { provider, identity }: NewIdentity,
  actor: Actor,
): Promise<LinkedIdentity> {
  const { database, clock, rateLimits, registration } = parts;
  const { email } = identity;
  // Before anything is looked up: whoever only claims an e-mail must not learn whether it is registered.
  if (email === undefined) throw notLinked('no_email');
  const owner = await database.users.findByEmail(email);
  if (owner !== undefined) {
    const event = { type: 'login_failed', actor, userId: owner.id, reason: 'identity_not_linked' } as const;
    await database.audit.record({ ...event, detail: { provider } }, clock.now());
    throw notLinked('email_known');
  }
  if (registration === 'closed') throw new AuthorityError('registration_closed');
  await rateLimits.spend(actor, 'register', 'global');
  const created = await database.transaction((stores) =>
    create(parts, stores, { provider, identity: { ...identity, email }, actor }),
  );
  if (created !== undefined) {
    parts.onOutcome(provider, 'registered');
    return created;
  }
  // Another tab may have been first.
  const found = await database.linkedIdentities.find(identity);
  if (found === undefined) throw notLinked('email_known');
  return found;
}

async function create(
  { clock, passwordAttempts }: RegisterIdentityParts,
  stores: Stores,
  {
    provider,
    identity: { issuer, subject, email },
    actor,
  }: NewIdentity & { readonly identity: { readonly email: Email }; readonly actor: Actor },
): Promise<LinkedIdentity | undefined> {
  const now = clock.now();
  const userId = newId<UserId>(now);
  const user = { id: userId, email, passwordHash: '', emailVerifiedAt: now, locale: actor.language };
  if ((await stores.users.create(user, now)) === 'email_taken') return undefined;
  const linked = newLink({ userId, provider, issuer, subject }, now);
  // A user without a way in must not stay.
  if ((await stores.linkedIdentities.create(linked)) === 'taken') throw notLinked('taken_meanwhile');
  // Guesses made before the user existed must not lock the user out.
  await passwordAttempts.passwordChanged(stores, { email }, actor.ip, now);
  await stores.audit.recordAll(
    [
      { type: 'user_registered', actor, userId },
      { type: 'email_verified', actor, userId },
      { type: 'factor_added', actor, userId, reason: 'provider', detail: { factor: linked.id, provider } },
    ],
    now,
  );
  return linked;
}

export function newLink(
  link: Omit<LinkedIdentity, 'id' | 'createdAt' | 'lastUsedAt'>,
  now: number,
): LinkedIdentity {
  return { ...link, id: newId<FactorId>(now), createdAt: now, lastUsedAt: undefined };
}

function notLinked(reason: string): AuthorityError {
  const detail =
    'If you have an account, sign in as you always do, then link this identity; else register with an e-mail first.';
  return new AuthorityError('identity_not_linked', { detail, reason: `identity_${reason}` });
}
