import type { Clock } from '../../core/clock.ts';
import { limits } from '../../core/limits.ts';
import type { DenyList } from '../../revocation/denyList.ts';
import type { Effect, EffectReport } from '../../revocation/revocation.ts';

/** Effect in a single process: when the one deny-list knows a revocation, everybody does. */
export function createLocalEffect(parts: {
  denyList: Pick<DenyList, 'add' | 'addCommitted'>;
  clock: Clock;
  onEffect: (report: EffectReport) => void;
}): Effect {
  const { denyList, clock, onEffect } = parts;
  return {
    longestMs: () => limits.transactionMilliseconds,
    suspect: (revocations) => denyList.add(revocations),
    async announce({ revocations }) {
      const started = clock.monotonic();
      denyList.addCommitted(revocations);
      const report = { effectAt: clock.now(), milliseconds: clock.monotonic() - started, nodes: [] };
      onEffect(report);
      return report;
    },
  };
}
