/**
 * Refresh: read the row, judge it, then write with a statement that repeats the judged conditions. Losing that race means that
 * another request advanced the session: read and judge again.
 */
import { AuthorityError } from '@countersign/verifier/errors';
import type { SessionId } from '@countersign/verifier/ids';
import { doubtfulAcr } from '@countersign/verifier/tokens/bearerToken';
import type { Actor } from '../audit/auditEvent.ts';
import type { Stores } from '../database.ts';
import type { Notices } from '../notifications/notices.ts';
import type { RateLimits } from '../platform/rateLimits.ts';
import { type RevokingParts, revokeAndPropagate } from '../revocation/propagation/revokeAndPropagate.ts';
import { requireScopes, rightsAt } from '../rights/rights.ts';
import {
  type ContextPolicy,
  type ContextVerdict,
  contextChanged,
  isTold,
  judgeContext,
  type SignalVerdict,
} from './context.ts';
import { endAllOfUser, endSelected } from './endSessions.ts';
import { judgeRefresh } from './judgeRefresh.ts';
import { sessionLimits } from './limits.ts';
import { tellOfTheft, tellOfUnusualUse } from './ownerNotices.ts';
import { readForRefresh } from './readRefreshToken.ts';
import type { SessionUse } from './refreshStore.ts';
import type { RefusalMemory } from './refusalMemory.ts';
import { type EndReason, firstPartyClient } from './session.ts';
import type { SessionWithRights, SessionWithUser } from './store.ts';
import {
  chooseSigner,
  chosenAudience,
  requireAudience,
  respondWithTokens,
  settingsFor,
  type TokenParts,
  type TokenResponse,
} from './tokenResponse.ts';

export interface RefreshParts extends TokenParts, RevokingParts {
  readonly refreshGraceMs: number;
  readonly refreshIdleTtlMs: number;
  /** What ends after two parties used a refresh token. */
  readonly replayEnds: 'session' | 'all';
  readonly contextPolicy: ContextPolicy;
  readonly refusals: RefusalMemory;
  readonly rateLimits: Pick<RateLimits, 'spend'>;
  readonly notices: Notices;
  /** Called for each recorded change of context. */
  readonly onContextChange: (sessionId: SessionId, verdict: SignalVerdict) => void;
  /** Called for each session that ended because two parties used its refresh token. */
  readonly onTheft: (sessionId: SessionId, rule: string) => void;
}

export interface RefreshInput {
  readonly refreshToken: string;
  /** The client's name for its device. */
  readonly deviceId?: string | undefined;
  /** The audience of the access token; by default that of the session, or else the services'. */
  readonly audience?: string | undefined;
  /** Which client presents it; the authority's own by default. */
  readonly clientId?: string | undefined;
  /** This access token carries no more than these scopes. Throws `invalid_scope` for others. */
  readonly scopes?: readonly string[] | undefined;
  /** The thumbprint of the key that the client proved: a session without a key is bound to it. */
  readonly jkt?: string | undefined;
  /** The thumbprint of the certificate that the access token is bound to. */
  readonly certificate?: string | undefined;
}

interface Presentation extends RefreshInput {
  readonly actor: Actor;
  readonly arrivedAt: number;
  /** For a session without an audience. */
  readonly chosen: string;
}

interface Use extends Pick<RefreshInput, 'scopes' | 'jkt' | 'certificate'> {
  readonly session: SessionWithRights;
  readonly now: number;
  readonly actor: Actor;
  readonly audience: string;
}

export type Refresh = (input: RefreshInput, actor: Actor) => Promise<TokenResponse>;

export function createRefresh(parts: RefreshParts): Refresh {
  return async (input, actor) => {
    const arrived = { ...input, actor, arrivedAt: parts.clock.now() };
    const presentation = { ...arrived, chosen: await chosenAudience(parts, input.audience) };
    for (let attempt = 0; attempt < sessionLimits.refreshAttempts; attempt += 1) {
      const response = await tryRefresh(parts, presentation, attempt === 0);
      if (response !== 'lost_race') return response;
    }
    throw new AuthorityError('unavailable', { retryAfterSeconds: 1, reason: 'refresh_contention' });
  };
}

