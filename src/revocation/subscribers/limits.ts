/** Limits of subscribers: their number, and how long a node waits for them. The unit is in the name, the reason beside it. */
export const subscriberLimits = {
  /** Streams per node; each one is a connection, and a message per revocation. `places.ts` divides them among services. */
  subscribersPerNode: 2_000,
  /** Renewal interval of subscribers, as of nodes. */
  subscriberRenewalMilliseconds: 500,
  /** A subscriber that received nothing for this long considers the stream dead: four renewal answers are missing. */
  subscriberStreamSilenceMilliseconds: 2_000,
  /** After this silence, longer than most leases, a node frees a subscriber's memory. */
  subscriberSilenceMilliseconds: 10_000,
  /** How often a node looks for silent subscribers. */
  subscriberLookMilliseconds: 1_000,
  /** Operators see for this long that a subscriber went without a word. */
  subscriberMissingMilliseconds: 60_000,
  /** A subscriber that has been behind for this long gets no lease, so that nobody waits for it again. */
  subscriberBehindMilliseconds: 2_000,
  /** An acknowledgement takes milliseconds, a garbage collection a few hundred. Longer waits are summed by service. */
  subscriberSlowMilliseconds: 250,
  /**
   * After logouts waited for a service for `subscriberBehindMilliseconds`, its subscribers get no lease for this long, doubled
   * each time. They then ask a node for each check, which slows only themselves.
   */
  subscriberBackoffMilliseconds: 10_000,
  subscriberBackoffMaximumMilliseconds: 10 * 60_000,
  /** The first times, older subscribers that were never late keep their leases: some of many processes crash. */
  subscriberBackoffsOfSome: 2,
  /** A service's record is forgotten after this. */
  subscriberBackoffForgottenMilliseconds: 10 * 60_000,
  /** Entries queued for one slow subscriber, about 20 MB, shared with others as slow. */
  subscriberBacklogEntries: 200_000,
  subscriberBacklogMessages: 10_000,
  /** Above this many queued messages, further ones are joined: single logouts must not overflow the queue during a snapshot. */
  subscriberJoinMessages: 100,
  /** Revocations sent recently: nodes hear of each twice, from the bus and the next renewal. */
  subscriberRecentRevocations: 10_000,
  /** Keys are sent again at this interval, so that a subscriber knows that they are current. */
  subscriberKeysMilliseconds: 10_000,
  /** A stream's longest life: its subscriber is then asked to open another, before the connection's end at 27 to 33 minutes. */
  subscriberStreamMilliseconds: 25 * 60_000,
  /** Time for a subscriber to move to another node: a snapshot of 10 million takes about a second. */
  subscriberDrainMilliseconds: 3_000,
  /** The subscriber's name for itself. */
  subscriberIdCharacters: 64,
} as const;
