/** Background jobs, in small batches with pauses. Owns when a job runs. Does not own its work: each slice brings its jobs. */
import type { Clock } from '@countersign/verifier/clock';
import { platformLimits } from './limits.ts';
import type { FaultLog } from './observability/faultLog.ts';
import type { Metrics } from './observability/metrics.ts';
import { startPoller } from './poller.ts';

export interface Job {
  /** For metrics and the log. */
  readonly name: string;
  /** Delay of the first run; by default `platformLimits.pruneIntervalMilliseconds`. */
  readonly firstMs?: number;
  /** Runs one batch. Returns the milliseconds until the next one. */
  run(): Promise<number>;
}

export interface JobParts {
  readonly clock: Clock;
  readonly metrics: Pick<Metrics, 'upkeepFault'>;
  readonly onFault: FaultLog;
}

/** Returns the function that stops the jobs; it waits for batches in progress. */
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

/** Deletes expired rows batch by batch. `prune` deletes at most `rows` and returns how many. */
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
