/**
 * Revoke and propagate: one transaction ends the sessions and revokes their tokens; after its commit every node and subscriber is
 * told. Every operation that revokes goes through here and answers its caller only when this has resolved.
 *
 *   operation → here → database: commit
 *                 ↓
 *      sharedEffect (embedded: localEffect) → bus → announcementListener of each other node → its deny-list
 *                 ↑ everyNode waits for acknowledgements and leases                       ↓ listener
 *      a node acknowledges when its guards have ← subscribers/subscribers → subscribers/watchStream → guard: conversation → mirror
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
import { lastRightsEpoch, rightsSubject } from '@countersign/verifier/tokens/jti';
import type { Database, Stores } from '../../database.ts';
import type { SessionEvent } from '../../sessions/logoutStore.ts';
import type { EndReason } from '../../sessions/session.ts';
import type { EndedSession, RightsTaken, SessionSelection } from '../../sessions/store.ts';

export interface RevokingStores extends Stores {
  /**
   * Ends the selected sessions, and those of applications that were started from them, and revokes their access tokens; returns
   * those that were alive.
   */
  endSessions(selection: SessionSelection, reason: EndReason): Promise<readonly EndedSession[]>;
  /**
   * Refuses the access tokens that the selected sessions have until now, because they carry a right that was taken away. The
   * sessions live on: the caller has changed the rights, and the next token carries those that are left. Returns how many.
   */
  takeRights(selection: SessionSelection): Promise<number>;
  /** Revokes tokens without a session here. */
  revoke(revocations: readonly Revocation[]): Promise<void>;
}

export interface RevokingParts {
  readonly database: Database;
  readonly effect: Effect;
  readonly clock: Clock;
}

export interface Effective<T> {
  readonly result: T;
  /** How propagation went; undefined when nothing was revoked. */
  readonly effect: EffectReport | undefined;
}

/**
 * Runs `work` in a transaction and propagates what it revoked (I1). Rejects with `unavailable` after a deadline (I3): the
 * revocation may be in effect all the same, and the caller may repeat, because ended sessions are propagated again. The database
 * may run `work` twice.
 */
export function revokeAndPropagate<T>(
  parts: RevokingParts,
  now: number,
  work: (stores: RevokingStores) => Promise<T>,
): Promise<Effective<T>> {
  return inEffectInTime(parts, revokeInTransaction(parts, now, work));
}

/** The deadline of an answer (I3), including time that `work` spends waiting before it revokes. */
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
    // A second run of `work` starts with nothing revoked.
    revoked = [];
    mark = undefined;
    const revoke: RevokingStores['revoke'] = async (revocations) => {
      mark = (await stores.revocations.record(revocations, now)) ?? mark;
      revoked.push(...revocations);
    };
    const endSessions: RevokingStores['endSessions'] = async (selection, reason) => {
      const selected = await stores.sessions.end(selection, reason, now);
      // A statement of its own: it sees what was started until the one above had its locks.
      const from = selected.filter(({ hasStarted }) => hasStarted).map(({ id }) => id);
      const started = from.length === 0 ? [] : await stores.sessions.end({ startedFrom: from }, reason, now);
      const known = new Set(selected.map(({ id }) => id));
      const ended = [...selected, ...started.filter(({ id }) => !known.has(id))];
      await revoke(ended.map((session) => revocationOf(session, reason)));
      return ended.filter(({ newlyEnded }) => newlyEnded);
    };
    const takeRights: RevokingStores['takeRights'] = async (selection) => {
      const taken = await stores.sessions.takeRights(selection, now);
      const live = taken.filter(({ endReason }) => endReason === undefined);
      // What another call took or ended may not be in effect yet, and this one must not be answered before.
      const again = live.filter(({ rightsEpoch }) => rightsEpoch > 0).map(({ id }) => id);
      const before = again.length === 0 ? [] : await stores.rights.taken(again);
      await revoke(taken.filter(({ accessExpiresAt }) => revokedUntil(accessExpiresAt) > now).map(takenFrom));
      revoked.push(...before);
      // The next epoch has no room in a jti.
      const last = live.filter(({ rightsEpoch }) => rightsEpoch >= lastRightsEpoch).map(({ id }) => id);
      if (last.length > 0) await endSessions({ sessionIds: last }, 'rights');
      return live.length;
    };
    return work({ ...stores, endSessions, takeRights, revoke });
  });
  const result = await begun.catch((error) => {
    // The commit may have happened although its answer was lost.
    effect.suspect(revoked);
    throw error;
  });
  return { result, effect: await propagate(effect, revoked, mark) };
}

/**
 * Ends sessions by id in one statement instead of a transaction: a logout takes three quarters of the time (ADR 26). Calls
 * `committed` between commit and propagation. Returns what `LogoutStore.end` returns.
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
      // The statement may have happened; its expiry is unknown, so assume the latest.
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

function takenFrom({ id, rightsEpoch, accessExpiresAt, endReason }: RightsTaken): Revocation {
  const expiresAt = revokedUntil(accessExpiresAt);
  if (endReason !== undefined) return { subject: uuidBytes(id), reason: endReason, expiresAt };
  return { subject: rightsSubject(id, rightsEpoch), reason: 'rights', expiresAt };
}

function revocationOf({ id, accessExpiresAt }: EndedSession, reason: EndReason): Revocation {
  return { subject: uuidBytes(id), reason, expiresAt: revokedUntil(accessExpiresAt) };
}
