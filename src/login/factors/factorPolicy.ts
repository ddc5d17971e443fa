/** SECOND_FACTOR and roles: who may have second factors, and who must. */
import { AuthorityError } from '@countersign/verifier/errors';
import type { UserId } from '@countersign/verifier/ids';
import type { Stores } from '../../database.ts';
import type { Config } from '../../platform/config/config.ts';

/** Throws `permission_denied` when the settings allow none. Passkeys and phones count, too. */
export function requireFactorsAllowed(policy: Config['secondFactor']): void {
  if (policy === 'none')
    throw new AuthorityError('permission_denied', {
      detail: 'SECOND_FACTOR is none: the operator allows no second factors.',
    });
}

/** Whether the settings, or a role of the user, require a second factor. */
export async function requiresFactor(
  policy: Config['secondFactor'],
  { rights }: Pick<Stores, 'rights'>,
  userId: UserId,
  now: number,
): Promise<boolean> {
  return policy === 'required' || (policy === 'offered' && rights.requireSecondFactor(userId, now));
}
