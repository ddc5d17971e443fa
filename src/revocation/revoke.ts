/**
 * Revokes a token, a session, or all sessions of a user, client or filter, and propagates; returns how that went. Repeating it
 * succeeds.
 */

import { encodeBase64url } from '@countersign/verifier/encoding';
import { AuthorityError, invalidField } from '@countersign/verifier/errors';
import type { SessionId, UserId } from '@countersign/verifier/ids';
import { verifierLimits } from '@countersign/verifier/limits';
import {
  afterEveryToken,
  type EffectReport,
  revokedUntil,
} from '@countersign/verifier/revocation/revocation';
import { userOf } from '@countersign/verifier/tokens/accessTokenClaims';
import { type Jti, parseJti } from '@countersign/verifier/tokens/jti';
import { normaliseEmail } from '../accounts/email.ts';
import type { User } from '../accounts/user.ts';
import type { Actor } from '../audit/auditEvent.ts';
import type { Stores } from '../database.ts';
import { endAllOfUser, endSelected } from '../sessions/endSessions.ts';
import { countByPage } from '../sessions/endSessionsByPage.ts';
import type { SessionFilter } from '../sessions/store.ts';
import { type ReadingParts, readGenuineToken } from '../tokens/readToken.ts';
import { revokeEarlier, revokeExternal } from './externalToken.ts';
import { isRepeated, type NamedRequest, nameRequest, openRequest } from './idempotency.ts';
import { endMatching, filterOf, type PagedTarget, sessionsMatching, uuidOf } from './matchingSessions.ts';
import { type RevokingParts, revokeAndPropagate } from './propagation/revokeAndPropagate.ts';
import type { RevokeBudget, SpendRevokeBudget } from './revokeBudgets.ts';
import { isKnown, refuseNew, type Step } from './step.ts';

export type RevocationTarget = SingleTarget | PagedTarget;

/** A target that one transaction revokes. */
export type SingleTarget =
  /** A whole access token. */
  | { readonly token: string }
  | { readonly jti: string }
  | { readonly sessionId: string }
  | { readonly userId: string }
  | { readonly email: string }
  /** An earlier system's token, and its expiry in milliseconds. */
  | { readonly externalId: string; readonly expiresAt: number };

export interface RevokeOptions {
  /** Changes nothing. */
  readonly dryRun?: boolean;
  /** Names the request, so that a repetition revokes nothing more; see `idempotency.ts`. Not allowed for a dry run. */
  readonly requestId?: string | undefined;
}

export interface RevokeResult {
  readonly endedSessions: number;
  /** For a dry run: sessions that would end. */
  readonly matchedSessions: number;
  /** Undefined when nothing was live. */
  readonly effect: EffectReport | undefined;
}

/** Throws `invalid_request` naming the gRPC field, `not_found`, or `rate_limited` when the service's budget is used up. */
export type Revoke = (
  target: RevocationTarget,
  actor: Actor,
  options?: RevokeOptions,
) => Promise<RevokeResult>;

type RevokeParts = RevokingParts & ReadingParts & { readonly spendRevokeBudget: SpendRevokeBudget };

export function createRevoke(parts: RevokeParts): Revoke {
  return async (target, actor, { dryRun = false, requestId } = {}) => {
    const now = parts.clock.now();
    const request = nameRequest(requestId, actor, target);
    const repeated = request !== undefined && (await isRepeated(parts.database, request, now));
    const asked = { actor, now, request, repeated, dryRun };
    // Checked first: a refused target costs nothing.
    if ('clientId' in target || 'filter' in target) {
      const filter = filterOf(target);
      await spendForName(parts, asked);
      return takeByPage(parts, filter, asked);
    }
    const step = await stepFor(parts, target, now);
    await spendForName(parts, asked);
    return takeAtOnce(parts, step, asked);
  };
}

interface Asked {
  readonly actor: Actor;
  readonly now: number;
  readonly request: NamedRequest | undefined;
  /** A repetition revokes nothing more and costs nothing. */
  readonly repeated: boolean;
  readonly dryRun: boolean;
}

/** A new name may add a row for a day. */
async function spendForName(parts: RevokeParts, { request, repeated, actor }: Asked): Promise<void> {
  if (request !== undefined && !repeated) await parts.spendRevokeBudget('named_requests', actor);
}

/** A dry run reads as many sessions, so it costs as much. */
async function takeByPage(parts: RevokeParts, filter: SessionFilter, asked: Asked): Promise<RevokeResult> {
  const { actor, request, repeated, dryRun } = asked;
  if (!repeated) await parts.spendRevokeBudget('filters', actor);
  if (dryRun) return foreseen(await countByPage(parts, sessionsMatching(filter)));
  return { ...(await endMatching(parts, filter, actor, request)), matchedSessions: 0 };
}

