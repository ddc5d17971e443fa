/**
 * The rules of rotation: the next state of the ring, from its current state and the time. Pure.
 *
 *   next ──→ active ──→ retiring ──→ retired          revoked ←── from any state
 *
 * - There is always one `next`, published while its predecessor signs. It signs when every cache must have it.
 * - A `retiring` key verifies until the last token it may have signed has expired, then is `retired`.
 * - A key's row keeps the lifetimes and caches that it promised, so changed settings break no token.
 */
import { verifierLimits } from '@countersign/verifier/limits';
import { cacheMs, type KeyPolicy } from './keyPolicy.ts';
import type { SigningKeyState, StoredRing, StoredSigningKey } from './store.ts';

type Keys = readonly StoredSigningKey[];

export interface KnownRing extends StoredRing {
  /** How long this node has seen a key in its state, by the monotonic clock: by a wrong wall clock, a new key could look old. */
  readonly seenMs: (key: Pick<StoredSigningKey, 'kid' | 'state'>) => number;
}

export interface Decision {
  /** The keys after the change; unchanged ones are the same objects. */
  readonly keys: Keys;
  /** True when a change must be written or a key created: an active and a next key must exist. */
  readonly due: boolean;
  /** Milliseconds until the next change, if nothing else happens. */
  readonly dueInMs: number;
}

/** Idempotent: deciding again at once changes nothing. */
export function decide(ring: KnownRing, policy: KeyPolicy): Decision {
  const { now, seenMs } = ring;
  const kept = ring.keys.map((key) => keepingPromises(notOfTheFuture(key, now), policy));
  // Retire first: the next key may have waited for a retiring key's caches.
  const left = kept.map((key) => (retiresIn(key, ring) <= 0 ? retire(key, now) : key));
  const rotateIn = (keys: Keys) => scheduledIn({ keys, now, seenMs }, policy);
  const keys = inState(left, 'active') === undefined || rotateIn(left) <= 0 ? rotate(left, now) : left;
  const complete = inState(keys, 'active') !== undefined && inState(keys, 'next') !== undefined;
  const due = !complete || keys.some((key, index) => key !== ring.keys[index]);
  const dueInMs = Math.min(rotateIn(keys), ...keys.map((key) => retiresIn(key, ring)));
  return { keys, due, dueInMs };
}

/** The active key stops signing and the next one starts; the caller has a new next key created. */
export function rotate(keys: Keys, now: number): Keys {
  if (inState(keys, 'next') === undefined) return keys;
  return keys.map((key) => {
    if (key.state === 'active') return { ...key, state: 'retiring', retiringAt: now };
    return key.state === 'next' ? { ...key, state: 'active', activatedAt: now } : key;
  });
}

/** Emergency: the key is revoked at once. If it was active, the next key signs, even if caches lack it. */
export function revokeKey(keys: Keys, kid: string, now: number): Keys {
  const without = keys.map((key) =>
    key.kid === kid ? dead(key, { state: 'revoked', revokedAt: now }) : key,
  );
  const signing = inState(without, 'active') === undefined ? rotate(without, now) : without;
  // Sets served earlier are still cached, even if their key was revoked.
  const promised = keys.find((key) => key.kid === kid && key.state !== 'retired')?.cacheMs ?? 0;
  return signing.map((key) =>
    key.state === 'active' ? changed(key, { cacheMs: Math.max(key.cacheMs, promised) }) : key,
  );
}

/** Milliseconds until every cache must have the next key, by the store's clock; 0 or less means now. */
export function readyIn({ keys, now }: StoredRing, policy: KeyPolicy): number {
  const next = inState(keys, 'next');
  if (next === undefined) return Number.POSITIVE_INFINITY;
  return next.publishedAt === undefined ? 0 : next.publishedAt + leadMs(keys, policy) - now;
}

export function inState(keys: Keys, state: SigningKeyState): StoredSigningKey | undefined {
  return keys.find((key) => key.state === state);
}

/** How long a key is published before it signs, for the slowest cache of any node's sets. */
function leadMs(keys: Keys, policy: KeyPolicy): number {
  const promised = keys.filter(({ state }) => state !== 'retired').map((key) => key.cacheMs);
  return Math.max(cacheMs(policy), ...promised);
}

function scheduledIn(ring: KnownRing, policy: KeyPolicy): number {
  const [active, next] = [inState(ring.keys, 'active'), inState(ring.keys, 'next')];
  if (active?.activatedAt === undefined || next === undefined) return Number.POSITIVE_INFINITY;
  const untilDue = active.activatedAt + policy.rotationIntervalMs - ring.now;
  if (next.publishedAt === undefined) return untilDue;
  const untilSeenLongEnough = leadMs(ring.keys, policy) - ring.seenMs(next);
  return Math.max(untilDue, readyIn(ring, policy), untilSeenLongEnough);
}

/** Allows for the oldest ring that may sign, the token's lifetime, cached sets and slow clocks. */
function retiresIn(key: StoredSigningKey, { now, seenMs }: Pick<KnownRing, 'now' | 'seenMs'>): number {
  if (key.state !== 'retiring' || key.retiringAt === undefined) return Number.POSITIVE_INFINITY;
  const kept = key.tokenLifetimeMs + key.cacheMs + verifierLimits.clockSkewSeconds * 1000;
  return Math.max(key.retiringAt - now, -seenMs(key)) + kept;
}

function retire(key: StoredSigningKey, now: number): StoredSigningKey {
  return dead(key, { state: 'retired', retiredAt: now });
}

/** Deletes the private key: one that never signs again is not kept, even sealed. */
function dead(key: StoredSigningKey, how: Partial<StoredSigningKey>): StoredSigningKey {
  return { ...key, ...how, sealedPrivateKey: new Uint8Array() };
}

/** Corrects times written by a clock that was ahead: counting from now only makes periods longer. */
function notOfTheFuture(key: StoredSigningKey, now: number): StoredSigningKey {
  const latest = now + verifierLimits.clockSkewSeconds * 1000;
  const { publishedAt, activatedAt, retiringAt } = key;
  const times = { publishedAt, activatedAt, retiringAt };
  const entries = Object.entries(times).map(([name, time]) => [name, (time ?? 0) > latest ? now : time]);
  return changed(key, Object.fromEntries(entries));
}

/** Stores this node's lifetimes and caches with the key, before the node signs with it or publishes it. */
function keepingPromises(key: StoredSigningKey, policy: KeyPolicy): StoredSigningKey {
  if (key.state !== 'next' && key.state !== 'active') return key;
  return changed(key, {
    tokenLifetimeMs: Math.max(key.tokenLifetimeMs, policy.tokenLifetimeMs),
    cacheMs: Math.max(key.cacheMs, cacheMs(policy)),
  });
}

function changed(key: StoredSigningKey, change: Partial<StoredSigningKey>): StoredSigningKey {
  const differs = Object.entries(change).some(([name, value]) => Reflect.get(key, name) !== value);
  return differs ? { ...key, ...change } : key;
}
