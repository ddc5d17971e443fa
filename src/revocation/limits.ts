/** Limits on revoking. The unit is in the name, the reason beside it. */
export const revocationLimits = {
  revokeBudgets: {
    /**
     * We cannot check an earlier system's ids, so a caller can invent them, and each one is a row in the database and in every
     * node's memory for a day. Ten a second is more than a migration needs.
     */
    external_ids: 600,
    /** We can check a `jti`'s format but not whether it was issued. Revoking a whole token is checked and costs nothing. */
    jtis: 600,
    /** A service that logs out more users should use a filter, or is harmful. */
    users: 60,
    /** Each may end millions of sessions, and scans the table of sessions. */
    filters: 10,
    /** A `request_id` is a row in the database for a day: at most 1.7 million. */
    named_requests: 1_200,
  },
  /** How long a `request_id` is remembered: a failed job is repeated within a day. */
  namedRequestMilliseconds: 24 * 60 * 60_000,
  namedRequestCharacters: 128,
  /** RFC 6749 sets no maximum; ours, and those of subscribers that send one, are far shorter. */
  clientIdCharacters: 255,
  /** Clients and networks that a preview names: what a person reads before deciding. */
  previewParts: 20,
} as const;
