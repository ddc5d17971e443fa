/**
 * Waits until a session has ended, so that a page notices within a second that it has. Owns who waits, and how many may. It looks at
 * the deny-list in memory whenever that has changed; what it finds was in effect before.
 */
import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import { type SessionId, type UserId, uuidBytes } from '@countersign/verifier/ids';
import type { DenyList } from '@countersign/verifier/revocation/denyList';
import { sessionLimits } from './limits.ts';

export interface Awaited {
  readonly userId: UserId;
  readonly sessionId: SessionId;
  /** Of the token, milliseconds since the Unix epoch. */
  readonly issuedAt: number;
}

export interface WaitForEnd {
  /**
   * Resolves with whether the session has ended, after a while in any case. Throws `overloaded` when too many wait here. Of one user's,
   * the longest waiting one gives way. `onGone` is given what stops it: the page is closed.
   */
  wait(session: Awaited, onGone: (stop: () => void) => void): Promise<boolean>;
  /** How many wait. */
  waiting(): number;
  /** The process stops: nobody waits any more. */
  release(): void;
}

interface Waiting {
  readonly session: Awaited;
  settle(hasEnded: boolean): void;
}

export function createWaitForEnd({
  clock,
  denyList,
}: {
  readonly clock: Clock;
  readonly denyList: Pick<DenyList, 'check' | 'version'>;
}): WaitForEnd {
  const { sessionWaits, sessionWaitsOfUser, sessionWaitMilliseconds, sessionLookMilliseconds } =
    sessionLimits;
  const waiting = new Set<Waiting>();
  let stopLooking: (() => void) | undefined;
  let seen = -1;
  let isReleased = false;

  const hasEnded = async ({ sessionId, issuedAt }: Awaited) =>
    (await denyList.check([uuidBytes(sessionId)], issuedAt)).revoked;
  const look = async () => {
    const version = denyList.version();
    if (version === seen) return;
    // What is added meanwhile is seen the next time.
    seen = version;
    for (const each of [...waiting]) {
      try {
        if (await hasEnded(each.session)) each.settle(true);
      } catch {
        // Without a safe answer, the page asks anew, and is told so.
        each.settle(false);
      }
    }
  };
  const leave = (one: Waiting) => {
    waiting.delete(one);
    if (waiting.size > 0) return;
    stopLooking?.();
    stopLooking = undefined;
  };
  return {
    async wait(session, onGone) {
      if (await hasEnded(session)) return true;
      if (isReleased) return false;
      const own = [...waiting].filter((each) => each.session.userId === session.userId);
      if (own.length >= sessionWaitsOfUser) own[0]?.settle(false);
      if (waiting.size >= sessionWaits) throw new AuthorityError('overloaded', { reason: 'session_waits' });
      return new Promise((resolve) => {
        const cancel = clock.after(sessionWaitMilliseconds, () => one.settle(false));
        const one: Waiting = {
          session,
          settle(ended) {
            cancel();
            leave(one);
            resolve(ended);
          },
        };
        onGone(() => one.settle(false));
        waiting.add(one);
        // It may have ended since it was looked at.
        seen = -1;
        stopLooking ??= clock.every(sessionLookMilliseconds, look);
      });
    },
    waiting: () => waiting.size,

    release() {
      isReleased = true;
      for (const each of [...waiting]) each.settle(false);
    },
  };
}
