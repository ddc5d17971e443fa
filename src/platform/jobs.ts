/**
 * Jobs: what goes on beside the requests, in small batches with a pause between them. Owns when a job runs. Does not own what it
 * does: each slice brings its own.
 */
import type { Clock } from '@countersign/verifier/clock';
import { platformLimits } from './limits.ts';
import type { FaultLog } from './observability/faultLog.ts';
import type { Metrics } from './observability/metrics.ts';
import { startPoller } from './poller.ts';

export interface Job {
  /** In the metrics and the log. */
  readonly name: string;
  /** Until the first run. Without it: `platformLimits.pruneIntervalMilliseconds`. */
  readonly firstMs?: number;
  /** One batch. Answers in how many milliseconds the next one is due. */
  run(): Promise<number>;
}

export interface JobParts {
  readonly clock: Clock;
  readonly metrics: Pick<Metrics, 'upkeepFault'>;
  readonly onFault: FaultLog;
}

/** Answers how to stop: what is under way is finished first. */
export function startJobs({ clock, metrics, onFault }: JobParts, jobs: readonly Job[]): () => Promise<void> {
  const stops = jobs.map(({ name, firstMs = platformLimits.pruneIntervalMilliseconds, run }) =>
    startPoller({
      ...{ clock, firstMs, retryMs: platformLimits.jobRetryMilliseconds, run },
      onFault(fault) {
        metrics.upkeepFault(name);
        onFault(name, fault);
      },
    }),
  );
  return async () => {
    await Promise.all(stops.map((stop) => stop()));
  };
}

/** One batch at a time of rows that say nothing any more. `prune` deletes at most `rows` and answers how many. */
export function pruningJob(parts: {
  readonly name: string;
  readonly prune: (rows: number) => Promise<number>;
  readonly onDeleted: (rows: number) => void;
}): Job {
  const { name, prune, onDeleted } = parts;
  return {
    name,
    async run() {
      const deleted = await prune(platformLimits.pruneRows);
      onDeleted(deleted);
      return deleted === platformLimits.pruneRows
        ? platformLimits.cleanUpPauseMilliseconds
        : platformLimits.pruneIntervalMilliseconds;
    },
  };
}
