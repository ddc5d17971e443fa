import type { PGlite } from '@electric-sql/pglite';

/**
 * The adapter between Prisma and PGlite reports a failed COMMIT as successful: it drops the rejection. Nothing may be answered
 * after such a commit, so here it never settles, and `onCommitFault` is called. Earlier failures go to the caller as usual.
 */
export function guardCommits(pglite: PGlite, onCommitFault: (fault: unknown) => void): PGlite {
  const transaction: PGlite['transaction'] = (work) => {
    let begun = false;
    const begin: typeof work = (connection) => {
      begun = true;
      return work(connection);
    };
    return pglite.transaction(begin).catch((fault) => {
      if (!begun) throw fault;
      onCommitFault(fault);
      return new Promise<never>(() => {});
    });
  };
  return new Proxy(pglite, {
    get(target, name) {
      if (name === 'transaction') return transaction;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

/** Ends the process, as for any defect: the data on disk decides at the next start. */
export function failStop(fault: unknown): void {
  queueMicrotask(() => {
    throw new Error('the embedded database could not commit', { cause: fault });
  });
}
