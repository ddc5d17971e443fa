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
    logouts: {
      async end(...how) {
        const done = await database.logouts.end(...how);
        if (done.ended.some(({ clientIsTold }) => clientIsTold)) wake();
        return done;
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
        const sessions: typeof stores.sessions = {
          ...stores.sessions,
          async end(...how) {
            const ended = await stores.sessions.end(...how);
            hasMessage ||= ended.some(({ clientIsTold }) => clientIsTold);
            return ended;
          },
        };
        return work({ ...stores, outbox, sessions });
      }, options);
      if (hasMessage) wake();
      return result;
    },
  };
}
