/**
 * What the settings mean for keys: for how long a set may be cached, and how old a node's own view of the ring may be.
 * A key is published for longer than both together before it signs, so no cache can lack the key of a live token.
 */
import { keyLimits } from './limits.ts';

/** All are milliseconds. */
export interface KeyPolicy {
  /** For how long one key signs. */
  readonly rotationIntervalMs: number;
  /** Of the tokens that this node signs. */
  readonly tokenLifetimeMs: number;
  /** `max-age` of the published set (RFC 9111 §5.2.2.1). */
  readonly maxAgeMs: number;
  /** `stale-while-revalidate` of the published set (RFC 5861 §3). */
  readonly staleWhileRevalidateMs: number;
  /** How old its view of the ring may be when a node signs, or lets others cache the set. */
  readonly ringAgeMs: number;
  /** How often a node looks at the ring. */
  readonly refreshMs: number;
}

/**
 * The next key is published for one interval at least, so `max-age`, `stale-while-revalidate` and the age of a ring have to
 * share it; platform/config/relations.ts leaves them at least as much as `max-age`. Long intervals have room for all.
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
    // The header counts whole seconds.
    staleWhileRevalidateMs: Math.floor(longestStale / 1000) * 1000,
    ringAgeMs,
    refreshMs: Math.min(keyLimits.keyRingRefreshMilliseconds, Math.floor(ringAgeMs / 4)),
  };
}

/** For how long after a key is new somebody may use a set without it: this node served it late, and others kept it. */
export function cacheMs({ maxAgeMs, staleWhileRevalidateMs, ringAgeMs }: KeyPolicy): number {
  return ringAgeMs + maxAgeMs + staleWhileRevalidateMs;
}
