/** Limits of edges, at their node; part of `limits`. */
export const edgeLimits = {
  /** Edges of one node; each is a connection, and a message for each revocation. One service gets half of what others leave. */
  edgesPerNode: 2_000,
  /** How often an edge renews its lease, as nodes do. */
  edgeRenewalMilliseconds: 500,
  /** An edge to which nothing came for this long takes the stream for dead: four answers to renewals are missing. */
  edgeStreamSilenceMilliseconds: 2_000,
  /** A node that heard nothing of an edge for this long, longer than most leases, frees what it keeps for it. */
  edgeSilenceMilliseconds: 10_000,
  /** How often a node looks for such edges. */
  edgeLookMilliseconds: 1_000,
  /** An edge that has not acknowledged what was sent for this long gets no lease, so that nobody waits for it again. */
  edgeBehindMilliseconds: 2_000,
  /** An acknowledgement takes milliseconds; a process that collects garbage needs a few hundred. Longer waits are summed by service. */
  edgeSlowMilliseconds: 250,
  /**
   * When a logout has waited for a service for `edgeBehindMilliseconds`, its edges get no lease for this long, and each time for twice
   * as long. Then they ask a node, which is slower for them and for nobody else.
   */
  edgeBackoffMilliseconds: 10_000,
  edgeBackoffMaximumMilliseconds: 10 * 60_000,
  /** For so many times, edges go on that were there before and were never late: of many processes, some crash. */
  edgeBackoffsOfSome: 2,
  /** So long after the last time it is forgotten. */
  edgeBackoffForgottenMilliseconds: 10 * 60_000,
  /** What may wait for an edge that reads slowly, some 20 MB; it is shared with others that read as slowly. */
  edgeBacklogEntries: 200_000,
  edgeBacklogMessages: 10_000,
  /** When so many wait, further ones are joined: a snapshot on its way must not be overtaken by single log-outs. */
  edgeJoinMessages: 100,
  /** Revocations that were sent lately: nodes hear of each twice, from the bus and with the next renewal. */
  edgeRecentRevocations: 10_000,
  /** Keys are sent again after this, so that an edge knows that they are still good. */
  edgeKeysMilliseconds: 10_000,
  /** For how long a stream lives at most before its edge is asked to open another one: less than its connection, of 27 to 33 minutes. */
  edgeStreamMilliseconds: 25 * 60_000,
  /** An edge that was asked to move to another node gets this much time: a snapshot of 10 million takes about a second. */
  edgeDrainMilliseconds: 3_000,
  /** An edge's name for itself. */
  edgeIdCharacters: 64,
} as const;
