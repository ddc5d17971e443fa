/** What revoking one target does in a transaction. */
import type { AuthorityError } from '@countersign/verifier/errors';
import type { Revocation } from '@countersign/verifier/revocation/revocation';
import type { Actor } from '../audit/auditEvent.ts';
import type { Stores } from '../database.ts';
import type { SessionSelection } from '../sessions/store.ts';
import type { RevokingStores } from './propagation/revokeAndPropagate.ts';
import type { RevokeBudget } from './revokeBudgets.ts';

/** The work of one transaction. */
export interface Step {
  /** The budget it uses; none for a repetition, which adds no row. */
  costs?(stores: Stores): Promise<RevokeBudget | undefined>;
  /** The sessions that would end. Throws `not_found`. */
  find(stores: Stores): Promise<SessionSelection | undefined>;
  /** Returns how many sessions ended. `again`: a repetition, without a second audit event. */
  take(stores: RevokingStores, now: number, actor: Actor, again: boolean): Promise<number>;
}

/** For a repetition whose target has expired meanwhile: it succeeds, because nobody accepts the target any more. */
export function refuseNew(error: AuthorityError): Step {
  return {
    find: () => Promise.reject(error),
    async take(_stores, _now, _origin, again) {
      if (again) return 0;
      throw error;
    },
  };
}

/** A repetition is propagated again but adds no row to the deny-list or audit log. */
export async function isKnown({ revocations }: Stores, { subject, expiresAt }: Revocation): Promise<boolean> {
  const [known] = await revocations.find([subject]);
  return known !== undefined && known.expiresAt >= expiresAt;
}
