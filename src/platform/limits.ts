/** Limits of the platform. The unit is in the name, the reason beside it. */
export const platformLimits = {
  /** Origins that may call from a browser: each is a deployment that somebody maintains. */
  corsOrigins: 20,
  /** Expired rows deleted by one statement. */
  pruneRows: 5_000,
  pruneIntervalMilliseconds: 60_000,
  /** Interval at which one part's faults are logged; metrics count them all. */
  faultLogMilliseconds: 10_000,
  /** A signal this soon after the first belongs to the same stop: the process group and npm both deliver it. */
  sameStopMilliseconds: 1_000,
  /** Time limit of one part's readiness check. */
  readinessMilliseconds: 2_000,
  /** How long the database's last answer is reused: anybody may ask, as often as they like. */
  readinessKeptMilliseconds: 250,
  /** A query, or making a connection: whoever waits is told 503 after this. */
  queryMilliseconds: 5_000,
  /** A file with a secret: the largest is a DATABASE_URL. */
  secretFileBytes: 64 * 1024,
  /** Time for a running job at a stop; the database rolls back the rest. */
  lastRoundMilliseconds: 1_000,
  /** Wait after a failed run of a job. */
  jobRetryMilliseconds: 10_000,
  /** Pause between batches of a job, so that clean-up takes only part of the database's capacity. */
  cleanUpPauseMilliseconds: 100,
  /** Networks that share a count: providers move their customers within them. */
  knownNetwork: { ipv4: 24, ipv6: 48 },
  /** Roughly what a WebAssembly function executes before V8 optimises it: by default 2 to 13 million, depending on its version. */
  webAssemblyBudgetBytes: 180_000_000,
  rateWindowMilliseconds: 60_000,
  /** How much later a window's end may appear on the next reading; the next window ends a whole window later. */
  rateWindowToleranceMilliseconds: 500,
  /** An IPv6 network of this length costs nothing: each link has one (RFC 4291). */
  rateAddress: { ipv4: 32, ipv6: 64 },
  /** The largest network of one site (RFC 6177): 65,536 of the above. */
  rateNetwork: { ipv4: 24, ipv6: 48 },
  /** The share of each budget a node allows while it cannot reach the shared counts: ten nodes together allow all of it. */
  rateLocalShare: 0.1,
  /** Windows counted by a node itself, about 200 bytes each. */
  rateLocalEntries: 20_000,
  /** When those are used up, names share this many windows per budget size: enough to collide rarely. */
  rateLocalShared: 4_096,
  rateScaleMinimum: 0.1,
  rateScaleMaximum: 1_000,
  /** Trusted proxies, each a network. */
  trustedProxies: 64,
  /** A URI or DNS name in a certificate; a SPIFFE ID has at most 2,048 bytes, a DNS name 253. */
  certificateNameCharacters: 2_048,
  /** A code that people type: one in a million for each try. */
  codeDigits: 6,
  /** The least of a password that is the only factor (NIST SP 800-63B-4 §3.1.1.2). */
  passwordAloneCharacters: 15,
  /** A program's name in lists. */
  programNameCharacters: 40,
  /** Networks that rate limits refused: how many are remembered, and for how long, for operators. */
  refusedNetworks: 1_000,
  refusalsKeptMilliseconds: 15 * 60_000,
} as const;