async function tryRefresh(
  parts: RefreshParts,
  presentation: Presentation,
  isFirstAttempt: boolean,
): Promise<TokenResponse | 'lost_race'> {
  const { refreshToken, deviceId, actor, arrivedAt, chosen, scopes, jkt, certificate } = presentation;
  const { clientId = firstPartyClient } = presentation;
  const read = await readForRefresh(parts, refreshToken, chosen);
  // Refused without a write: guessing must not become database load.
  if (!read.genuine) throw refusal(read.fault);
  const { session, presented } = read;
  const now = parts.clock.now();
  const { audience = chosen } = session;
  const use: Use = { session, now, actor, audience, scopes, jkt, certificate };
  if (session.clientId !== clientId) {
    await recordRefusal(parts, use, 'other_client');
    throw refusal('other_client');
  }
  const client = { userAgent: actor.userAgent, ip: actor.ip, deviceId };
  const asked = { now, arrivedAt, client, graceMs: parts.refreshGraceMs, jkt };
  const verdict = judgeRefresh(session, presented.generation, asked);
  switch (verdict.kind) {
    case 'rotated':
    case 'repeated_in_grace': {
      requireAudience(presentation.audience, audience);
      const rotates = verdict.kind === 'rotated';
      // Retries are not throttled: a delayed one would look like theft. Not so with a key, and then nothing else bounds them.
      if ((rotates || session.boundKey !== undefined) && isFirstAttempt)
        await spendRefresh(parts, session.id, actor);
      const context = judgeContext(session, client, { now, rotates, policy: parts.contextPolicy });
      if (context.action === 'end') return endSuspicious(parts, use, context);
      return write(parts, use, verdict.kind, context);
    }
    case 'repeated_too_often':
    case 'overtaken':
      // No Retry-After wait: afterwards the token would be outside the window and look stolen.
      throw new AuthorityError('refresh_repeated', {
        detail: 'refresh_token: was already exchanged; use the token that you received for it',
      });
    case 'theft':
      return endStolenSession(parts, use, verdict.rule);
    case 'refused':
      await recordRefusal(parts, use, verdict.rule);
      throw refusal(verdict.rule);
  }
}

/** The rate limit's account is the session. */
async function spendRefresh({ rateLimits }: RefreshParts, sessionId: SessionId, actor: Actor): Promise<void> {
  await rateLimits.spend(actor, 'refresh', 'account', sessionId);
  await rateLimits.spend(actor, 'refresh', 'global');
}

async function write(
  parts: RefreshParts,
  use: Use,
  kind: 'rotated' | 'repeated_in_grace',
  verdict: ContextVerdict,
): Promise<TokenResponse | 'lost_race'> {
  const { session: read, now, actor, audience, scopes, jkt, certificate } = use;
  const { id, userId, generation } = read;
  const signer = await chooseSigner(parts, now);
  const isSuspicious = verdict.signals.length > 0;
  const isDoubtful = verdict.action === 'step_up';
  const session: SessionWithUser = isDoubtful ? { ...read, acr: doubtfulAcr } : read;
  const asked = { ...session, only: scopes, ...settingsFor(parts.accessTokens, audience, now, session) };
  const rights = rightsAt(read.rights, asked);
  requireScopes(rights, scopes);
  const refreshed = { type: 'session_refreshed', actor, userId, sessionId: id, reason: kind } as const;
  const noted = isSuspicious && !isTold(verdict.action);
  const written: SessionUse = {
    now,
    userAgent: actor.userAgent,
    ip: actor.ip,
    context: verdict.context,
    idleExpiresAt: now + parts.refreshIdleTtlMs,
    accessExpiresAt: rights.tokenExpiresAt,
    rightsEpoch: read.rightsEpoch,
    signingKid: signer.kid,
    ...{ isDoubtful, jkt },
    events: noted ? [refreshed, contextChanged(read, actor, verdict)] : [refreshed],
  };
  const done = await (isTold(verdict.action)
    ? writeAndTell(parts, use, { kind, written, verdict })
    : record(parts.database, use, { kind, written }));
  if (!done) return 'lost_race';
  if (isSuspicious) parts.onContextChange(id, verdict);
  const to = { now, audience, rights, certificate };
  if (kind === 'repeated_in_grace') return respondWithTokens(parts, session, signer, to);
  const { idleExpiresAt } = written;
  const boundKey = session.boundKey ?? (jkt === undefined ? undefined : { jkt, since: generation + 1 });
  const successor = { ...session, generation: generation + 1, idleExpiresAt, boundKey };
  await keepWindowOpen(parts, successor, now);
  return respondWithTokens(parts, successor, signer, to);
}

interface Written {
  readonly kind: 'rotated' | 'repeated_in_grace';
  readonly written: SessionUse;
}

