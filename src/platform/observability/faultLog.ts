/** Logs that a part fails and retries, but not each time: every request would report the same outage. */
import type { Clock } from '@countersign/verifier/clock';
import { platformLimits } from '../limits.ts';
import type { Log } from './log.ts';

/** `part` names the failing part; its first fault is logged, then one in a while with the number left out. */
export type FaultLog = (part: string, error: unknown) => void;

export function createFaultLog({ log, clock }: { log: Log; clock: Pick<Clock, 'monotonic'> }): FaultLog {
  const told = new Map<string, { readonly at: number; readonly silent: number }>();
  return (part, err) => {
    const { at = Number.NEGATIVE_INFINITY, silent = 0 } = told.get(part) ?? {};
    const now = clock.monotonic();
    if (now - at < platformLimits.faultLogMilliseconds) {
      told.set(part, { at, silent: silent + 1 });
      return;
    }
    told.set(part, { at: now, silent: 0 });
    log.warn({ part, more: silent, err }, 'a part failed; it tries again');
  };
}
