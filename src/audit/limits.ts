/** Limits of the audit log. The unit is in the name, the reason beside it. */
export const auditLimits = {
  /** What is told of one event beside its columns; as the table has it. */
  auditDetailBytes: 4_096,
  /** Events of one seal: they are read and hashed in one transaction, which takes some 50 ms. */
  auditSealEvents: 1_000,
  /** How often events are sealed, by whichever node comes first: until then, tampering with them does not show. */
  auditSealMilliseconds: 10_000,
  /**
   * Below this age of the last seal there is no other one. Somewhat less than between two looks, so that a node is not held up by
   * its own; not much less, so that nodes that look in turn make no more seals than one: each is kept for ever.
   */
  auditSealAgeMilliseconds: 9_000,
  /** Events that wait for longer are told of: three looks, as no node makes them late in usual work. */
  auditSealOverdueMilliseconds: 30_000,
  /** Seals, and events, that are read in one statement when the chain is verified. */
  auditSealsPage: 500,
  auditEventsPage: 1_000,
  /** Events that are listed, unless the caller asks for fewer or more. */
  auditListDefault: 100,
  auditListMaximum: 1_000,
  /** The shortest AUDIT_RETENTION. */
  auditRetentionMinimumMilliseconds: 24 * 60 * 60_000,
  /** How often audit events that are old enough are looked for: each time that there are some leaves an event itself. */
  auditRetentionMilliseconds: 60 * 60_000,
  /** Seals whose events are deleted in one transaction, and about how many events those have. */
  auditDeletedSeals: 500,
  auditDeletedEvents: 5_000,
} as const;
