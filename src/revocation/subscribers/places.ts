/**
 * Places for subscriber streams. A service may take one more while it has fewer than are free: one alone gets half, two get a
 * third each, and some always remain for the next.
 */
import { AuthorityError } from '@countersign/verifier/errors';
import { subscriberLimits } from './limits.ts';

export interface SubscriberPlaces {
  /** Returns the function that gives the place back, once. Throws `overloaded` when the service has its share. */
  take(service: string): () => void;
  /** By service. */
  taken(): ReadonlyMap<string, number>;
}

export function createSubscriberPlaces({
  onRefused,
}: {
  onRefused: (service: string) => void;
}): SubscriberPlaces {
  const taken = new Map<string, number>();
  let all = 0;
  const add = (service: string, change: 1 | -1) => {
    all += change;
    const left = (taken.get(service) ?? 0) + change;
    if (left === 0) taken.delete(service);
    else taken.set(service, left);
  };
  return {
    take(service) {
      const ofService = taken.get(service) ?? 0;
      if (ofService >= subscriberLimits.subscribersPerNode - all) {
        onRefused(service);
        throw new AuthorityError('overloaded', {
          detail: `This service has ${ofService} streams here, its share of ${subscriberLimits.subscribersPerNode}.`,
          retryAfterSeconds: 1,
          reason: 'edge_places',
        });
      }
      add(service, 1);
      let given = false;
      return () => {
        if (!given) add(service, -1);
        given = true;
      };
    },
    taken: () => taken,
  };
}
