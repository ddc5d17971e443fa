/** Limits of sessions and refresh tokens. The unit is in the name, the reason beside it. */
export const sessionLimits = {
  /** Sessions on one page, unless the caller asks for fewer. */
  sessionsPageDefault: 50,
  sessionsPageMaximum: 100,
  /** Repeats of one refresh inside the grace window; a lost response or a second tab needs one or two. */
  refreshGraceRepeats: 5,
  /** Refused refreshes of one dead session that are written down in an hour: sending a dead token again is no way to fill a table. */
  refusalsRecorded: 5,
  refusalsRecordedMilliseconds: 60 * 60_000,
  /** Sessions whose refused refreshes a node counts. */
  refusalsRemembered: 10_000,
  /** A refresh this soon after the one before is quick, and so many quick ones in a row are noted: usual ones are minutes apart. */
  quickRefreshMilliseconds: 5_000,
  quickRefreshes: 5,
  /** Who is back this soon in a network that he had left was in two networks at once. */
  twoNetworksMilliseconds: 10 * 60_000,
  /** What a client calls its device; a UUID has 36 characters. */
  deviceIdCharacters: 128,
  /** A refresh that lost a race reads the row again; each loss means that another one advanced. */
  refreshAttempts: 12,
  /** Sessions that one transaction looks at when it ends those of a key, or seals secrets again: about a second's work. */
  sessionsPageRows: 1_000,
  /** Logouts that share a transaction when there are many: few of them at once, and those that wait are one soon. */
  logouts: { atOnce: 2, items: 100, waiting: 1_000 },
  /** Sessions that are deleted in one statement. */
  sessionsDeletedRows: 1_000,
} as const;
