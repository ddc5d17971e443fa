/**
 * Keeps this node's key ring as the store has it: looks regularly, when something is due, and when it is asked to.
 * Owns when to look. Does not own what is done then (`keep`, a flow) nor the ring.
 */
import { type Cancel, type Clock, momentOf, withDeadline } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import { verifierLimits } from '@countersign/verifier/limits';
import { platformLimits } from '../platform/limits.ts';
import { coalesce } from '../platform/queues/coalesce.ts';
import type { KeyPolicy } from './keyPolicy.ts';
import type { KeyRing } from './keyRing.ts';
import { keyLimits } from './limits.ts';
import type { StoredSigningKey } from './store.ts';

/** Looks at the store, does what is due, and answers the keys that there are then. */
export type Keep = () => Promise<{ readonly keys: readonly StoredSigningKey[]; readonly dueInMs: number }>;

export interface RingKeeper {
  /** Fills the ring, and keeps it from then on. Rejects when it cannot be filled; then it has stopped. */
  start(): Promise<void>;
  /** Resolves when the ring is what the store had at some moment after this call. */
  reload(): Promise<void>;
  /** Resolves when the ring is young enough to sign; rejects with `unavailable`. */
  fresh(): Promise<void>;
  /**
   * For a key that is not in the ring: looks again, but not more often than once in a while, whoever asks and for whichever
   * key. False when nothing new can have come of it. Rejects with `unavailable` when the store did not answer: then nobody
   * knows whether there is such a key.
   */
  lookAgain(): Promise<boolean>;
  stop(): Promise<void>;
}

export function createRingKeeper(parts: {
  keep: Keep;
  keyRing: Pick<KeyRing, 'adopt' | 'upToDate'>;
  policy: Pick<KeyPolicy, 'refreshMs'>;
  clock: Clock;
  onFault: (error: unknown) => void;
}): RingKeeper {
  const { keep, keyRing, policy, clock, onFault } = parts;
  let cancel: Cancel = () => {};
  let stopped = false;
  /** When `lookAgain` last looked, and that look while it lasts. */
  let lookedAt = Number.NEGATIVE_INFINITY;
  let looking: Promise<boolean> | undefined;
  /** It failed, and none has succeeded since. */
  let unanswered = false;

  const lookAfter = (milliseconds: number) => {
    cancel();
    if (!stopped) cancel = clock.after(milliseconds, () => void reload().catch(onFault));
  };

  const reload = coalesce(async () => {
    if (stopped) return;
    cancel();
    const askedAt = momentOf(clock);
    let next = policy.refreshMs;
    try {
      // Should the store never answer, there is another look all the same.
      const kept = withDeadline(clock, platformLimits.queryMilliseconds, keep(), outOfDate);
      const { keys, dueInMs } = await kept;
      keyRing.adopt(keys, askedAt);
      unanswered = false;
      next = Math.max(0, Math.min(next, dueInMs));
    } finally {
      lookAfter(next);
    }
  });

  const reloadInTime = async () => {
    await withDeadline(clock, keyLimits.keyRingReloadMilliseconds, reload(), outOfDate).catch((cause) => {
      throw outOfDate(cause);
    });
  };

  const halt = () => {
    stopped = true;
    cancel();
  };

  const look = async () => {
    try {
      await reloadInTime();
      return true;
    } catch (error) {
      unanswered = true;
      throw error;
    } finally {
      looking = undefined;
    }
  };

  return {
    reload,

    async start() {
      await reload().catch((error) => {
        halt();
        throw error;
      });
    },

    async fresh() {
      if (!keyRing.upToDate()) await reloadInTime();
    },

    async lookAgain() {
      if (looking !== undefined) return looking;
      if (clock.monotonic() - lookedAt < verifierLimits.unknownKeyMilliseconds) {
        if (unanswered) throw outOfDate();
        return false;
      }
      lookedAt = clock.monotonic();
      looking = look();
      return looking;
    },

    async stop() {
      halt();
      // What is under way is finished: it uses what will be closed next.
      await reload().catch(() => {});
    },
  };
}

function outOfDate(cause?: unknown): AuthorityError {
  return new AuthorityError('unavailable', { retryAfterSeconds: 1, reason: 'key_ring_out_of_date', cause });
}
