/** Limits of sessions and refresh tokens. The unit is in the name, the reason beside it. */
export const sessionLimits = {
  /** Unless the caller asks for fewer. */
  sessionsPageDefault: 50,
  sessionsPageMaximum: 100,
  /** A preview counts them in less than a second; of more it says that there are more. */
  previewedSessions: 100_000,
  /** Pages that wait for the end of their session: of a node (20 kB each), and of one user. */
  sessionWaits: 5_000,
  sessionWaitsOfUser: 20,
  /** Below the 30 s after which some proxies give up. */
  sessionWaitMilliseconds: 25_000,
  /** A page notices within a second. Costs nothing while no revocation is added. */
  sessionLookMilliseconds: 200,
  /** A lost response or a second tab needs one or two. */
  refreshGraceRepeats: 5,
  /** Audit rows per dead session and hour: repeating a dead token must not fill the table. */
  refusalsRecorded: 5,
  refusalsRecordedMilliseconds: 60 * 60_000,
  /** Sessions whose refused refreshes a node counts. */
  refusalsRemembered: 10_000,
  /** A refresh this soon after the last is quick; several quick ones in a row are noted. Usual ones are minutes apart. */
  quickRefreshMilliseconds: 5_000,
  quickRefreshes: 5,
  /** Returning to a network within this time means two networks at once. */
  twoNetworksMilliseconds: 10 * 60_000,
  /**
   * Refused passwords and codes before a login that are many. An owner who tries old passwords gives up earlier: because of the
   * waits, twenty take forty minutes. Well below the hundred that lock.
   */
  manyRefusals: 20,
  /** Signals that are only noted are told from this score on. No signal reaches it alone, so that its setting holds. */
  toldScore: 60,
  /** The client's name for its device; a UUID has 36 characters. */
  deviceIdCharacters: 128,
  /** Each lost race means that another refresh advanced the row. */
  refreshAttempts: 12,
  /** Sessions in one transaction when many are ended or resealed: other logouts wait for it, and one message tells every node. */
  sessionsPageRows: 250,
  /** Under load logouts share transactions; few run at once, so waiting ones soon form one batch. */
  logouts: { atOnce: 2, items: 100, waiting: 1_000 },
  sessionsDeletedRows: 1_000,
  /** Sessions that a login is compared with: more than most users have in a year. */
  knownClients: 200,
  /** A first login this soon after the registration does not count as a new device. */
  firstLoginMilliseconds: 24 * 60 * 60_000,
} as const;
