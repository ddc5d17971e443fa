/** A node that no subscriber watches. */
import type { Subscribers } from '../../src/revocation/subscribers/subscribers.ts';

export const noSubscribers: Pick<Subscribers, 'caughtUp' | 'leases'> = {
  caughtUp: () => undefined,
  leases: () => 0,
};
