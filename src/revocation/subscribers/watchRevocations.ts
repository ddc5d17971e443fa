/** Opens a subscriber's stream: a copy of the deny-list, kept up to date, and the public keys. */
import { invalidField } from '@countersign/verifier/errors';
import { verifierLimits } from '@countersign/verifier/limits';
import type { KeyRing } from '../../keys/keyRing.ts';
import type { PublicKeys } from './feed.ts';
import { subscriberLimits } from './limits.ts';
import type { SubscriberStream } from './subscriber.ts';
import type { Subscribers } from './subscribers.ts';

/**
 * `edgeId` is the subscriber's name for itself; `service` owns it. Rejects with `invalid_request`, `unavailable` or `overloaded`.
 */
export type WatchRevocations = (edgeId: string, service: string) => Promise<SubscriberStream>;

const subscriberIdShape = new RegExp(`^[A-Za-z0-9._-]{1,${subscriberLimits.subscriberIdCharacters}}$`);

export function createWatchRevocations(parts: {
  subscribers: Pick<Subscribers, 'open'>;
  keyRing: Pick<KeyRing, 'jwks' | 'ageMs'>;
}): WatchRevocations {
  const { subscribers, keyRing } = parts;
  /** Keys too old for this node are not sent to others. */
  const keys = (): PublicKeys | undefined => {
    const ageMs = Math.ceil(Math.max(0, keyRing.ageMs()));
    return ageMs < verifierLimits.keyRingBelievedMilliseconds
      ? { jwks: keyRing.jwks().body, ageMs }
      : undefined;
  };
  return async (edgeId, service) => {
    if (!subscriberIdShape.test(edgeId)) {
      const rule = `must be 1 to ${subscriberLimits.subscriberIdCharacters} characters of A-Z a-z 0-9 . _ -`;
      throw invalidField('start.edge_id', 'format', rule);
    }
    return subscribers.open(keys, service, edgeId);
  };
}
