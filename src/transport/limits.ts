/** Limits of starting and stopping listeners and connections. The unit is in the name, the reason beside it. */
export const transportLimits = {
  /** Wait before a start that did not reach its database or Redis tries again. */
  startRetrySeconds: 5,
  /** Minimum time that listeners accept connections during a stop: a client may be connecting. */
  lastConnectionsMilliseconds: 100,
  /** They close after a turn of the event loop that took at most twice as long as the shortest of the first 100, or when this time is over. */
  quietTurn: 2,
  comparedTurns: 100,
  quietTurnMilliseconds: 1_000,
  /** Wait before idle connections close: a request may be on its way on them. */
  lastRequestsMilliseconds: 200,
  /** How often a watching caller is asked for its permission: its page must say within a second that it was logged out. */
  permissionMilliseconds: 250,
  /** Without anything new, so that a proxy keeps the connection: common ones wait 60 s. */
  heartbeatMilliseconds: 10_000,
  /** From the first signal to the process's end, plus DRAIN_DELAY. */
  stopMilliseconds: 10_000,
  /** The part of it for calls in flight. */
  drainMilliseconds: 7_000,
} as const;
