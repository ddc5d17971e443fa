/**
 * Logout: revokes every token of the sessions that the presented tokens belong to. Returns when no service accepts them any more.
 * Repeating it succeeds.
 */

import { AuthorityError } from '@countersign/verifier/errors';
import type { SessionId } from '@countersign/verifier/ids';
import { isHolder } from '@countersign/verifier/tokens/confirmation';
import { tokenType } from '@countersign/verifier/tokens/dpopProof';
import type { Actor } from '../audit/auditEvent.ts';
import { createBatcher } from '../platform/queues/batcher.ts';
import {
  inEffectInTime,
  type RevokingParts,
  revokeAndPropagate,
  revokeInOneStatement,
} from '../revocation/propagation/revokeAndPropagate.ts';
import { ofAccount } from '../rights/rights.ts';
import { type ReadingParts, readGenuineToken } from '../tokens/readToken.ts';
import { endOf, endSelected } from './endSessions.ts';
import { sessionLimits } from './limits.ts';
import { type NamedByToken, revokeNamed, rowCovers } from './namedByToken.ts';
import { type GenuineRefreshToken, readRefreshToken } from './readRefreshToken.ts';
import type { RefreshTokens } from './refreshToken.ts';
import { holdsKey } from './session.ts';
import type { EndedSession } from './store.ts';

export interface LogoutParts extends RevokingParts, ReadingParts {
  readonly refreshTokens: RefreshTokens;
}

/**
 * Either kind of token. Any generation of the refresh token counts, because a client may have lost the latest. Tokens of two
 * sessions end both.
 */
export interface LogoutCredentials {
  readonly refreshToken?: string | undefined;
  readonly accessToken?: string | undefined;
  /** The thumbprint of the key that the client proved: tokens that are bound to a key count only with it. */
  readonly jkt?: string | undefined;
  /** The thumbprint of the certificate of the connection. */
  readonly certificate?: string | undefined;
}

/** Throws when no token is genuine: `invalid_grant`, or `invalid_token` without a refresh token. */
export type Logout = (credentials: LogoutCredentials, actor: Actor) => Promise<void>;

export function createLogout(parts: LogoutParts): Logout {
  const revoke = createBatcher<SessionLogout>(sessionLimits.logouts, (logouts, next) =>
    revokeSessions(parts, logouts, next),
  );
  return async (credentials, actor) => {
    const sessions = await sessionsOf(parts, credentials);
    await inEffectInTime(parts, Promise.all(sessions.map((session) => revoke({ ...session, actor }))));
  };
}

interface NamedSession {
  readonly sessionId: SessionId;
  /** The session as the token itself describes it. */
  readonly named: NamedByToken | undefined;
}

interface SessionLogout extends NamedSession {
  readonly actor: Actor;
}

/** One statement ends them all; they propagate together. `next` starts the next batch after the commit. */
async function revokeSessions(
  parts: LogoutParts,
  logouts: readonly SessionLogout[],
  next: () => void,
): Promise<void> {
  const actors = new Map(logouts.map(({ sessionId, actor }) => [sessionId, actor]));
  const events = [...actors].map(([sessionId, actor]) => endOf(sessionId, 'logout', actor));
  const ended = await revokeInOneStatement(parts, events, {
    reason: 'logout',
    now: parts.clock.now(),
    committed: next,
  });
  await endStarted(parts, ended, actors);
  await revokeBeyondRows(parts, logouts, ended);
}

/** Applications that were started from these sessions. A repeated logout finds them, too, if this one is not answered. */
async function endStarted(
  parts: LogoutParts,
  ended: readonly EndedSession[],
  actors: ReadonlyMap<SessionId, Actor>,
): Promise<void> {
  const from = ended.filter(({ hasStarted }) => hasStarted).map(({ id }) => id);
  if (from.length === 0) return;
  const now = parts.clock.now();
  await revokeAndPropagate(parts, now, async (stores) => {
    for (const id of from) {
      const actor = actors.get(id);
      if (actor !== undefined)
        await endSelected(stores, { startedFrom: [id] }, { reason: 'logout', actor, now });
    }
  });
}

/** Rare: tokens that outlive their session's row, or have none. */
async function revokeBeyondRows(
  parts: LogoutParts,
  logouts: readonly SessionLogout[],
  ended: readonly EndedSession[],
): Promise<void> {
  const rows = new Map(ended.map((session) => [session.id, session]));
  const beyond = logouts.flatMap(({ named, actor }) =>
    named === undefined || rowCovers(rows.get(named.sessionId), named) ? [] : [{ named, actor }],
  );
  if (beyond.length === 0) return;
  // Sorted, so that two logouts of the same sessions cannot deadlock.
  beyond.sort((one, other) => (one.named.sessionId < other.named.sessionId ? -1 : 1));
  const now = parts.clock.now();
  await revokeAndPropagate(parts, now, async (stores) => {
    for (const { named, actor } of beyond) await revokeNamed(stores, named, { reason: 'logout', actor, now });
  });
}

/** Includes ended sessions: logging out again succeeds. */
async function sessionsOf(
  parts: LogoutParts,
  credentials: LogoutCredentials,
): Promise<readonly NamedSession[]> {
  const read = [await ofRefreshToken(parts, credentials), await ofAccessToken(parts, credentials)];
  const sessions = new Map<SessionId, NamedSession>();
  for (const session of read) {
    if (session === undefined || session instanceof AuthorityError) continue;
    const { sessionId } = session;
    sessions.set(sessionId, { sessionId, named: sessions.get(sessionId)?.named ?? session.named });
  }
  const refusal = read.find((each) => each instanceof AuthorityError);
  if (refusal !== undefined && sessions.size === 0) throw refusal;
  return [...sessions.values()];
}

async function ofRefreshToken(
  parts: LogoutParts,
  { refreshToken, jkt }: LogoutCredentials,
): Promise<NamedSession | AuthorityError | undefined> {
  if (refreshToken === undefined) return undefined;
  const read = await readRefreshToken(parts, refreshToken);
  if (!read.genuine) return new AuthorityError('invalid_grant', { reason: read.fault });
  if (!holdsKey(read.session, read.presented.generation, jkt))
    return new AuthorityError('invalid_grant', { reason: 'other_key' });
  return { sessionId: read.session.id, named: newerThanRow(read) };
}

async function ofAccessToken(
  parts: LogoutParts,
  { accessToken, ...proved }: LogoutCredentials,
): Promise<NamedSession | AuthorityError | undefined> {
  if (accessToken === undefined) return undefined;
  const read = await readGenuineToken(parts, accessToken);
  if (!read.valid) return new AuthorityError('invalid_token', { reason: read.fault });
  const { sub: userId, sid: sessionId, exp, cnf } = read.claims;
  // A token for services, of a client or of another application must not end what the user does elsewhere.
  if (!ofAccount(read.claims)) return new AuthorityError('invalid_token', { reason: 'scope' });
  if (!isHolder(cnf, proved))
    return new AuthorityError('invalid_token', { reason: 'other_key', scheme: tokenType(cnf?.jkt) });
  return { sessionId, named: { userId, sessionId, expiresAt: exp * 1000 } };
}

/** A token newer than the row means a restored database: other tokens of the session may be live. */
function newerThanRow({ session, presented }: GenuineRefreshToken): NamedByToken | undefined {
  if (presented.generation <= session.generation) return undefined;
  return { userId: session.userId, sessionId: session.id, expiresAt: Number.POSITIVE_INFINITY };
}
