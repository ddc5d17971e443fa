/** Limits of a start and a stop: how long listeners and connections are given. The unit is in the name, the reason beside it. */
export const transportLimits = {
  /** A start that did not reach its database or Redis is tried again after this. */
  startRetrySeconds: 5,
  /** The doors of a stop go on taking connections for at least this: who has sent a request must not be on the way to a closed door. */
  lastConnectionsMilliseconds: 100,
  /** They are closed after a turn of the process that was shorter than this, or after so many that were not. */
  quietTurnMilliseconds: 0.5,
  lastTurns: 500,
  /** Then idle connections are closed, after this: a request may be on its way on them. */
  lastRequestsMilliseconds: 200,
  /** From the first signal to the end of the process; DRAIN_DELAY comes on top. */
  stopMilliseconds: 10_000,
  /** Of which calls in flight get at most this to finish. */
  drainMilliseconds: 7_000,
} as const;
