/**
 * Keeps this node's key ring equal to the store's: reads it regularly, when a change is due, and on request. Owns when to read.
 * Does not own the changes (`keep`) or the ring.
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

/** Reads the store, makes the changes that are due, and returns the resulting keys. */
export type Keep = () => Promise<{ readonly keys: readonly StoredSigningKey[]; readonly dueInMs: number }>;

export interface RingKeeper {
  /** Fills the ring and keeps it up to date. Rejects, stopped, when it cannot be filled. */
  start(): Promise<void>;
  /** Resolves when the ring equals the store's at some time after this call. */
  reload(): Promise<void>;
  /** Resolves when the ring is recent enough to sign; rejects with `unavailable`. */
  fresh(): Promise<void>;
  /**
   * For an unknown key: reloads the ring, at a limited rate for all callers and keys together. False when nothing new can have
   * come. Rejects with `unavailable` when the store did not answer: the key may exist.
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
  /** The time of the last `lookAgain`, and its reload while in progress. */
  let lookedAt = Number.NEGATIVE_INFINITY;
  let looking: Promise<boolean> | undefined;
  /** True after a failed reload, until one succeeds. */
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
      // A store that never answers must not prevent the next reload.
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
      // Waits for a reload in progress: it uses parts that close next.
      await reload().catch(() => {});
    },
  };
}

function outOfDate(cause?: unknown): AuthorityError {
  return new AuthorityError('unavailable', { retryAfterSeconds: 1, reason: 'key_ring_out_of_date', cause });
}
