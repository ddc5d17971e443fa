/** Limits of signing keys. The unit is in the name, the reason beside it. */
export const keyLimits = {
  /** The oldest view of the ring with which a node signs or publishes; rotations every few seconds leave less. */
  keyRingAgeMilliseconds: 10_000,
  /** How often a node reads the ring. */
  keyRingRefreshMilliseconds: 1_000,
  /** How long a sign-in waits for a reload when the ring is too old. */
  keyRingReloadMilliseconds: 2_000,
  /** The longest `stale-while-revalidate`: a cache may answer while it refreshes, but not for long with a revoked key. */
  jwksStaleSeconds: 60,
  /** The newest keys in a list; a busy year of hourly rotations fits. */
  listedKeys: 10_000,
  /** Secrets of authenticator apps, or waiting messages, that one transaction seals again: a small part of a second. */
  resealedSecrets: 500,
} as const;
