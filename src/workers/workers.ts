/**
 * Several workers in the place of one authority: their starts, their replacement, their stop, and their answers as one. Does not own
 * the process (`start.ts`), nor what a worker serves (`worker.ts`).
 */
import cluster from 'node:cluster';
import type { Clock } from '@countersign/verifier/clock';
import { StartupError } from '@countersign/verifier/errors';
import type { Log } from '../platform/observability/log.ts';
import type { Metrics } from '../platform/observability/metrics.ts';
import type { StopSignal } from '../platform/stop.ts';
import type { Serving } from '../serve.ts';
import type { Ports } from '../transport/listeners.ts';
import { createWorkersHealth } from './health.ts';
import { createWorkersMetrics } from './metrics.ts';
import { createPlace, type Place } from './place.ts';
import { type SharedListeners, watchSharedListeners } from './sharedListeners.ts';
import { startWorkerProcess, type WorkerProcess } from './workerProcess.ts';

export interface Workers {
  readonly metrics: Pick<Metrics, 'contentType' | 'text'>;
  /** Resolves when all serve. Throws `StartupError` with the line of the one that cannot. */
  start(): Promise<Ports>;
  /** Resolves when all ended. Throws when one could not stop in time. */
  stop(signal: StopSignal): Promise<void>;
}

export interface WorkersParts {
  readonly count: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Of this process. */
  readonly metrics: Metrics;
  /** The start of the first worker waits. */
  readonly onWait: (why: string) => void;
  /** Commands can be run. */
  readonly onOpened: (serving: Serving) => void;
}

export function createWorkers(parts: WorkersParts): Workers {
  const { count, clock, log, onWait, onOpened } = parts;
  if (!cluster.isPrimary)
    throw new StartupError(
      'WORKERS: must be 1 in a process that another program runs as its worker (node:cluster)',
    );
  /** From the start on: before, this process opens listeners of its own. */
  let listeners: SharedListeners | undefined;
  const metrics = createWorkersMetrics(parts.metrics);
  const open = (number: number): WorkerProcess => {
    const worker = startWorkerProcess(number, clock, {
      onWait,
      onOpened: () => onOpened(serving),
      // Otherwise the others take what is on its way.
      onLeaving: async () => (stopped === undefined ? undefined : listeners?.close()),
    });
    metrics.follow(number, worker);
    return worker;
  };
  const places = Array.from({ length: count }, (_, index): Place => {
    const number = index + 1;
    const onEnded = () => {
      parts.metrics.workerEnded();
      listeners?.workerEnded();
    };
    return createPlace({ number, clock, log, onEnded, startProcess: () => open(number) });
  });
  parts.metrics.gauge(
    'countersign_workers_serving',
    'Workers that serve.',
    () => places.filter((place) => place.isServing()).length,
  );
  const running = () => places.flatMap((place) => place.worker() ?? []);
  // A worker that does nothing any more does not notice that this process has ended.
  process.once('exit', () => {
    for (const worker of running()) worker.kill();
  });
  let stopped: Promise<void> | undefined;
  const stopAll = async (signal: StopSignal) => {
    const ends = await Promise.all(places.map((place) => place.stop(signal)));
    const failed = ends.findIndex((end) => end?.isClean === false);
    if (failed >= 0) throw new Error(`worker ${failed + 1} could not stop in time: ${ends[failed]?.how}`);
  };
  const serving: Serving = {
    ...createWorkersHealth(places),
    async run(request, output) {
      const worker = (await firstReady(running())) ?? running().find((each) => each.isOpen());
      if (worker === undefined) {
        output.err('No worker runs at the moment; try again.');
        return 1;
      }
      return worker.run(request, output);
    },
  };

  return {
    metrics,
    async start() {
      listeners = watchSharedListeners(clock);
      const [first, ...others] = places;
      // It migrates, makes the first key, and tells alone what keeps it from that.
      const ports = await asStartupFault(first?.start());
      await asStartupFault(Promise.all(others.map((place) => place.start())));
      return ports;
    },
    stop: (signal) => (stopped ??= stopAll(signal)),
  };
}

/** One that is frozen, or about to end, may never do what it is told. */
async function firstReady(workers: readonly WorkerProcess[]): Promise<WorkerProcess | undefined> {
  for (const worker of workers) {
    const health = worker.isOpen() ? await worker.ask('health').catch(() => undefined) : undefined;
    if (health?.readiness['process'] === 'ready') return worker;
  }
  return undefined;
}

async function asStartupFault<T>(work: Promise<T> | undefined): Promise<T> {
  try {
    return (await work) as T;
  } catch (cause) {
    throw new StartupError((cause as Error).message, { cause });
  }
}
