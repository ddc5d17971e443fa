/** The signing keys, for operators: what state each is in and since when. Nothing of it is secret. */

import type { Database } from '../database.ts';
import { keyLimits } from './limits.ts';
import type { StoredSigningKey } from './store.ts';

export type ListedKey = Pick<
  StoredSigningKey,
  'kid' | 'state' | 'createdAt' | 'activatedAt' | 'retiringAt' | 'retiredAt' | 'revokedAt'
>;

/** Newest first, dead ones too. */
export type ListKeys = () => Promise<readonly ListedKey[]>;

export function createListKeys({ database }: { readonly database: Database }): ListKeys {
  return async () => {
    const keys = await database.signingKeys.list(keyLimits.listedKeys);
    return keys.map(({ kid, state, createdAt, activatedAt, retiringAt, retiredAt, revokedAt }) => ({
      ...{ kid, state, createdAt, activatedAt, retiringAt, retiredAt, revokedAt },
    }));
  };
}
