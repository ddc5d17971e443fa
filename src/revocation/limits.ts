/** Limits of what callers may revoke. The unit is in the name, the reason beside it. */
export const revocationLimits = {
  revokeBudgets: {
    /**
     * Nobody can check an id of an earlier system, so anyone who may revoke some can make some up, and each is a row in the
     * database and in the memory of every node for a day. Ten a second is more than a system that is being left needs.
     */
    external_ids: 600,
    /** The same of a `jti`: its form can be checked, not whether it was issued. A whole token can, and costs nothing. */
    jtis: 600,
    /** Who logs out more users than that means a filter, or means harm. */
    users: 60,
    /** Each may end millions of sessions, and walks the table of sessions. */
    filters: 10,
    /** A `request_id` is a row in the database for a day: 1.7 million of them at most. */
    named_requests: 1_200,
  },
  /** For how long a request that its caller named is remembered: a job that failed is repeated within a day. */
  namedRequestMilliseconds: 24 * 60 * 60_000,
  namedRequestCharacters: 128,
  /** As in RFC 6749 there is no longest client id; ours, and those of subscribers that send one, are far shorter. */
  clientIdCharacters: 255,
} as const;
