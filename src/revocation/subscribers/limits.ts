/** Limits of subscribers: how many there are, and how long a node waits for them. The unit is in the name, the reason beside it. */
export const subscriberLimits = {
  /** Subscribers of one node; each is a connection, and a message for each revocation. One service gets half of what others leave. */
  subscribersPerNode: 2_000,
  /** How often a subscriber renews its lease, as nodes do. */
  subscriberRenewalMilliseconds: 500,
  /** A subscriber to which nothing came for this long takes the stream for dead: four answers to renewals are missing. */
  subscriberStreamSilenceMilliseconds: 2_000,
  /** A node that heard nothing of a subscriber for this long, longer than most leases, frees what it keeps for it. */
  subscriberSilenceMilliseconds: 10_000,
  /** How often a node looks for such subscribers. */
  subscriberLookMilliseconds: 1_000,
  /** A subscriber that has not acknowledged what was sent for this long gets no lease, so that nobody waits for it again. */
  subscriberBehindMilliseconds: 2_000,
  /** An acknowledgement takes milliseconds; a process that collects garbage needs a few hundred. Longer waits are summed by service. */
  subscriberSlowMilliseconds: 250,
  /**
   * When a logout has waited for a service for `subscriberBehindMilliseconds`, its subscribers get no lease for this long, and each time for twice
   * as long. Then they ask a node, which is slower for them and for nobody else.
   */
  subscriberBackoffMilliseconds: 10_000,
  subscriberBackoffMaximumMilliseconds: 10 * 60_000,
  /** For so many times, subscribers go on that were there before and were never late: of many processes, some crash. */
  subscriberBackoffsOfSome: 2,
  /** So long after the last time it is forgotten. */
  subscriberBackoffForgottenMilliseconds: 10 * 60_000,
  /** What may wait for a subscriber that reads slowly, some 20 MB; it is shared with others that read as slowly. */
  subscriberBacklogEntries: 200_000,
  subscriberBacklogMessages: 10_000,
  /** When so many wait, further ones are joined: a snapshot on its way must not be overtaken by single log-outs. */
  subscriberJoinMessages: 100,
  /** Revocations that were sent lately: nodes hear of each twice, from the bus and with the next renewal. */
  subscriberRecentRevocations: 10_000,
  /** Keys are sent again after this, so that a subscriber knows that they are still good. */
  subscriberKeysMilliseconds: 10_000,
  /** For how long a stream lives at most before its subscriber is asked to open another one: less than its connection, of 27 to 33 minutes. */
  subscriberStreamMilliseconds: 25 * 60_000,
  /** A subscriber that was asked to move to another node gets this much time: a snapshot of 10 million takes about a second. */
  subscriberDrainMilliseconds: 3_000,
  /** A subscriber's name for itself. */
  subscriberIdCharacters: 64,
} as const;
