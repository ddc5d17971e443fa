/**
 * Revoke and propagate: the sessions end and their tokens are revoked in one transaction; after its commit every node and every
 * subscriber is told. Every operation that revokes goes through here, and answers its caller only when this has resolved.
 */
import { type Clock, withDeadline } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import { uuidBytes } from '@countersign/verifier/ids';
import type { CommitMark } from '@countersign/verifier/revocation/position';
import {
  afterEveryToken,
  type Effect,
  type EffectReport,
  type Revocation,
  revokedUntil,
} from '@countersign/verifier/revocation/revocation';
import type { Database, Stores } from '../../database.ts';
import type { SessionEvent } from '../../sessions/logoutStore.ts';
import type { EndReason } from '../../sessions/session.ts';
import type { EndedSession, SessionSelection } from '../../sessions/store.ts';

export interface RevokingStores extends Stores {
  /** Ends the selected sessions and revokes every access token minted in them; answers those that were alive. */
  endSessions(selection: SessionSelection, reason: EndReason): Promise<readonly EndedSession[]>;
  /** Revokes tokens that have no session here. */
  revoke(revocations: readonly Revocation[]): Promise<void>;
}

export interface RevokingParts {
  readonly database: Database;
  readonly effect: Effect;
  readonly clock: Clock;
}

export interface Effective<T> {
  readonly result: T;
  /** What propagation took; undefined when nothing was revoked. */
  readonly effect: EffectReport | undefined;
}

/**
 * Runs the work in a transaction and propagates what it revoked (I1). Rejects with `unavailable` when that takes too long (I3): it may be
 * in effect all the same, and a caller may repeat the operation, since sessions that ended before are propagated again. The
 * database may run the work twice.
 */
export function revokeAndPropagate<T>(
  parts: RevokingParts,
  now: number,
  work: (stores: RevokingStores) => Promise<T>,
): Promise<Effective<T>> {
  return inEffectInTime(parts, revokeInTransaction(parts, now, work));
}

/** The deadline of an answer (I3), for work that waits before it revokes: the wait counts, too. */
export function inEffectInTime<T>({ clock, effect }: RevokingParts, work: Promise<T>): Promise<T> {
  const late = () => new AuthorityError('unavailable', { retryAfterSeconds: 1, reason: 'effect_deadline' });
  return withDeadline(clock, effect.longestMs(), work, late);
}

async function revokeInTransaction<T>(
  { database, effect }: RevokingParts,
  now: number,
  work: (stores: RevokingStores) => Promise<T>,
): Promise<Effective<T>> {
  let revoked: Revocation[] = [];
  let mark: CommitMark | undefined;
  const begun = database.transaction(async (stores) => {
    // A second run of the work starts with nothing revoked.
    revoked = [];
    mark = undefined;
    const revoke: RevokingStores['revoke'] = async (revocations) => {
      mark = (await stores.revocations.record(revocations, now)) ?? mark;
      revoked.push(...revocations);
    };
    const endSessions: RevokingStores['endSessions'] = async (selection, reason) => {
      const ended = await stores.sessions.end(selection, reason, now);
      await revoke(ended.map((session) => revocationOf(session, reason)));
      return ended.filter(({ newlyEnded }) => newlyEnded);
    };
    return work({ ...stores, endSessions, revoke });
  });
  const result = await begun.catch((error) => {
    // The commit may have been done although its answer was lost.
    effect.suspect(revoked);
    throw error;
  });
  return { result, effect: await propagate(effect, revoked, mark) };
}

/**
 * The same for sessions that are known by their ids, in one statement instead of a transaction: a logout is in effect in three
 * quarters of the time (ADR 26). `committed` is called between the commit and the propagation. Answers what
 * `LogoutStore.end` answers.
 */
export function revokeInOneStatement(
  parts: RevokingParts,
  events: readonly SessionEvent[],
  how: { readonly reason: EndReason; readonly now: number; readonly committed: () => void },
): Promise<readonly EndedSession[]> {
  const revoke = async () => {
    const { database, effect } = parts;
    const { reason, now, committed } = how;
    const { ended, mark } = await database.logouts.end(events, reason, now).catch((error) => {
      // The statement may have been done, and nobody knows which expiry it found.
      const expiresAt = afterEveryToken(now);
      effect.suspect(events.map(({ sessionId }) => ({ subject: uuidBytes(sessionId), reason, expiresAt })));
      throw error;
    });
    committed();
    const revoked = ended.map((session) => revocationOf(session, reason));
    await propagate(effect, revoked, mark);
    return ended;
  };
  return inEffectInTime(parts, revoke());
}

async function propagate(
  effect: Effect,
  revocations: readonly Revocation[],
  mark: CommitMark | undefined,
): Promise<EffectReport | undefined> {
  return mark === undefined ? undefined : effect.announce({ revocations, mark });
}

function revocationOf({ id, accessExpiresAt }: EndedSession, reason: EndReason): Revocation {
  return { subject: uuidBytes(id), reason, expiresAt: revokedUntil(accessExpiresAt) };
}
