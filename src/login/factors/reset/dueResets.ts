/**
 * Does the resets of factors whose time has come and whose notice was sent. What was due before this node started waits an hour: with
 * no node running, the link of the notice stopped nothing.
 */
import { createEarliestTime } from '@countersign/verifier/steadyTime';
import type { Job } from '../../../platform/jobs.ts';
import { factorLimits } from '../limits.ts';
import { type ResetParts, resetFactors } from './resetFactors.ts';

export function dueResetsJob(parts: ResetParts): Job {
  const earliestTime = createEarliestTime(parts.clock);
  const startedAt = earliestTime();
  const { resetPollMilliseconds, resetsAtOnce, resetAfterStartMilliseconds } = factorLimits;
  return {
    name: 'factor_resets',
    firstMs: resetPollMilliseconds,
    async run() {
      const now = earliestTime();
      const since = now - startedAt < resetAfterStartMilliseconds ? startedAt : 0;
      const due = await parts.database.users.dueFactorsResets({ since, until: now }, resetsAtOnce);
      const how = { actor: { name: 'authority' }, now, reason: 'after_delay', onlyDue: true } as const;
      for (const userId of due) await resetFactors(parts, userId, how);
      return due.length === resetsAtOnce ? 0 : resetPollMilliseconds;
    },
  };
}
