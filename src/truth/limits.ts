/** Limits of the canary and of sightings. The unit is in the name, the reason beside it. */
export const truthLimits = {
  /** How often a node proves that it reads what it writes; a peer's proof is trusted for three times that. */
  canaryMilliseconds: 30_000,
  /** Shorter while there is a doubt, so that it ends soon after its cause. */
  canaryDoubtMilliseconds: 5_000,
  /** The last round during a stop, for a database that answers. */
  lastCanaryMilliseconds: 1_000,
  /** A peer's missing canary is looked for once more after this, when a failover has settled. */
  canaryAgainMilliseconds: 500,
  /** A canary's session is kept this long after its node's last run; a sighting of it is trusted half as long. */
  canaryKeptMilliseconds: 180 * 24 * 60 * 60_000,
  /** Delay before a sighting is saved to disk and Redis: a logout costs no write of its own. */
  sightingMilliseconds: 1_000,
  /** Nodes save sightings every half minute; one silent for this long is gone. */
  sightingSilenceMilliseconds: 60 * 60_000,
} as const;
