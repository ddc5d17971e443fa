import type { Clock } from '@countersign/verifier/clock';
import type { DenyList } from '@countersign/verifier/revocation/denyList';
import type { Effect, EffectReport } from '@countersign/verifier/revocation/revocation';
import type { Subscribers } from '../subscribers/subscribers.ts';
import { propagationLimits } from './limits.ts';

/** Subscribers of an earlier run of this process: see `storage/embedded/earlierSubscribers.ts`. */
export interface EarlierSubscribers {
  /** Resolves when no subscriber of an earlier run can hold a lease any more. */
  readonly gone: Promise<void>;
  /** For how long one of them may hold one yet. */
  remainingMs(): number;
  /** To be called before the first subscriber of this run may get a lease; resolves when a next run would know of it. */
  remember(): Promise<void>;
  /** The end of this run. `leases`: how many subscribers of it may hold one. */
  close(leases: number): Promise<void>;
}

/**
 * Effect in a single process: when the one deny-list knows a revocation, and all subscribers do, everybody does.
 * So do subscribers of an earlier run of this process, when their leases are over.
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
