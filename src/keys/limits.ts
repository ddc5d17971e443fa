/** Limits of signing keys. The unit is in the name, the reason beside it. */
export const keyLimits = {
  /** How old a node's view of the ring may be when it signs or publishes; rotations every few seconds leave less. */
  keyRingAgeMilliseconds: 10_000,
  /** How often a node looks at the ring. */
  keyRingRefreshMilliseconds: 1_000,
  /** A sign-in that finds the ring too old waits this long for a look at it. */
  keyRingReloadMilliseconds: 2_000,
  /** The longest `stale-while-revalidate`: a cache may answer at once while it asks, yet not for long with a revoked key. */
  jwksStaleSeconds: 60,
  /** Keys that are listed, the newest; a busy year with hourly rotations fits. */
  listedKeys: 10_000,
} as const;
