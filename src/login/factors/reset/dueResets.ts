/** Does the resets of factors whose time has come. What was due while no node ran is done after the next start. */
import { createEarliestTime } from '@countersign/verifier/steadyTime';
import type { Job } from '../../../platform/jobs.ts';
import { factorLimits } from '../limits.ts';
import { type ResetParts, resetFactors } from './resetFactors.ts';

export function dueResetsJob(parts: ResetParts): Job {
  const earliestTime = createEarliestTime(parts.clock);
  const { resetPollMilliseconds, resetsAtOnce } = factorLimits;
  return {
    name: 'factor_resets',
    firstMs: resetPollMilliseconds,
    async run() {
      const now = earliestTime();
      const due = await parts.database.users.dueFactorsResets(now, resetsAtOnce);
      const how = { actor: { name: 'authority' }, now, reason: 'after_delay', onlyDue: true } as const;
      for (const userId of due) await resetFactors(parts, userId, how);
      return due.length === resetsAtOnce ? 0 : resetPollMilliseconds;
    },
  };
}
