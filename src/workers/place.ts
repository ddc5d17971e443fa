/** One place among the workers: whoever ends there is replaced, until a stop. */
import type { Cancel, Clock } from '@countersign/verifier/clock';
import type { Log } from '../platform/observability/log.ts';
import type { StopSignal } from '../platform/stop.ts';
import type { Ports } from '../transport/listeners.ts';
import { workerLimits } from './limits.ts';
import type { WorkerEnd, WorkerProcess } from './workerProcess.ts';

export interface Place {
  /** From 1. */
  readonly number: number;
  /** The worker that starts or serves here; undefined while nobody does. */
  worker(): WorkerProcess | undefined;
  isServing(): boolean;
  /** Why nobody serves here; undefined while somebody does. */
  trouble(): string | undefined;
  /** Starts the first worker. Rejects when it cannot serve. */
  start(): Promise<Ports>;
  /** Resolves when the worker ended, if there was one. */
  stop(signal: StopSignal): Promise<WorkerEnd | undefined>;
}

export interface PlaceParts {
  readonly number: number;
  readonly clock: Pick<Clock, 'after' | 'monotonic'>;
  readonly log: Log;
  readonly startProcess: () => WorkerProcess;
  /** A worker ended by itself. */
  readonly onEnded: () => void;
}

/** Wait before the next try, after so many workers in a row ended before they were steady. */
export function waitBeforeStart(ended: number): number {
  if (ended === 0) return 0;
  return Math.min(
    workerLimits.replaceMilliseconds * 2 ** (ended - 1),
    workerLimits.replaceMaximumMilliseconds,
  );
}

export function createPlace({ number, clock, log, startProcess, onEnded }: PlaceParts): Place {
  let current: WorkerProcess | undefined;
  let servingSince: number | undefined;
  let trouble: string | undefined = 'starting';
  let stopped = false;
  let cancelStart: Cancel = () => {};
  /** In a row, each before it was steady. −1: the first such is replaced at once. */
  let endedEarly = -1;

  const open = (): WorkerProcess => {
    const worker = startProcess();
    current = worker;
    void worker.ended.then(() => {
      current = undefined;
    });
    servingSince = undefined;
    worker.listening.then(
      () => {
        [servingSince, trouble] = [clock.monotonic(), undefined];
      },
      () => {},
    );
    return worker;
  };

  const replaceWhenEnded = async (worker: WorkerProcess) => {
    const { how, isClean } = await worker.ended;
    const served = servingSince;
    servingSince = undefined;
    if (stopped) return;
    onEnded();
    const fault = await worker.listening.then(
      () => undefined,
      (error: Error) => error.message,
    );
    const isSteady = served !== undefined && clock.monotonic() - served >= workerLimits.steadyMilliseconds;
    endedEarly = isSteady ? 0 : endedEarly + 1;
    trouble = fault ?? `worker ${number} ended: ${how}`;
    const waitMs = waitBeforeStart(endedEarly);
    const level = fault !== undefined ? 'error' : isClean ? 'info' : 'warn';
    log[level](
      { worker: number, pid: worker.pid, why: trouble, waitMs },
      'a worker ended; another one starts',
    );
    cancelStart = clock.after(waitMs, startAgain);
  };

  const startAgain = () => {
    try {
      void replaceWhenEnded(open());
    } catch (error) {
      // Such as no memory for a process: the other workers go on.
      endedEarly += 1;
      trouble = `worker ${number} could not be started: ${(error as Error).message}`;
      const waitMs = waitBeforeStart(endedEarly);
      log.error(
        { worker: number, why: trouble, waitMs },
        'a worker could not be started; another try follows',
      );
      cancelStart = clock.after(waitMs, startAgain);
    }
  };

  return {
    number,
    worker: () => current,
    isServing: () => servingSince !== undefined,
    trouble: () => trouble,
    async start() {
      if (stopped) throw new Error('stopped');
      const worker = open();
      const ports = await worker.listening;
      void replaceWhenEnded(worker);
      return ports;
    },
    async stop(signal) {
      stopped = true;
      cancelStart();
      current?.stop(signal);
      return current?.ended;
    },
  };
}
