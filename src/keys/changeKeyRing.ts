/**
 * Writes a rule's result to the key ring, in the transaction that holds its lock: changed states, missing keys, and an audit
 * event per state change. Every operation that changes the ring goes through here.
 */
import type { Actor, AuditEventType } from '../audit/auditEvent.ts';
import type { Stores } from '../database.ts';
import type { Sealing } from '../platform/sealing.ts';
import { cacheMs, type KeyPolicy } from './keyPolicy.ts';
import { inState } from './rotation.ts';
import { generateSigningKey, openSigningKey } from './signingKey.ts';
import type { SigningKeyState, StoredRing, StoredSigningKey } from './store.ts';

export interface KeyRingParts {
  readonly sealing: Sealing;
  readonly policy: KeyPolicy;
}

/** Unique states are left before another key enters them. */
const order: readonly SigningKeyState[] = ['revoked', 'retired', 'retiring', 'active', 'next'];

const events: Partial<Record<SigningKeyState, AuditEventType>> = {
  active: 'signing_key_activated',
  retired: 'signing_key_retired',
  revoked: 'signing_key_revoked',
};

/** Returns the new ring: keys neither retired nor revoked, oldest first. */
export async function changeKeyRing(
  { signingKeys, audit }: Stores,
  parts: KeyRingParts,
  before: StoredRing,
  after: readonly StoredSigningKey[],
  actor: Actor,
): Promise<readonly StoredSigningKey[]> {
  const { now } = before;
  requireOpen(before.keys, parts.sealing);
  const changed = after.filter((key) => !before.keys.includes(key));
  for (const key of changed.toSorted(inOrder)) {
    await signingKeys.save(key);
    const type = before.keys.some(({ kid, state }) => kid === key.kid && state === key.state)
      ? undefined
      : events[key.state];
    if (type !== undefined) await audit.record({ type, actor, reason: key.kid }, now);
  }
  const made = await makeMissing(parts, after, now);
  for (const key of made) {
    await signingKeys.save(key);
    await audit.record({ type: 'signing_key_created', actor, reason: key.kid }, now);
  }
  return [...after, ...made].filter(({ state }) => state !== 'retired' && state !== 'revoked');
}

/**
 * A node that cannot open the existing keys must not add keys that others cannot open. Throws `StartupError`. Retired and revoked
 * keys have nothing to open.
 */
function requireOpen(keys: readonly StoredSigningKey[], sealing: Sealing): void {
  for (const key of keys) if (key.sealedPrivateKey.length > 0) openSigningKey(key, sealing);
}

function inOrder(one: StoredSigningKey, other: StoredSigningKey): number {
  return order.indexOf(one.state) - order.indexOf(other.state);
}

/** There is always one key that signs and one that will. The first two are created together: no set was served without them. */
async function makeMissing(
  { sealing, policy }: KeyRingParts,
  keys: readonly StoredSigningKey[],
  now: number,
): Promise<readonly StoredSigningKey[]> {
  const missing = (['active', 'next'] as const).filter((state) => inState(keys, state) === undefined);
  const about = {
    createdAt: now,
    publishedAt: keys.length === 0 ? undefined : now,
    tokenLifetimeMs: policy.tokenLifetimeMs,
    cacheMs: cacheMs(policy),
  };
  return Promise.all(missing.map((state) => generateSigningKey({ ...about, state }, sealing)));
}
