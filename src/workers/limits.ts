/** Limits of workers. The unit is in the name, the reason beside it. */
import { platformLimits } from '../platform/limits.ts';

export const workerLimits = {
  /** A worker that served this long before it ended is replaced at once; one that ends sooner may end again. */
  steadyMilliseconds: 30_000,
  /** Wait before the second try; it doubles with each further one. */
  replaceMilliseconds: 500,
  /** The longest wait: the cause may be mended any minute, and nobody is told. */
  replaceMaximumMilliseconds: 30_000,
  /**
   * A worker that does not answer a question of health or metrics within this is reported as not answering. It asks the database
   * itself, and waits for that: a silent database must not look like a silent worker.
   */
  answerMilliseconds: platformLimits.readinessMilliseconds + 1_000,
  /** Wait after the main process stopped accepting: connections that it has accepted go to workers one by one. */
  handedOverMilliseconds: 100,
  /** How often connections are looked for that were being passed to a worker that ended. */
  sweepMilliseconds: 1_000,
  /** Passing a connection takes less than this, if the worker is alive and not frozen. */
  passingMilliseconds: 5_000,
} as const;
