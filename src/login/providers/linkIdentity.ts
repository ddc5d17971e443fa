/** Links an identity with the account of a user who wished it in a session, after a recent proof. The owner is told by mail. */
import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError, invalidField } from '@countersign/verifier/errors';
import type { FactorId, SessionId, UserId } from '@countersign/verifier/ids';
import type { User } from '../../accounts/user.ts';
import type { Actor } from '../../audit/auditEvent.ts';
import type { Database, Stores } from '../../database.ts';
import type { Notices } from '../../notifications/notices.ts';
import { type OneTimeToken, oneTimeTokenHash } from '../../platform/oneTimeTokens.ts';
import { invalidAttempt } from './callback.ts';
import { providerLimits } from './limits.ts';
import type { IdentityKey, LinkedIdentity } from './linkedIdentity.ts';
import { newLink } from './registerIdentity.ts';
import { linkPurpose, type StartProviderParts } from './startProvider.ts';

export interface LinkIdentityParts extends Pick<StartProviderParts, 'providers'> {
  readonly database: Database;
  readonly clock: Clock;
  readonly notices: Notices;
}

interface Linking {
  readonly provider: string;
  /** The wish's one-time token. */
  readonly link: string;
  readonly identity: IdentityKey;
}

/**
 * Throws `invalid_attempt` when the session ended since, or the wish was used; `identity_taken`; `invalid_request` above the limit.
 * Repeating it for the same user changes nothing.
 */
export async function linkIdentity(
  parts: LinkIdentityParts,
  { provider, link, identity: { issuer, subject } }: Linking,
  actor: Actor,
): Promise<FactorId> {
  const now = parts.clock.now();
  const hash = oneTimeTokenHash(link);
  const wish = hash && (await parts.database.oneTimeTokens.find(hash, linkPurpose, now));
  if (wish?.userId === undefined) throw invalidAttempt('link');
  const { userId } = wish;
  return parts.database.transaction(async (stores) => {
    const { user, sessionId } = await takeWish(stores, { ...wish, userId }, now);
    const existing = await stores.linkedIdentities.find({ issuer, subject });
    if (existing !== undefined) return ownId(existing, userId);
    const linked = newLink({ userId, provider, issuer, subject }, now);
    await store(parts, stores, linked, { user, sessionId, actor });
    return linked.id;
  });
}

/** Whoever was logged out everywhere, or of that session, links nothing. Locks the user's row. */
async function takeWish(
  stores: Stores,
  { hash, userId, detail }: OneTimeToken & { readonly userId: UserId },
  now: number,
): Promise<{ readonly user: User; readonly sessionId: SessionId }> {
  const user = await stores.users.lock(userId);
  const sessionId = String(detail['session_id']) as SessionId;
  const session = await stores.sessions.find(sessionId);
  const isLive = session !== undefined && session.endedAt === undefined;
  if (user === undefined || user.tokenVersion !== detail['token_version'] || !isLive)
    throw invalidAttempt('session');
  if ((await stores.oneTimeTokens.take(hash, linkPurpose, now)) === undefined) throw invalidAttempt('link');
  return { user, sessionId };
}

function ownId({ id, userId }: LinkedIdentity, caller: UserId): FactorId {
  if (userId !== caller) throw new AuthorityError('identity_taken');
  return id;
}

async function store(
  { notices, providers }: LinkIdentityParts,
  stores: Stores,
  linked: LinkedIdentity,
  { user, sessionId, actor }: { readonly user: User; readonly sessionId: SessionId; readonly actor: Actor },
): Promise<void> {
  const { id: factorId, userId, provider, createdAt: now } = linked;
  const { length } = await stores.linkedIdentities.list(userId);
  if (length >= providerLimits.identitiesPerUser)
    throw invalidField('handle', 'count', `there are ${length} linked identities; unlink one first`);
  if ((await stores.linkedIdentities.create(linked)) === 'taken') throw new AuthorityError('identity_taken');
  const about = { actor, userId, sessionId, reason: 'provider', detail: { factor: factorId, provider } };
  await stores.audit.record({ type: 'factor_added', ...about }, now);
  const factor = providers.get(provider)?.label ?? provider;
  const takesBack = { about: 'factor', factorId } as const;
  await notices(stores, user, 'factor_added', { now, actor, sessionId, factor, takesBack });
}
