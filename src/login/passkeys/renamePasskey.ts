import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import type { FactorId } from '@countersign/verifier/ids';
import type { Actor } from '../../audit/auditEvent.ts';
import type { Database } from '../../database.ts';
import type { Caller } from '../../sessions/session.ts';

/** Throws `not_found` for a passkey that is not the caller's. */
export type RenamePasskey = (id: FactorId, name: string, caller: Caller, actor: Actor) => Promise<void>;

export function createRenamePasskey(parts: {
  readonly database: Database;
  readonly clock: Clock;
}): RenamePasskey {
  const { database, clock } = parts;
  return async (id, name, { userId, sessionId }, actor) =>
    database.transaction(async (stores) => {
      if (!(await stores.passkeys.rename(userId, id, name)))
        throw new AuthorityError('not_found', { detail: 'There is no such passkey.' });
      const event = { type: 'factor_renamed', reason: 'passkey', actor, userId, sessionId } as const;
      await stores.audit.record({ ...event, detail: { factor: id } }, clock.now());
    });
}
