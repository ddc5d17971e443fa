/** Limits of the canary and of what is remembered of the database. The unit is in the name, the reason beside it. */
export const truthLimits = {
  /** How often a node proves to itself that what it writes is what it reads; a peer's proof is believed for three times that. */
  canaryMilliseconds: 30_000,
  /** The same while there is a doubt, so that it is over soon after its cause is. */
  canaryDoubtMilliseconds: 5_000,
  /** The last round of a stop, for a database that answers. */
  lastCanaryMilliseconds: 1_000,
  /** A canary of another node that was not found is looked for once more, after a failover has settled. */
  canaryAgainMilliseconds: 500,
  /** A canary's session is kept for this long after its node's last run; a sighting of it is believed for half of that. */
  canaryKeptMilliseconds: 180 * 24 * 60 * 60_000,
  /** What was seen is kept on the disk and in Redis this soon: a logout costs no write of its own. */
  sightingMilliseconds: 1_000,
  /** A node keeps what it has seen every half minute; one that has not for this long is gone. */
  sightingSilenceMilliseconds: 60 * 60_000,
} as const;
