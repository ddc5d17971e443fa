/**
 * Writes what a rule has made of the key ring, in the transaction that holds its lock: keys in their new states, keys that
 * have to be made, and an audit event for each that changed its state. Every flow that changes the ring goes through here.
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

/** States that only one key has are left before another key takes them. */
const order: readonly SigningKeyState[] = ['revoked', 'retired', 'retiring', 'active', 'next'];

const events: Partial<Record<SigningKeyState, AuditEventType>> = {
  active: 'signing_key_activated',
  retired: 'signing_key_retired',
  revoked: 'signing_key_revoked',
};

/** Answers the ring as it is then: neither retired nor revoked keys, oldest first. */
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
 * Who cannot open the keys that are there must not add to them: what it makes, nobody else could open. Throws `StartupError`.
 * Dead keys have nothing to open.
 */
function requireOpen(keys: readonly StoredSigningKey[], sealing: Sealing): void {
  for (const key of keys) if (key.sealedPrivateKey.length > 0) openSigningKey(key, sealing);
}

function inOrder(one: StoredSigningKey, other: StoredSigningKey): number {
  return order.indexOf(one.state) - order.indexOf(other.state);
}

/** There is always one key that signs and one that will. The first two are made together: no set was served without them. */
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