function record(
  { refreshes }: Pick<Stores, 'refreshes'>,
  { session: { id, generation } }: Use,
  { kind, written }: Written,
): Promise<boolean> {
  return kind === 'rotated'
    ? refreshes.advance(id, generation, written)
    : refreshes.repeat(id, generation, sessionLimits.refreshGraceRepeats, written);
}

/** With the event and the mail in one transaction. */
function writeAndTell(
  parts: RefreshParts,
  use: Use,
  { verdict, ...write }: Written & { readonly verdict: ContextVerdict },
): Promise<boolean> {
  return parts.database.transaction(async (stores) => {
    // The user before the session, as everywhere: the mail's row refers to the user's.
    await stores.users.lock(use.session.userId);
    if (!(await record(stores, use, write))) return false;
    await stores.audit.record(contextChanged(use.session, use.actor, verdict), use.now);
    await tellOfUnusualUse(parts.notices, stores, use, verdict);
    return true;
  });
}

/**
 * A client that times out and repeats must find the window open, so the window restarts when the database used up much of it. A
 * failure here is ignored: the response is good and must not wait.
 */
async function keepWindowOpen(
  { clock, database, refreshGraceMs }: RefreshParts,
  { id, generation }: SessionWithUser,
  openedAt: number,
): Promise<void> {
  const now = clock.now();
  if (refreshGraceMs === 0 || now - openedAt <= refreshGraceMs / 2) return;
  await database.refreshes.restamp(id, generation, now).catch(() => {});
}

/** Nobody can tell thief from owner any more, so both are logged out. */
async function endStolenSession(parts: RefreshParts, use: Use, rule: string): Promise<never> {
  const ends = parts.replayEnds;
  const tell = (stores: Stores) => tellOfTheft(parts.notices, stores, use);
  const isEnded = await endForRefresh(parts, use, { reason: 'refresh_replayed', rule, tell, ends });
  if (isEnded) parts.onTheft(use.session.id, rule);
  throw refusal(rule);
}

/** The operator's settings refuse this change of context. */
async function endSuspicious(parts: RefreshParts, use: Use, context: ContextVerdict): Promise<never> {
  const reason = 'context_changed';
  const tell = async (stores: Stores) => {
    await stores.audit.record(contextChanged(use.session, use.actor, context), use.now);
    await tellOfUnusualUse(parts.notices, stores, use, context);
  };
  const isEnded = await endForRefresh(parts, use, { reason, rule: reason, tell, ends: 'session' });
  if (isEnded) parts.onContextChange(use.session.id, context);
  throw refusal(reason);
}

interface RefusedUse {
  readonly reason: EndReason;
  readonly rule: string;
  readonly tell: (stores: Stores) => Promise<void>;
  readonly ends: RefreshParts['replayEnds'];
}

/** Ends and propagates. False when another request ended it first: then nothing is recorded. */
async function endForRefresh(parts: RefreshParts, use: Use, refused: RefusedUse): Promise<boolean> {
  const { session, now, actor } = use;
  const { id: sessionId, userId } = session;
  const { reason, rule, tell, ends } = refused;
  const event = { type: 'refresh_refused', actor, userId, sessionId, reason: rule } as const;
  const { result } = await revokeAndPropagate(parts, now, async (stores) => {
    await stores.users.lock(userId);
    // The lock's second holder finds nothing to end, and must not end logins made since.
    const ended = await endSelected(stores, { sessionIds: [sessionId] }, { reason, actor, now });
    if (ended.length === 0) return false;
    await stores.audit.record(event, now);
    await tell(stores);
    // Like a logout everywhere: logins and refreshes in flight fail.
    if (ends === 'all') await endAllOfUser(stores, userId, { reason, actor, now });
    return true;
  });
  return result;
}

async function recordRefusal(parts: RefreshParts, { session, now, actor }: Use, rule: string): Promise<void> {
  const { id: sessionId, userId } = session;
  if (!parts.refusals.isWorthNoting(sessionId, parts.clock.monotonic())) return;
  const event = { type: 'refresh_refused', actor, userId, sessionId, reason: rule } as const;
  await parts.database.audit.record(event, now);
}

function refusal(reason: string): AuthorityError {
  // Only for a genuine token: its holder may learn what is missing.
  const detail = 'refresh_token: is bound to a key; send a DPoP proof of that key with it';
  return new AuthorityError('invalid_grant', { reason, ...(reason === 'other_key' && { detail }) });
}
