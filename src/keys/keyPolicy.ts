/**
 * Derives key timing from the settings: how long a key set may be cached, and how old a node's view of the ring may be. A key is
 * published for longer than both together before it signs, so no cache can lack a live token's key.
 */
import { keyLimits } from './limits.ts';

/** All in milliseconds. */
export interface KeyPolicy {
  /** How long one key signs. */
  readonly rotationIntervalMs: number;
  /** Lifetime of tokens that this node signs. */
  readonly tokenLifetimeMs: number;
  /** `max-age` of the published set (RFC 9111 §5.2.2.1). */
  readonly maxAgeMs: number;
  /** `stale-while-revalidate` of the published set (RFC 5861 §3). */
  readonly staleWhileRevalidateMs: number;
  /** The oldest view of the ring with which a node signs or lets others cache the set. */
  readonly ringAgeMs: number;
  /** How often a node reads the ring. */
  readonly refreshMs: number;
}

/**
 * The next key is published for at least one interval, so `max-age`, `stale-while-revalidate` and the ring's age must share it;
 * platform/config/relations.ts leaves them at least `max-age`. Long intervals have room for all.
 */
export function keyPolicy(settings: {
  rotationIntervalMs: number;
  jwksMaxAgeMs: number;
  accessTtlMs: number;
}): KeyPolicy {
  const { rotationIntervalMs, jwksMaxAgeMs, accessTtlMs } = settings;
  const room = rotationIntervalMs - jwksMaxAgeMs;
  const ringAgeMs = Math.min(keyLimits.keyRingAgeMilliseconds, Math.floor(room / 2));
  const longestStale = Math.min(keyLimits.jwksStaleSeconds * 1000, jwksMaxAgeMs, room - ringAgeMs);
  return {
    rotationIntervalMs,
    tokenLifetimeMs: accessTtlMs,
    maxAgeMs: jwksMaxAgeMs,
    // Rounded down: the header counts whole seconds.
    staleWhileRevalidateMs: Math.floor(longestStale / 1000) * 1000,
    ringAgeMs,
    refreshMs: Math.min(keyLimits.keyRingRefreshMilliseconds, Math.floor(ringAgeMs / 4)),
  };
}

/** How long after a key appears somebody may still use a set without it: a late node served the set, and caches kept it. */
export function cacheMs({ maxAgeMs, staleWhileRevalidateMs, ringAgeMs }: KeyPolicy): number {
  return ringAgeMs + maxAgeMs + staleWhileRevalidateMs;
}
