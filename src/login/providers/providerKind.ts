/**
 * Linked identities in the table of what opens sessions: listed and removed as the others are, so that they go with the account, with a
 * recovery that is the first proof of an address, and with "this was not me". They are no second factor.
 */
import { AuthorityError } from '@countersign/verifier/errors';
import type { FactorKind } from '../factors/factors.ts';
import { hasWayIn, type WaysIn } from '../passkeys/lastWayIn.ts';
import type { Provider } from './provider.ts';

export function createProviderKind(
  providers: ReadonlyMap<string, Pick<Provider, 'label'>>,
  ways: WaysIn,
): FactorKind {
  return {
    name: 'provider',
    member: 'provider',
    standsAlone: false,
    isUsable: async () => false,
    verify: async () => ({ refused: 'no_factor' }),

    async list({ linkedIdentities }, userId) {
      const listed = await linkedIdentities.list(userId);
      return listed.map(({ id, provider, createdAt, lastUsedAt }) => ({
        ...{ id, name: providers.get(provider)?.label ?? provider, createdAt, lastUsedAt, provider },
      }));
    },

    async remove(stores, userId, id, alsoLast = false) {
      const removed = await stores.linkedIdentities.remove(userId, id);
      if (alsoLast) return removed;
      // Already locked; read with the lock held.
      const user = removed ? await stores.users.lock(userId) : undefined;
      if (user !== undefined && !(await hasWayIn(stores, user, ways)))
        throw new AuthorityError('last_way_in', {
          detail: 'Set a password, add a passkey or link another identity first, then unlink this one.',
        });
      return removed;
    },

    forget: ({ linkedIdentities }, userId) => linkedIdentities.forget(userId),
  };
}
