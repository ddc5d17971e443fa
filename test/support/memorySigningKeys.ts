/** The smallest store of signing keys that keeps the promises of the port: one active key, retired ones not loaded. */
import type { SigningKeyStore, StoredSigningKey } from '../../src/keys/signingKeyStore.ts';

export interface MemorySigningKeys extends SigningKeyStore {
  readonly rows: StoredSigningKey[];
}

export function createMemorySigningKeys(rows: StoredSigningKey[] = []): MemorySigningKeys {
  return {
    rows,
    load: async () => rows.filter(({ state }) => state !== 'retired' && state !== 'revoked'),
    async insert(key) {
      if (rows.some(({ state }) => state === key.state)) return false;
      rows.push(key);
      return true;
    },
  };
}
