/** Limits of login: passwords, hashes, and guesses at a password. The unit is in the name, the reason beside it. */
export const loginLimits = {
  passwordMaximumBytes: 1024,
  /** Argon2id as OWASP recommends for 19 MiB. Changing these rehashes at the next login. */
  argon2MemoryKibibytes: 19_456,
  argon2Passes: 2,
  argon2Lanes: 1,
  /** Each hash keeps a core and 19 MiB busy for tens of milliseconds. */
  passwordHashesAtOnce: 2,
  /**
   * Queued hashes, counted separately for strangers and known places: about three seconds of two cores. Above this the answer is
   * 503. Waiting is cheap for us, while a refused client comes back at once.
   */
  passwordHashesWaiting: 256,
  deviceNameCharacters: 100,
  /** Where the sign-in page goes on: an authorization request of an application, sealed (`oauth/limits.ts`). */
  returnToCharacters: 8_000,
  /** The longest code is a recovery code with its dashes. */
  typedCodeCharacters: 100,
  /** The longest form is Firebase's, about 300. */
  importedHashCharacters: 1_024,
  /** The hash itself: fewer bytes can match by chance, and no system stores more. */
  importedKeyLeastBytes: 16,
  importedKeyBytes: 128,
  /**
   * The costliest hash of another system: one to two seconds of a core and 128 MiB, twice at once, until its user has logged in.
   * Above what OWASP recommends for each algorithm, and what Keycloak, Auth0, Firebase, Django and PHP use.
   */
  importedArgon2Kibibytes: 131_072,
  /** Memory in KiB × passes. */
  importedArgon2Work: 1_048_576,
  importedArgon2Lanes: 16,
  /** Each step doubles the time: 14 takes 1.2 to 1.6 s. */
  importedBcryptCost: 14,
  importedScryptLogN: 20,
  importedScryptBytes: 134_217_728,
  /** With what OpenSSL needs beside it: 128 × r × (N + 2 + p). */
  importedScryptAllBytes: 268_435_456,
  /** N × r × p. */
  importedScryptWork: 2_097_152,
  importedPbkdf2Iterations: 2_000_000,
  /** Wrong passwords in a row without a wait: people mistype and try old passwords. */
  passwordFailuresFree: 5,
  /** Wrong passwords in a row before the account must be recovered (NIST SP 800-63B-4 §3.2.2). */
  passwordFailuresMaximum: 100,
  /** The first wait; it doubles with each failure, up to what a late employee still accepts. */
  passwordDelayFirstMilliseconds: 1_000,
  passwordDelayMilliseconds: 5 * 60_000,
  /** Networks per account from which the right password came, each with its own count; the latest ones. */
  knownNetworks: 16,
  /** An unused network becomes a stranger's again after this. */
  knownNetworkMilliseconds: 180 * 24 * 60 * 60_000,
  /**
   * A count below the maximum, of an unknown place, is forgotten after as many days as it has failures, at most this many: a
   * patient guesser gets about one guess a day, and counts of e-mails nobody has do not pile up. The store's index contains the
   * number, too.
   */
  passwordFailuresDays: 90,
  /** Logins to one account from one place that queue on a node. */
  passwordTurnsWaiting: 128,
  /** Attempts that ask the database at once whether their place is known: more would delay other logins' queries. */
  passwordAttemptsAsked: 4,
  /** Waits a node remembers, and for how long: no wait is shorter, and an operator may end one meanwhile. */
  passwordWaitsRemembered: 10_000,
  passwordWaitsMilliseconds: 1_000,
  /** Attempts queued for that query: about two seconds of an embedded database. */
  passwordAttemptsWaiting: 1_024,
  /** Audit rows per node and hour for logins with unknown e-mails, by network and in total: anybody can invent e-mails. */
  unknownEmailsRecorded: 5,
  unknownEmailsRecordedTogether: 1_000,
  unknownEmailsRecordedMilliseconds: 60 * 60_000,
  /** Networks counted by a node. */
  unknownEmailsNetworks: 10_000,
  /** Attempts that a node keeps to give back, when the database failed at that. */
  passwordAttemptsOwed: 1_000,
} as const;
