/** Makes a new set of recovery codes; the old ones open nothing any more. */
import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import type { User } from '../../accounts/user.ts';
import type { Actor } from '../../audit/auditEvent.ts';
import type { Database, Stores } from '../../database.ts';
import type { Notices } from '../../notifications/notices.ts';
import type { Caller } from '../../sessions/session.ts';
import { checkUnchanged, findCaller, type ProvingParts } from '../passwords/reauthentication.ts';
import type { FactorKinds } from './factors.ts';
import { newRecoveryCodes } from './recoveryCodes.ts';

export interface RenewRecoveryCodesParts extends ProvingParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly kinds: Pick<FactorKinds, 'hasAny'>;
  readonly notices: Notices;
}

/** The codes, shown once. Throws `not_found` for a user without a second factor. */
export type RenewRecoveryCodes = (caller: Caller, actor: Actor) => Promise<readonly string[]>;

export function createRenewRecoveryCodes(parts: RenewRecoveryCodesParts): RenewRecoveryCodes {
  const { database, clock, kinds, notices } = parts;
  return async (caller, actor) => {
    const user = await findCaller(parts, caller);
    const now = clock.now();
    return database.transaction(async (stores) => {
      await checkUnchanged(stores, user, caller.sessionId);
      if (!(await kinds.hasAny(stores, user, now)))
        throw new AuthorityError('not_found', {
          detail: 'There is no second factor that recovery codes could stand in for.',
        });
      const codes = await replaceRecoveryCodes(stores, user, now);
      const { sessionId } = caller;
      await stores.audit.record({ type: 'recovery_codes_created', actor, userId: user.id, sessionId }, now);
      const takesBack = { about: 'codes' } as const;
      await notices(stores, user, 'recovery_codes_created', { now, actor, sessionId, takesBack });
      return codes;
    });
  };
}

/** The caller holds the user row's lock. */
export async function replaceRecoveryCodes(
  { recoveryCodes }: Pick<Stores, 'recoveryCodes'>,
  { id }: Pick<User, 'id'>,
  now: number,
): Promise<readonly string[]> {
  const codes = newRecoveryCodes();
  const hashes = codes.map(({ hash }) => hash);
  await recoveryCodes.replace(id, hashes, now);
  return codes.map(({ text }) => text);
}
