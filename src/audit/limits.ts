/** Limits of the audit log. The unit is in the name, the reason beside it. */
export const auditLimits = {
  /** Size of an event's `detail`; the table has the same limit. */
  auditDetailBytes: 4_096,
  /** Events per seal: one transaction reads and hashes them in about 50 ms. */
  auditSealEvents: 1_000,
  /** Sealing interval, by any one node: tampering with unsealed events goes unnoticed. */
  auditSealMilliseconds: 10_000,
  /**
   * Minimum age of the last seal before the next. Slightly below the interval, so that a node's own seal does not delay it; not
   * much below, so that many nodes make no more seals than one: seals are permanent.
   */
  auditSealAgeMilliseconds: 9_000,
  /** Unsealed events older than this raise the metric: three intervals, never reached in normal operation. */
  auditSealOverdueMilliseconds: 30_000,
  /** Seals or events read in one statement during verification. */
  auditSealsPage: 500,
  auditEventsPage: 1_000,
  /** Unless the caller asks for another number. */
  auditListDefault: 100,
  auditListMaximum: 1_000,
  /** Events of one gRPC answer. */
  auditPageMaximum: 500,
  /** A page of a user's own activity. */
  activityPage: 50,
  /** The shortest AUDIT_RETENTION. */
  auditRetentionMinimumMilliseconds: 24 * 60 * 60_000,
  /** How often expired audit events are looked for: each deletion leaves an event itself. */
  auditRetentionMilliseconds: 60 * 60_000,
  /** Seals whose events one transaction deletes, and about how many events they have. */
  auditDeletedSeals: 500,
  auditDeletedEvents: 5_000,
} as const;
