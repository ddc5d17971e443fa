import { AuthorityError } from '@countersign/verifier/errors';
import type { Metrics } from '../platform/observability/metrics.ts';

/** Wraps an operation and counts its failures. */
export type Counted = <Parameters extends unknown[], Result>(
  operation: (...parameters: Parameters) => Promise<Result>,
) => (...parameters: Parameters) => Promise<Result>;

/** Refused while waiting for a password check, before anything could be revoked. */
const beforeAnything = new Set<string | undefined>([
  ...['password_queue_full', 'password_attempts_full', 'password_contention', 'turns_full'],
]);

/** For operations that revoke: counts each failed answer. The revocation may be in effect all the same. */
export function countFailures({ effectFailure }: Pick<Metrics, 'effectFailure'>): Counted {
  return (operation) =>
    async (...parameters) => {
      try {
        return await operation(...parameters);
      } catch (error) {
        if (!(error instanceof AuthorityError)) effectFailure('internal');
        else if (['unavailable', 'overloaded'].includes(error.code) && !beforeAnything.has(error.reason))
          effectFailure(error.reason ?? error.code);
        throw error;
      }
    };
}
