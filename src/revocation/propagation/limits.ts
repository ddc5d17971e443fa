/** Limits of propagation: leases, renewals, messages between nodes, and memory that is loaded and saved. The unit is in the name, the reason beside it. */
export const propagationLimits = {
  /** Revocations read in one statement when the deny-list is loaded. */
  revocationsPageRows: 10_000,
  /** A load that takes longer says how far it has come this often. */
  loadProgressMilliseconds: 2_000,
  /** The longest LEASE that can be set. */
  leaseMaximumMilliseconds: 60_000,
  /** How often a node renews its lease: the shortest lease, 1 s, survives a renewal that fails. */
  renewalMilliseconds: 500,
  /** So many renewals in a row have failed when readiness says so: one may have met a busy moment. */
  renewalFailures: 2,
  /** By how much longer others wait for a lease: clocks that run at rates 1/1000 apart differ by 60 ms in the longest. */
  leaseMarginMilliseconds: 100,
  /** Of the second that an acknowledgement may take beside a lease: the rest is for the request around it. */
  effectBesidesLeaseMilliseconds: 800,
  /** The row of a node whose lease ran out is removed after this; until then an operator can see it. */
  deadNodeMilliseconds: 60_000,
  /** Revocations in one message of the bus, about 50 kB; more are read from the database at once. */
  announcedRevocations: 500,
  /** While a node is waited for, how often its report is looked for in the database. */
  lookAgainMilliseconds: 100,
  /** How often the shared copy is compared with the truth, by whichever node comes first. */
  reconcileMilliseconds: 1_000,
  /** How often a node looks whether its memory should be saved for others. */
  savedMemoryLookMilliseconds: 1_000,
  /**
   * Memory that has changed is saved again after this: ten million revocations are 25 MB, and what a node that starts has to
   * read beside them is what a minute brings. A node saves no more often, whatever becomes of what it saved.
   */
  savedMemoryMilliseconds: 60_000,
  /** One that has not changed is saved again after this, so that it never becomes too old to be used. */
  savedMemoryKeptMilliseconds: 10 * 60_000,
  /** Saved memory that is older is not loaded: nodes save it six times in that time. */
  savedMemoryUsableMilliseconds: 60 * 60_000,
  /** After a comparison that failed, so that an outage of Redis is no load on the database. */
  reconcileRetryMilliseconds: 5_000,
  /** A transaction that waits or runs longer is rolled back. */
  transactionMilliseconds: 10_000,
} as const;
