/**
 * The last step of every login: one transaction checks that the user did not change since the proof, makes room, ends the
 * browser's previous session and creates the new one. Does not own proving who the user is.
 */
import type { FactorId, SessionId } from '@countersign/verifier/ids';
import { doubtfulAcr } from '@countersign/verifier/tokens/bearerToken';
import type { User } from '../accounts/user.ts';
import type { Actor } from '../audit/auditEvent.ts';
import type { Stores } from '../database.ts';
import type { Notices } from '../notifications/notices.ts';
import { newId } from '../platform/newId.ts';
import {
  type RevokingParts,
  type RevokingStores,
  revokeAndPropagate,
} from '../revocation/propagation/revokeAndPropagate.ts';
import { accountScope } from '../rights/rights.ts';
import {
  type ContextPolicy,
  contextChanged,
  isTold,
  judgeLogin,
  notedContext,
  type SignalVerdict,
} from '../sessions/context.ts';
import { sessionEnded } from '../sessions/endSessions.ts';
import { sessionLimits } from '../sessions/limits.ts';
import { isNewDevice } from '../sessions/newDevice.ts';
import { tellOfManyRefusals } from '../sessions/ownerNotices.ts';
import { readRefreshToken } from '../sessions/readRefreshToken.ts';
import { type Acr, firstPartyClient, holdsKey, type Session } from '../sessions/session.ts';
import type { NewSession } from '../sessions/store.ts';
import { type StoringParts, storeSession } from '../sessions/storeSession.ts';
import {
  chooseSigner,
  respondWithTokens,
  type TokenParts,
  type TokenResponse,
} from '../sessions/tokenResponse.ts';
import type { CommittedProof } from './factors/factors.ts';
import { stopReset } from './factors/reset/stopReset.ts';
import { requireUnused, unlessUsedMeanwhile } from './usedMeanwhile.ts';

/** The client of the authority's own HTTP interface; its tokens may manage their account. */
const firstParty = { clientId: firstPartyClient, scope: accountScope } as const;

export interface StartSessionParts extends TokenParts, StoringParts, RevokingParts {
  readonly refreshIdleTtlMs: number;
  readonly sessionMaxTtlMs: number;
  /** Whether a user whose e-mail is not proved cannot log in. */
  readonly requireVerifiedEmail: boolean;
  readonly notices: Notices;
  readonly contextPolicy: ContextPolicy;
  /** Called for each login that was unusual. */
  readonly onContextChange: (sessionId: SessionId, verdict: SignalVerdict) => void;
}

/** What the client says of itself and asks for. */
export interface LoginClient {
  readonly deviceName?: string | undefined;
  /** The client's name for its device. */
  readonly deviceId?: string | undefined;
  /** One of the audiences; checked by `chosenAudience` before the proof. */
  readonly audience: string;
  /**
   * The browser's previous refresh token. Its session ends and that is propagated: a previous user of this browser must not share
   * the new login (OWASP ASVS 5.0 V7.2.4).
   */
  readonly replaces?: string | undefined;
  /** The thumbprint of the key that the client proved: the session is bound to it. */
  readonly jkt?: string | undefined;
}

/** How the user was proved. */
export interface Proof {
  /** As read before the proof. */
  readonly user: User;
  /** RFC 8176. */
  readonly amr: readonly string[];
  readonly acr: Acr;
  readonly openedBy: readonly FactorId[];
  /** For the audit event: `password`, `passkey`, … */
  readonly reason: string;
  /** Of a way to log in that can be guessed: its refusals in a row before. */
  readonly refusals?: number;
  /** Writes what belongs to the proof. No session starts unless it answers true. */
  readonly commit: (stores: RevokingStores, now: number) => Promise<CommittedProof>;
}

/**
 * Undefined when the proof is no longer good: the user changed since, or another login used it. Nothing is stored then, except what
 * a proof wrote of its refusal.
 */
export async function startSession(
  parts: StartSessionParts,
  proof: Proof,
  client: LoginClient,
  actor: Actor,
): Promise<TokenResponse | undefined> {
  const { user, reason } = proof;
  const signer = await chooseSigner(parts, parts.clock.now());
  const verdict = judgeLogin(proof.refusals ?? 0, parts.contextPolicy);
  const session = newSession(parts, proof, client, { verdict, actor });
  const now = session.createdAt;
  const replaced = await replacedSession(parts, client, user);
  // One transaction: a browser never keeps both sessions, or neither.
  const begun = revokeAndPropagate(parts, now, async (stores) => {
    // First: whoever changes definitions waits for this, and must not hold it up in between.
    await stores.rights.keepDefinitions();
    const current = await unchanged(stores, user);
    requireUnused(current !== undefined && mayLogIn(parts, user));
    const committed = await proof.commit(stores, now);
    if (committed === 'refused') return undefined;
    requireUnused(committed);
    // Whoever proves a second factor has not lost them all.
    if (current !== undefined && proof.acr === '2fa')
      await stopReset(stores, current, { actor, now, reason: 'second_factor' });
    const hasStarted = replaced !== undefined && (await endReplaced(stores, replaced, session, actor));
    // One mail for a login: both say where and with what.
    if (isTold(verdict.action))
      await tellOfManyRefusals(parts.notices, stores, user, { session, now, actor }, verdict);
    else await tellOfNewDevice(parts, stores, user, session, actor);
    const first = { audience: client.audience, signer, actor };
    const rights = await storeSession(parts, stores, { ...session, hasStarted }, first);
    const event = { type: 'login_succeeded', actor, userId: user.id, sessionId: session.id, reason } as const;
    const unusual = verdict.signals.length > 0 ? [contextChanged(session, actor, verdict)] : [];
    await stores.audit.recordAll([event, ...unusual], now);
    return rights;
  });
  const started = await unlessUsedMeanwhile(begun);
  if (started?.result === undefined) return undefined;
  if (verdict.signals.length > 0) parts.onContextChange(session.id, verdict);
  const given = { now, audience: client.audience, rights: started.result };
  return respondWithTokens(parts, { ...session, generation: 0 }, signer, given);
}

