import type { Clock } from '@countersign/verifier/clock';
import type { DenyList } from '@countersign/verifier/revocation/denyList';
import type { Effect, EffectReport } from '@countersign/verifier/revocation/revocation';
import type { Subscribers } from '../subscribers/subscribers.ts';
import { propagationLimits } from './limits.ts';

/** Subscribers of this process's earlier run: see `storage/embedded/earlierSubscribers.ts`. */
export interface EarlierSubscribers {
  /** Resolves when no subscriber of an earlier run can hold a lease. */
  readonly gone: Promise<void>;
  /** How long one may still hold a lease. */
  remainingMs(): number;
  /** Call before the first lease of this run; resolves when a later run would know of it. */
  remember(): Promise<void>;
  /** Ends this run. `leases`: subscribers that may hold one. */
  close(leases: number): Promise<void>;
}

/**
 * Propagation in a single process: a revocation is in effect once the deny-list and every subscriber know it, and leases of an
 * earlier run's subscribers are over.
 */
export function createLocalEffect(parts: {
  denyList: Pick<DenyList, 'add' | 'addCommitted'>;
  subscribers: Pick<Subscribers, 'caughtUp'>;
  earlierSubscribers: Pick<EarlierSubscribers, 'gone' | 'remainingMs'>;
  leaseMs: number;
  clock: Clock;
  onEffect: (report: EffectReport) => void;
}): Effect {
  const { denyList, subscribers, earlierSubscribers, leaseMs, clock, onEffect } = parts;
  return {
    longestMs() {
      const longestLeaseMs = Math.max(leaseMs, earlierSubscribers.remainingMs());
      return Math.max(
        propagationLimits.transactionMilliseconds,
        longestLeaseMs + propagationLimits.effectBesidesLeaseMilliseconds,
      );
    },
    suspect: (revocations) => denyList.add(revocations),
    async announce({ revocations }) {
      const started = clock.monotonic();
      denyList.addCommitted(revocations);
      await Promise.all([subscribers.caughtUp(), earlierSubscribers.gone]);
      const report = { effectAt: clock.now(), milliseconds: clock.monotonic() - started, nodes: [] };
      onEffect(report);
      return report;
    },
  };
}
