/** Limits of the status. The unit is in the name, the reason beside it. */
export const statusLimits = {
  /** How often a watching caller gets the status: a person sees a change within a second. */
  statusMilliseconds: 1_000,
  /** Subscribers in one status: more than a person reads, and 200 kB. Those that are late come first. */
  statusSubscribers: 1_000,
  statusRefusals: 50,
  /** Of its subscribers, a node tells the others so many: its row is written twice a second, and these are 8 kB. */
  reportedSubscribers: 50,
  /** A database that is slower must not keep the screen waiting. */
  reportsMilliseconds: 500,
} as const;
