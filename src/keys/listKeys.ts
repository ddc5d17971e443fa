/** Lists signing keys for operators: state, and since when. Contains no secrets. */

import type { Database } from '../database.ts';
import { keyLimits } from './limits.ts';
import type { StoredSigningKey } from './store.ts';

export type ListedKey = Pick<
  StoredSigningKey,
  'kid' | 'state' | 'createdAt' | 'activatedAt' | 'retiringAt' | 'retiredAt' | 'revokedAt'
>;

/** Newest first, including retired and revoked ones. */
export type ListKeys = () => Promise<readonly ListedKey[]>;

export function createListKeys({ database }: { readonly database: Database }): ListKeys {
  return async () => {
    const keys = await database.signingKeys.list(keyLimits.listedKeys);
    return keys.map(({ kid, state, createdAt, activatedAt, retiringAt, retiredAt, revokedAt }) => ({
      ...{ kid, state, createdAt, activatedAt, retiringAt, retiredAt, revokedAt },
    }));
  };
}
