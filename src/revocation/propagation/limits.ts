/**
 * Limits of propagation: leases, renewals, messages between nodes, loading and saving memory. The unit is in the name, the reason
 * beside it.
 */
export const propagationLimits = {
  /** Read in one statement when the deny-list is loaded. */
  revocationsPageRows: 10_000,
  /** Interval of progress lines during a long load. */
  loadProgressMilliseconds: 2_000,
  /** The longest LEASE an operator may set. */
  leaseMaximumMilliseconds: 60_000,
  /** Renewal interval: the shortest lease, 1 s, survives one failed renewal. */
  renewalMilliseconds: 500,
  /** Failed renewals in a row before readiness reports them: a single one may be a busy moment. */
  renewalFailures: 2,
  /** Added to a lease by waiting nodes: clocks whose rates differ by 1/1000 drift 60 ms in the longest lease. */
  leaseMarginMilliseconds: 100,
  /** The part of the second after a lease that an acknowledgement may use; the rest is for the request around it. */
  effectBesidesLeaseMilliseconds: 600,
  /** A node's row is deleted this long after its lease ended; until then an operator can see it. */
  deadNodeMilliseconds: 60_000,
  /** Revocations in one bus message, about 50 kB; beyond that, nodes read the database. */
  announcedRevocations: 500,
  /** Interval at which a waiting node looks for other nodes' reports in the database. */
  lookAgainMilliseconds: 100,
  /** How often one of the nodes compares the shared copy with the database. */
  reconcileMilliseconds: 1_000,
  /** How often a node checks whether to save its memory for others. */
  savedMemoryLookMilliseconds: 1_000,
  /**
   * Changed memory is saved at this interval: ten million revocations are 25 MB, and a starting node reads at most a minute of
   * revocations beside them. Never more often, even if saves get lost.
   */
  savedMemoryMilliseconds: 60_000,
  /** Unchanged memory is saved again after this, so that it stays young enough to be used. */
  savedMemoryKeptMilliseconds: 10 * 60_000,
  /** Older saved memory is not loaded; nodes save six times in this span. */
  savedMemoryUsableMilliseconds: 60 * 60_000,
  /** Wait after a failed comparison: a Redis outage must not load the database. */
  reconcileRetryMilliseconds: 5_000,
  /** A transaction that waits or runs longer is rolled back. */
  transactionMilliseconds: 10_000,
  /** What operators see of time to effect: a minute, and of each second this many samples and late parties. */
  recentEffectSeconds: 60,
  recentEffectSamples: 200,
} as const;
