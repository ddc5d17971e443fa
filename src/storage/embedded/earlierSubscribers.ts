/**
 * Remembers, after a single process ends, that its subscribers may hold leases. They go on without it, and the next run can
 * neither find nor tell them; so its revocations take effect only after those leases.
 */
import type { Clock } from '@countersign/verifier/clock';
import { propagationLimits } from '../../revocation/propagation/limits.ts';
import type { EarlierSubscribers } from '../../revocation/propagation/localEffect.ts';
import type { DataFolder } from './dataFolder.ts';

export async function openEarlierSubscribers(parts: {
  dataFolder: Pick<DataFolder, 'subscriberLeaseMs' | 'setSubscriberLeaseMs'>;
  leaseMs: number;
  clock: Clock;
}): Promise<EarlierSubscribers> {
  const { dataFolder, leaseMs, clock } = parts;
  const earlierMs = await dataFolder.subscriberLeaseMs();
  // The earlier run ended before this one began, and granted nothing since.
  const waitMs = earlierMs === 0 ? 0 : earlierMs + propagationLimits.leaseMarginMilliseconds;
  const openedAt = clock.monotonic();
  let areGone = waitMs === 0;
  const gone = new Promise<void>((resolve) => {
    const settle = () => {
      areGone = true;
      resolve();
    };
    if (areGone) settle();
    else clock.after(waitMs, settle);
  });
  return {
    gone,
    remainingMs: () => (areGone ? 0 : Math.max(0, openedAt + waitMs - clock.monotonic())),
    // Never a shorter one: an earlier run's leases may outlast this run.
    remember: () => dataFolder.setSubscriberLeaseMs(Math.max(earlierMs, leaseMs)),
    async close(leases) {
      if (areGone && leases === 0) await dataFolder.setSubscriberLeaseMs(0);
    },
  };
}
