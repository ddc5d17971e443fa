/**
 * A transaction or a statement that ends sessions, and what follows its commit: the revocations are brought into effect before
 * anybody is answered. Every flow that ends sessions goes through here, whichever transport called it.
 */
import { type Clock, withDeadline } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import { uuidBytes } from '@countersign/verifier/ids';
import { verifierLimits } from '@countersign/verifier/limits';
import type { CommitMark } from '@countersign/verifier/revocation/position';
import {
  afterEveryToken,
  type Effect,
  type EffectReport,
  type Revocation,
} from '@countersign/verifier/revocation/revocation';
import type { Database, Stores } from '../../database.ts';
import type { SessionEvent } from '../../sessions/logoutStore.ts';
import type { EndReason } from '../../sessions/session.ts';
import type { EndedSession, SessionSelection } from '../../sessions/store.ts';

export interface RevokingStores extends Stores {
  /** Ends the selected sessions and revokes every access token minted in them; answers those that were alive. */
  endSessions(selection: SessionSelection, reason: EndReason): Promise<readonly EndedSession[]>;
  /** Revokes what is no session. */
  revoke(revocations: readonly Revocation[]): Promise<void>;
}

export interface RevokingParts {
  readonly database: Database;
  readonly effect: Effect;
  readonly clock: Clock;
}

export interface Effective<T> {
  readonly result: T;
  /** What it took until it was in effect; undefined when nothing was revoked. */
  readonly effect: EffectReport | undefined;
}

/**
 * Resolves when the work is committed and what it revoked is in effect (I1); rejects with `unavailable` when that takes
 * too long (I3): then it may be done all the same. A caller whose answer was lost can repeat the operation: sessions
 * that had ended before are brought into effect again. The work may be run once more.
 */
export function revokeAndPropagate<T>(
  parts: RevokingParts,
  now: number,
  work: (stores: RevokingStores) => Promise<T>,
): Promise<Effective<T>> {
  return inEffectInTime(parts, commitWithEffect(parts, now, work));
}

/** For what had to wait before it came to one of these: the time that an answer may take (I3) includes that. */
export function inEffectInTime<T>({ clock, effect }: RevokingParts, work: Promise<T>): Promise<T> {
  const late = () => new AuthorityError('unavailable', { retryAfterSeconds: 1, reason: 'effect_deadline' });
  return withDeadline(clock, effect.longestMs(), work, late);
}

async function commitWithEffect<T>(
  { database, effect }: RevokingParts,
  now: number,
  work: (stores: RevokingStores) => Promise<T>,
): Promise<Effective<T>> {
  let revoked: Revocation[] = [];
  let mark: CommitMark | undefined;
  const begun = database.transaction(async (stores) => {
    // A transaction that is begun anew has revoked nothing yet.
    revoked = [];
    mark = undefined;
    const revoke: RevokingStores['revoke'] = async (revocations) => {
      mark = (await stores.revocations.record(revocations, now)) ?? mark;
      revoked.push(...revocations);
    };
    const endSessions: RevokingStores['endSessions'] = async (selection, reason) => {
      const ended = await stores.sessions.end(selection, reason, now);
      await revoke(ended.map((session) => sessionRevocation(session, reason)));
      return ended.filter(({ newlyEnded }) => newlyEnded);
    };
    return work({ ...stores, endSessions, revoke });
  });
  const result = await begun.catch((error) => {
    // A commit whose answer was lost may have been done.
    effect.suspect(revoked);
    throw error;
  });
  if (mark === undefined) return { result, effect: undefined };
  return { result, effect: await effect.announce({ revocations: revoked, mark }) };
}

/**
 * The same for sessions that are named by their ids, in one statement: what is done most often takes one round trip. `committed`
 * is called between the commit and the effect. Answers those that it found, as `LogoutStore.end` does.
 */
export function revokeInOneStatement(
  parts: RevokingParts,
  events: readonly SessionEvent[],
  how: EndedInOneStatement,
): Promise<readonly EndedSession[]> {
  return inEffectInTime(parts, commitStatement(parts, events, how));
}

interface EndedInOneStatement {
  readonly reason: EndReason;
  readonly now: number;
  readonly committed: () => void;
}

async function commitStatement(
  { database, effect }: RevokingParts,
  events: readonly SessionEvent[],
  { reason, now, committed }: EndedInOneStatement,
): Promise<readonly EndedSession[]> {
  const { ended, mark } = await database.logouts.end(events, reason, now).catch((error) => {
    // It may have been done, and which expiry it found nobody knows.
    const expiresAt = afterEveryToken(now);
    effect.suspect(events.map(({ sessionId }) => ({ subject: uuidBytes(sessionId), reason, expiresAt })));
    throw error;
  });
  committed();
  const revocations = ended.map((session) => sessionRevocation(session, reason));
  if (mark !== undefined) await effect.announce({ revocations, mark });
  return ended;
}

function sessionRevocation({ id, accessExpiresAt }: EndedSession, reason: EndReason): Revocation {
  return {
    subject: uuidBytes(id),
    reason,
    expiresAt: accessExpiresAt + verifierLimits.revocationMarginSeconds * 1000,
  };
}
