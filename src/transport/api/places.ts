/** How many streams are open: of each caller, and of all. */
import { AuthorityError } from '@countersign/verifier/errors';
import { apiLimits } from './limits.ts';

export function createPlaces() {
  const taken = new Map<string, number>();
  let all = 0;
  return {
    /** Returns how to give it back. Throws `overloaded`. */
    take(caller: string): () => void {
      const own = taken.get(caller) ?? 0;
      if (own >= apiLimits.apiStreamsOfCaller || all >= apiLimits.apiStreams)
        throw new AuthorityError('overloaded', { retryAfterSeconds: 5, reason: 'api_streams' });
      taken.set(caller, own + 1);
      all += 1;
      return () => {
        all -= 1;
        const left = (taken.get(caller) ?? 1) - 1;
        if (left === 0) taken.delete(caller);
        else taken.set(caller, left);
      };
    },
  };
}
