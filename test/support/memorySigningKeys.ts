/** The smallest store of signing keys that keeps the promises of the port: one `next`, one `active`, dead keys not loaded. */
import type { SigningKeyStore, StoredSigningKey } from '../../src/keys/store.ts';

export interface MemorySigningKeys extends SigningKeyStore {
  readonly rows: readonly StoredSigningKey[];
}

/** `now` is the clock of the store. */
export function createMemorySigningKeys(
  now: () => number,
  given: readonly StoredSigningKey[] = [],
): MemorySigningKeys {
  const rows = new Map(given.map((row) => [row.kid, row]));
  const load = async () => ({
    keys: [...rows.values()].filter(({ state }) => state !== 'retired' && state !== 'revoked'),
    now: now(),
  });
  return {
    get rows() {
      return [...rows.values()];
    },
    load,
    lock: load,
    find: async (kid) => rows.get(kid),
    list: async (limit) => [...rows.values()].reverse().slice(0, limit),
    async save(key) {
      const isSole = key.state === 'next' || key.state === 'active';
      const taken = [...rows.values()].some(({ kid, state }) => kid !== key.kid && state === key.state);
      if (isSole && taken) throw new Error(`there is another key that is ${key.state}`);
      rows.set(key.kid, key);
    },
  };
}
