/** Limits of what all slices stand on. The unit is in the name, the reason beside it. */
export const platformLimits = {
  /** Other origins that may call from a browser: each is a deployment that somebody looks after. */
  corsOrigins: 20,
  /** Expired rows that one statement deletes. */
  pruneRows: 5_000,
  pruneIntervalMilliseconds: 60_000,
  /** Faults of one part of the deny-list are logged no more often; the metrics count them all. */
  faultLogMilliseconds: 10_000,
  /** A signal this soon after the first is the same stop: it came through the process group and through npm. */
  sameStopMilliseconds: 1_000,
  /** A readiness check of one part gives up after this. */
  readinessMilliseconds: 2_000,
  /** For how long what the database said then is good for whoever asks: anybody may, as often as he likes. */
  readinessKeptMilliseconds: 250,
  /** A query, or making a connection: whoever waits is told 503 after this. */
  queryMilliseconds: 5_000,
  /** A file that holds a secret: the largest is a DATABASE_URL. */
  secretFileBytes: 64 * 1024,
  /** A job that runs when the process stops gets this much time; the database rolls back what is left. */
  lastRoundMilliseconds: 1_000,
  /** After a run of a job that failed. */
  jobRetryMilliseconds: 10_000,
  /** Between two batches of a job, so that clean-up takes but a part of what the database can do. */
  cleanUpPauseMilliseconds: 100,
  /** Who shares a count: a provider moves its customers about within such networks. */
  knownNetwork: { ipv4: 24, ipv6: 48 },
  rateWindowMilliseconds: 60_000,
  /** By how much the end of a window may seem later when it is looked at again; the next window ends a whole one later. */
  rateWindowToleranceMilliseconds: 500,
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
  /** A URI or DNS name in a certificate; a SPIFFE ID has at most 2,048 bytes, a DNS name 253. */
  certificateNameCharacters: 2_048,
  /** Of a program's name in lists. */
  programNameCharacters: 40,
} as const;
