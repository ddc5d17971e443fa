/** What the main process and its workers say to each other. Both run the same program, so nothing is checked. */
import type { MetricValues } from '../platform/observability/metricValues.ts';
import type { StopSignal } from '../platform/stop.ts';
import type { CommandRequest } from '../transport/cli/control.ts';
import type { Ports } from '../transport/listeners.ts';

/** The parameter that makes a process a worker; its place follows. */
export const workerParameter = '--worker';

/** The main process, for a worker. */
export interface MainProcess {
  say(message: FromWorker): void;
  hear(listener: (message: ToWorker) => void): void;
}

export type ToWorker =
  | { readonly stop: StopSignal }
  /** The answer to `leaving`. */
  | { readonly mayLeave: true }
  | { readonly id: number; readonly ask: 'health' | 'metrics' }
  | { readonly id: number; readonly run: CommandRequest };

export type FromWorker =
  /** Why its start waits. */
  | { readonly waiting: string }
  /** It can run commands and tell its health. */
  | { readonly opened: true }
  | { readonly listening: Ports }
  /** Its start failed, and it ends. */
  | { readonly failed: string }
  /** It is about to close its listeners. */
  | { readonly leaving: true }
  | { readonly id: number; readonly output: Output }
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly fault: string };

export type Output = { readonly out: string } | { readonly err: string } | { readonly progress: string };

export interface WorkerHealth {
  readonly readiness: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
}

/** Question → answer. */
export interface Answers {
  readonly health: WorkerHealth;
  readonly metrics: readonly MetricValues[];
}