/**
 * A token we did not issue has no session to end, and must not prevent the login. A session that is bound to a key is not ended by
 * another user without the key: they may have stolen the token.
 */
async function replacedSession(
  parts: StartSessionParts,
  { replaces, jkt }: LoginClient,
  user: User,
): Promise<Session | undefined> {
  const read = replaces === undefined ? undefined : await readRefreshToken(parts, replaces);
  if (!read?.genuine) return undefined;
  const { session, presented } = read;
  return session.userId === user.id || holdsKey(session, presented.generation, jkt) ? session : undefined;
}

/** Applications stay logged in when the same user logs in again. True when there are some. */
async function endReplaced(
  stores: RevokingStores,
  replaced: Pick<Session, 'id' | 'userId'>,
  { id, userId, createdAt: now }: NewSession,
  actor: Actor,
): Promise<boolean> {
  const hasStarted = replaced.userId === userId && (await stores.sessions.moveStarted(replaced.id, id));
  const ended = await stores.endSessions({ sessionIds: [replaced.id] }, 'logout');
  const events = ended.map((session) => sessionEnded(session, 'replaced_by_login', actor));
  await stores.audit.recordAll(events, now);
  return hasStarted;
}

/**
 * Since the password check, somebody may have changed the password, logged out everywhere or disabled the user. Compares
 * versions, never times, so a login in flight survives none of these.
 */
async function unchanged(stores: Stores, user: User): Promise<User | undefined> {
  // Locked exclusively: two parallel logins must each count the other's session.
  const current = await stores.users.lock(user.id);
  const isSame = current?.tokenVersion === user.tokenVersion && current.disabledAt === undefined;
  return isSame ? current : undefined;
}

/** A disabled user, and an unverified one where that is required, look like a wrong password. */
export function mayLogIn(
  { requireVerifiedEmail }: Pick<StartSessionParts, 'requireVerifiedEmail'>,
  { disabledAt, emailVerifiedAt }: User,
): boolean {
  return disabledAt === undefined && (!requireVerifiedEmail || emailVerifiedAt !== undefined);
}

/** The caller holds the user row's lock. */
async function tellOfNewDevice(
  { notices }: StartSessionParts,
  stores: Stores,
  user: User,
  session: NewSession,
  actor: Actor,
): Promise<void> {
  const { id: sessionId, createdAt: now, deviceName } = session;
  const earlier = await stores.sessions.recentClients(user.id, sessionLimits.knownClients);
  const isFirst = earlier.length === 0 && now - user.createdAt < sessionLimits.firstLoginMilliseconds;
  if (isFirst || !isNewDevice(session, earlier)) return;
  await notices(stores, user, 'new_device', { now, actor, sessionId, deviceName });
}

function newSession(
  parts: StartSessionParts,
  { user, amr, acr, openedBy }: Proof,
  { deviceName, deviceId, jkt }: LoginClient,
  { verdict, actor }: { readonly verdict: SignalVerdict; readonly actor: Actor },
): NewSession {
  const now = parts.clock.now();
  const id = newId<SessionId>(now);
  return {
    ...firstParty,
    id,
    userId: user.id,
    sealedSecret: parts.refreshTokens.newSealedSecret(id),
    boundKey: jkt === undefined ? undefined : { jkt, since: 0 },
    tokenVersion: user.tokenVersion,
    rightsEpoch: 0,
    ...{ amr, openedBy },
    acr: verdict.action === 'step_up' ? doubtfulAcr : acr,
    ...notedContext(verdict, now),
    authTime: now,
    deviceName,
    userAgent: actor.userAgent,
    ip: actor.ip,
    deviceId,
    createdAt: now,
    lastUsedAt: now,
    idleExpiresAt: now + parts.refreshIdleTtlMs,
    expiresAt: now + parts.sessionMaxTtlMs,
    accessExpiresAt: parts.accessTokens.expiry(now),
  };
}
