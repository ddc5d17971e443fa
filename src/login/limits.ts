/** Limits of login: passwords, hashes, and how often a password may be guessed. The unit is in the name, the reason beside it. */
export const loginLimits = {
  /** NIST SP 800-63B-4 §3.1.1.2: at least 15 characters where the password is the only factor. */
  passwordMinimumCharacters: 15,
  passwordMaximumBytes: 1024,
  /** Argon2id as OWASP recommends for 19 MiB. Changing these rehashes at the next login. */
  argon2MemoryKibibytes: 19_456,
  argon2Passes: 2,
  argon2Lanes: 1,
  /** Hashes at once: each keeps a core and 19 MiB busy for tens of milliseconds. */
  passwordHashesAtOnce: 2,
  /**
   * Hashes waiting for their turn, of strangers and of known places each: some three seconds of two cores. Above this the answer is
   * 503. Who waits in turn costs nothing meanwhile; who is refused comes again at once.
   */
  passwordHashesWaiting: 256,
  deviceNameCharacters: 100,
  /** Wrong passwords in a row that cost no wait: people mistype, and try the ones they had before. */
  passwordFailuresFree: 5,
  /** Wrong passwords in a row after which the account has to be recovered (NIST SP 800-63B-4 §3.2.2). */
  passwordFailuresMaximum: 100,
  /** The wait after the last free one; it doubles with each, up to what somebody who came late to work still accepts. */
  passwordDelayFirstMilliseconds: 1_000,
  passwordDelayMilliseconds: 5 * 60_000,
  /** Networks of one account from which its password was right, each with a count of its own; the latest ones. */
  knownNetworks: 16,
  /** Such a network that was not used for this long is a stranger's again. */
  knownNetworkMilliseconds: 180 * 24 * 60 * 60_000,
  /**
   * Counts below the maximum, in a place that is not known, are forgotten after as many days as they have failures, and after
   * this many at most: then a patient guesser has about one guess a day, and what passers-by leave, mostly for e-mails that
   * nobody has, stays no longer for each wrong password however many they try. The index that finds them has the number, too.
   */
  passwordFailuresDays: 90,
  /** Logins to one account from one place that wait for each other on a node. */
  passwordTurnsWaiting: 128,
  /** Attempts of which a node asks the database at once whose they are: with more, the queries of a login wait for those of others. */
  passwordAttemptsAsked: 4,
  /** Waits that a node remembers, and for how long: no wait is shorter, and an operator may end one meanwhile. */
  passwordWaitsRemembered: 10_000,
  passwordWaitsMilliseconds: 1_000,
  /** Attempts that wait for that: about two seconds of an embedded database. */
  passwordAttemptsWaiting: 1_024,
  /** Logins with e-mails that nobody has that a node writes down in an hour: of one network, and of all. Anybody can make some up. */
  unknownEmailsRecorded: 5,
  unknownEmailsRecordedTogether: 1_000,
  unknownEmailsRecordedMilliseconds: 60 * 60_000,
  /** Networks of which a node counts them. */
  unknownEmailsNetworks: 10_000,
} as const;
