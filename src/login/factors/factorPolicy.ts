/** SECOND_FACTOR: whether users may add second factors. */
import { AuthorityError } from '@countersign/verifier/errors';
import type { Config } from '../../platform/config/config.ts';

/** Throws `permission_denied` when the settings allow none. Passkeys and phones count, too. */
export function requireFactorsAllowed(policy: Config['secondFactor']): void {
  if (policy === 'none')
    throw new AuthorityError('permission_denied', {
      detail: 'SECOND_FACTOR is none: the operator allows no second factors.',
    });
}
