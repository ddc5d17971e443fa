/** A database that tells the sending job of each commit with a message in it: no operation can forget to. */
import type { Database } from '../database.ts';

export function wakingAfterCommit(database: Database, wake: () => void): Database {
  return {
    ...database,
    outbox: {
      ...database.outbox,
      async add(entry) {
        await database.outbox.add(entry);
        wake();
      },
    },
    async transaction(work, options) {
      let hasMessage = false;
      const result = await database.transaction((stores) => {
        // A second run begins anew.
        hasMessage = false;
        const outbox: typeof stores.outbox = {
          ...stores.outbox,
          add(entry) {
            hasMessage = true;
            return stores.outbox.add(entry);
          },
        };
        return work({ ...stores, outbox });
      }, options);
      if (hasMessage) wake();
      return result;
    },
  };
}
