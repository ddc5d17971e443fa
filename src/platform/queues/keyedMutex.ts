/** One call at a time per name; others wait in order of arrival. */
import { AuthorityError } from '@countersign/verifier/errors';

export type KeyedMutex = <T>(name: string, work: () => Promise<T>) => Promise<T>;

/** `waiting`: the maximum per name; beyond it a call rejects with `overloaded` at once. */
export function createKeyedMutex({ waiting }: { readonly waiting: number }): KeyedMutex {
  /** Only names in use. */
  const lines = new Map<string, { inside: number; last: Promise<unknown> }>();
  return async (name, work) => {
    const line = lines.get(name) ?? { inside: 0, last: Promise.resolve() };
    if (line.inside > waiting)
      throw new AuthorityError('overloaded', { retryAfterSeconds: 1, reason: 'turns_full' });
    lines.set(name, line);
    line.inside += 1;
    const turn = line.last.then(work);
    line.last = turn.catch(() => {});
    try {
      return await turn;
    } finally {
      line.inside -= 1;
      if (line.inside === 0) lines.delete(name);
    }
  };
}