async function takeAtOnce(parts: RevokeParts, step: Step, asked: Asked): Promise<RevokeResult> {
  const { actor, now, request, repeated, dryRun } = asked;
  const { database } = parts;
  if (dryRun) {
    const selection = await step.find(database);
    return foreseen(selection === undefined ? 0 : await database.sessions.count(selection, now));
  }
  const budget = repeated ? undefined : await step.costs?.(database);
  if (budget !== undefined) await parts.spendRevokeBudget(budget, actor);
  const { result, effect } = await revokeAndPropagate(parts, now, async (stores) => {
    if (request === undefined) return step.take(stores, now, actor, false);
    const { finished } = await openRequest(stores, request, now);
    const ended = await step.take(stores, now, actor, finished);
    return stores.requests.note(request, finished ? 0 : ended, true);
  });
  return { endedSessions: result, matchedSessions: 0, effect };
}

function foreseen(matchedSessions: number): RevokeResult {
  return { endedSessions: 0, matchedSessions, effect: undefined };
}

async function stepFor(parts: RevokeParts, target: SingleTarget, now: number): Promise<Step> {
  if ('token' in target) {
    const read = await readGenuineToken(parts, target.token);
    if (read.valid) return revokeToken(read.jti, userOf(read.claims), revokedUntil(read.claims.exp * 1000));
    const earlier = await parts.earlierTokens?.read(target.token);
    if (earlier?.valid === true) return revokeEarlier(earlier.externalId, earlier.claims, now);
    return refuseNew(invalidField('token', 'live', 'is not a live access token of this authority'));
  }
  if ('jti' in target) {
    const jti = parseJti(target.jti);
    if (jti === undefined) throw invalidField('jti', 'format', 'must be the jti of one of our tokens');
    if (jti.issuedAt > now + verifierLimits.clockSkewSeconds * 1000)
      throw invalidField('jti', 'issued', 'must be of a token that was issued before now');
    return revokeToken(jti, undefined, afterEveryToken(jti.issuedAt), 'jtis');
  }
  if ('sessionId' in target) return revokeSession(uuidOf('session_id', target.sessionId) as SessionId);
  if ('userId' in target) {
    const userId = uuidOf('user_id', target.userId) as UserId;
    return revokeUser(({ users }) => users.find(userId));
  }
  if ('email' in target) {
    const email = normaliseEmail(target.email);
    return revokeUser(({ users }) => users.findByEmail(email));
  }
  return revokeExternal(target.externalId, target.expiresAt, now);
}

/**
 * Uses only the token's claims: the database may have no row of the session, or an older one. `expiresAt` is the revocation's; a
 * past one means the token is not live.
 */
function revokeToken(
  { sessionId, subjects: [subject] }: Jti,
  sub: UserId | undefined,
  expiresAt: number,
  budget?: RevokeBudget,
): Step {
  const revocation = { subject, reason: 'revoked', expiresAt } as const;
  return {
    find: async () => undefined,
    costs: async (stores) => ((await isKnown(stores, revocation)) ? undefined : budget),
    async take(stores, now, actor, finished) {
      if (expiresAt <= now) return 0;
      // Locks the session: whoever exchanges the token meanwhile did so before, or sees the revocation.
      const wasExchanged = await stores.tokenSessions.wasExchanged(sessionId);
      const again = finished || (await isKnown(stores, revocation));
      await stores.revoke([revocation]);
      if (wasExchanged === true) await stores.takeRights({ sessionIds: [sessionId] });
      const userId = sub ?? (await stores.sessions.find(sessionId))?.userId;
      const detail = { jti: encodeBase64url(subject) };
      const event = { type: 'token_revoked', actor, userId, sessionId, reason: 'revoked', detail } as const;
      if (!again) await stores.audit.record(event, now);
      return 0;
    },
  };
}

function revokeSession(sessionId: SessionId): Step {
  return {
    async find(stores) {
      await requireSession(stores, sessionId);
      return { sessionIds: [sessionId] };
    },
    async take(stores, now, actor) {
      await requireSession(stores, sessionId);
      return (await endSelected(stores, { sessionIds: [sessionId] }, { reason: 'revoked', actor, now }))
        .length;
    },
  };
}

function revokeUser(look: (stores: Stores) => Promise<User | undefined>): Step {
  const userOf = async (stores: Stores) => {
    const user = await look(stores);
    if (user === undefined) throw new AuthorityError('not_found', { detail: 'There is no such user.' });
    return { userId: user.id };
  };
  return {
    find: userOf,
    // Costs even without live sessions: it ends logins in flight, and repeated calls would keep the user out.
    async costs(stores) {
      await userOf(stores);
      return 'users';
    },
    async take(stores, now, actor, again) {
      const { userId } = await userOf(stores);
      // A repetition must not end logins made since the first time.
      if (again) {
        await stores.endSessions({ userId, onlyEnded: true }, 'revoked');
        return 0;
      }
      const ended = await endAllOfUser(stores, userId, { reason: 'revoked', actor, now });
      const event = { type: 'all_sessions_ended', actor, userId, reason: 'revoked' } as const;
      await stores.audit.record(event, now);
      return ended.length;
    },
  };
}

/** Of a user or a client. */
async function requireSession({ tokenSessions }: Stores, id: SessionId): Promise<void> {
  if ((await tokenSessions.wasExchanged(id)) === undefined)
    throw new AuthorityError('not_found', { detail: 'There is no such session.' });
}
