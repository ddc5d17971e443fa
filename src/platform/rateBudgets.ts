/** The limits (`limits.ts`) of how often somebody may try: passwords of an account, and requests. */
export const guessingLimits = {
  // Guessing of passwords
  /** Wrong passwords in a row that cost no wait: people mistype, and try the ones they had before. */
  passwordFailuresFree: 5,
  /** Wrong passwords in a row after which the account has to be recovered (NIST SP 800-63B-4 §3.2.2). */
  passwordFailuresMaximum: 100,
  /** The wait after the last free one; it doubles with each, up to what somebody who came late to work still accepts. */
  passwordDelayFirstMilliseconds: 1_000,
  passwordDelayMilliseconds: 5 * 60_000,
  /** Who shares a count: a provider moves its customers about within such networks. */
  knownNetwork: { ipv4: 24, ipv6: 48 },
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
  /** Attempts that a node remembers to give back, when the database could not be told at once. */
  passwordAttemptsOwed: 1_000,

  // Rates of requests
  rateWindowMilliseconds: 60_000,
  /** By how much the end of a window may seem later when it is looked at again; the next window ends a whole one later. */
  rateWindowToleranceMilliseconds: 500,
  /**
   * Requests in a window: of one address, which may be a whole office; of one network, a tenth of all at most, so that no site
   * can use up what is everybody's; of one account from one address, which is a person or a program; of all together, which no
   * installation of a few nodes could answer anyway (a login is 20 ms of a core).
   */
  rates: {
    login: { address: 60, network: 600, account: 20, global: 6_000 },
    /** Rarer than a login, and each makes a row for ever. */
    register: { address: 20, network: 120, account: 5, global: 1_200 },
    /** No password to hash. An account is a session here: a tab that refreshes every second is a mistake. */
    refresh: { address: 1_200, network: 6_000, account: 60, global: 60_000 },
    /** Two hashes, by somebody who is logged in. */
    password: { address: 30, network: 120, account: 10, global: 1_200 },
    /** Ends of sessions by whoever is logged in: each writes, and tells all nodes and subscribers, also of what had ended already. */
    sessions: { address: 120, network: 600, account: 30, global: 6_000 },
    /** Who I am, and a page of my sessions. A service may ask for many users from one address. */
    reads: { address: 6_000, network: 30_000, account: 600, global: 300_000 },
  },
  /** Addresses within an IPv6 network of this length cost nobody anything: each link has as many (RFC 4291). */
  rateAddress: { ipv4: 32, ipv6: 64 },
  /** What one site is given at most (RFC 6177), and 65,536 of the above with it. */
  rateNetwork: { ipv4: 24, ipv6: 48 },
  /** What a node lets through of each budget while it cannot ask what others did: ten nodes make the whole of it. */
  rateLocalShare: 0.1,
  /** Windows that a node counts by itself, about 200 bytes each. */
  rateLocalEntries: 20_000,
  /** Without room for another window names share so many, for each size of budget: enough that few meet. */
  rateLocalShared: 4_096,
  rateScaleMinimum: 0.1,
  rateScaleMaximum: 1_000,
  /** Proxies that can be named, each a network. */
  trustedProxies: 64,
  /** Addresses of proxies that nobody named of which the log and the warnings tell: a program on this machine must not hide the proxy. */
  unnamedProxies: 8,
} as const;
