/** Limits of starting and stopping listeners and connections. The unit is in the name, the reason beside it. */
export const transportLimits = {
  /** Wait before a start that did not reach its database or Redis tries again. */
  startRetrySeconds: 5,
  /** Minimum time that listeners accept connections during a stop: a client may be connecting. */
  lastConnectionsMilliseconds: 100,
  /** They close after a turn of the event loop that took at most twice as long as the shortest of the first 100, or after 5,000. */
  quietTurn: 2,
  comparedTurns: 100,
  lastTurns: 5_000,
  /** Wait before idle connections close: a request may be on its way on them. */
  lastRequestsMilliseconds: 200,
  /** From the first signal to the process's end, plus DRAIN_DELAY. */
  stopMilliseconds: 10_000,
  /** The part of it for calls in flight. */
  drainMilliseconds: 7_000,
} as const;
