/**
 * Keeps this node's key ring as the store has it: looks regularly, when something is due, and when it is asked to.
 * Owns when to look. Does not own what is done then (`keep`, a flow) nor the ring.
 */
import { type Cancel, type Clock, withDeadline } from '../core/clock.ts';
import { coalesce } from '../core/coalesce.ts';
import { AuthorityError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { KeyPolicy } from './keyPolicy.ts';
import type { KeyRing } from './keyRing.ts';
import type { StoredSigningKey } from './signingKeyStore.ts';

/** Looks at the store, does what is due, and answers the keys that there are then. */
export type Keep = () => Promise<{ readonly keys: readonly StoredSigningKey[]; readonly dueInMs: number }>;

export interface RingKeeper {
  /** Fills the ring, and keeps it from then on. Rejects when it cannot be filled. */
  start(): Promise<void>;
  /** Resolves when the ring is what the store had at some moment after this call. */
  reload(): Promise<void>;
  /** Resolves when the ring is young enough to sign; rejects with `unavailable`. */
  fresh(): Promise<void>;
  /**
   * For a key that is not in the ring: looks again, but not more often than once in a while, whoever asks and for whichever
   * key. False when nothing new can have come of it. Rejects with `unavailable` when the store did not answer.
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
  let lookedAt = Number.NEGATIVE_INFINITY;
  let looking: Promise<boolean> | undefined;

  const lookAfter = (milliseconds: number) => {
    cancel();
    if (!stopped) cancel = clock.after(milliseconds, () => void reload().catch(onFault));
  };

  const reload = coalesce(async () => {
    if (stopped) return;
    // Should the store never answer, there is another look all the same.
    lookAfter(limits.queryMilliseconds + policy.refreshMs);
    const askedAt = clock.monotonic();
    let next = policy.refreshMs;
    try {
      const { keys, dueInMs } = await keep();
      keyRing.adopt(keys, askedAt);
      next = Math.max(0, Math.min(next, dueInMs));
    } finally {
      lookAfter(next);
    }
  });

  const reloadInTime = async () => {
    const late = () => new AuthorityError('unavailable', { reason: 'key_ring_out_of_date' });
    await withDeadline(clock, limits.keyRingReloadMilliseconds, reload(), late).catch((cause) => {
      throw new AuthorityError('unavailable', {
        retryAfterSeconds: 1,
        reason: 'key_ring_out_of_date',
        cause,
      });
    });
  };

  const look = async () => {
    try {
      await reloadInTime();
      return true;
    } finally {
      looking = undefined;
    }
  };

  return {
    reload,
    start: reload,

    async fresh() {
      if (!keyRing.upToDate()) await reloadInTime();
    },

    async lookAgain() {
      if (looking !== undefined) return looking;
      if (clock.monotonic() - lookedAt < limits.unknownKeyMilliseconds) return false;
      lookedAt = clock.monotonic();
      looking = look();
      return looking;
    },

    async stop() {
      stopped = true;
      cancel();
      // What is under way is finished: it uses what will be closed next.
      await reload().catch(() => {});
    },
  };
}
