import type { Clock } from '../../core/clock.ts';
import { limits } from '../../core/limits.ts';
import type { DenyList } from '../../revocation/denyList.ts';
import type { Edges } from '../../revocation/edges.ts';
import type { Effect, EffectReport } from '../../revocation/revocation.ts';

/**
 * Effect in a single process: when the one deny-list knows a revocation, and all edges do, everybody does.
 * `earlierEdgesGone` resolves when no edge of an earlier run of this process can hold a lease any more.
 */
export function createLocalEffect(parts: {
  denyList: Pick<DenyList, 'add' | 'addCommitted'>;
  edges: Pick<Edges, 'caughtUp'>;
  earlierEdgesGone: Promise<void>;
  leaseMs: number;
  clock: Clock;
  onEffect: (report: EffectReport) => void;
}): Effect {
  const { denyList, edges, earlierEdgesGone, leaseMs, clock, onEffect } = parts;
  return {
    longestMs: () =>
      Math.max(limits.transactionMilliseconds, leaseMs + limits.effectBesidesLeaseMilliseconds),
    suspect: (revocations) => denyList.add(revocations),
    async announce({ revocations }) {
      const started = clock.monotonic();
      denyList.addCommitted(revocations);
      await Promise.all([edges.caughtUp(), earlierEdgesGone]);
      const report = { effectAt: clock.now(), milliseconds: clock.monotonic() - started, nodes: [] };
      onEffect(report);
      return report;
    },
  };
}
