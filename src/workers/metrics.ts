/** The metrics of all workers and of the main process, at one place. */
import type { Metrics } from '../platform/observability/metrics.ts';
import {
  type MetricsText,
  type MetricValues,
  type OfProcess,
  summedCounts,
  summedText,
} from '../platform/observability/metricValues.ts';
import type { WorkerProcess } from './workerProcess.ts';

export interface WorkersMetrics extends MetricsText {
  /** Call for each worker that starts. */
  follow(number: number, worker: Pick<WorkerProcess, 'ask' | 'ended' | 'isOpen'>): void;
}

interface Followed {
  readonly number: number;
  readonly worker: Pick<WorkerProcess, 'ask' | 'isOpen'>;
  /** What it last said. */
  last: readonly MetricValues[];
}

export function createWorkersMetrics(own: Metrics): WorkersMetrics {
  const followed = new Set<Followed>();
  /** What had been said by those that ended. */
  let ended: readonly MetricValues[] = [];

  const askAgain = async (each: Followed) => {
    if (!each.worker.isOpen()) return;
    // Of one that does not answer, what it said before is still true of its counters.
    each.last = await each.worker.ask('metrics').catch(() => each.last);
  };
  return {
    contentType: own.contentType,
    follow(number, worker) {
      const each: Followed = { number, worker, last: [] };
      followed.add(each);
      void worker.ended.then(() => {
        followed.delete(each);
        ended = summedCounts(ended, each.last);
      });
    },
    async text() {
      await Promise.all([...followed].map(askAgain));
      const workers = [...followed].map(
        ({ number, last }): OfProcess => ({ worker: String(number), metrics: last }),
      );
      return summedText([...workers, { worker: 'main', metrics: await own.values() }], ended);
    },
  };
}
