/** Limits of look-ups and of their entries in Redis. The unit is in the name, the reason beside it. */
export const lookUpLimits = {
  /**
   * How long an entry is used. Times and places of the last use, which change without a revocation, are never older; longer would save
   * little, since most look-ups of a session come in bursts.
   */
  entryMilliseconds: 60_000,
  /**
   * An entry answers for a token only if it was read this much after the token's time: the clocks of two nodes may differ by ten seconds,
   * and the commit of what the token says may take five.
   */
  settlingMilliseconds: 15_000,
  /** Redis usually answers in under 1 ms, and PostgreSQL can answer too. */
  readMilliseconds: 50,
  /** Of one node: with a kilobyte each for a minute, at most 60 MB in Redis. */
  entriesPerSecond: 1_000,
  /** After a refused entry, as of a full Redis, none is written for so long: its memory is for revocations. */
  pauseMilliseconds: 10_000,
  /** An entry has less than a kilobyte; role names and addresses can make it longer. A longer text is nobody's entry. */
  entryCharacters: 16 * 1024,
} as const;
