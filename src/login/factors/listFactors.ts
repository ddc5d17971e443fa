/** A user's second factors. */
import type { Clock } from '@countersign/verifier/clock';
import type { UserId } from '@countersign/verifier/ids';
import type { Database } from '../../database.ts';
import type { FactorKinds, FactorName, ListedFactor } from './factors.ts';

export interface Factors {
  readonly factors: readonly (ListedFactor & { readonly kind: FactorName })[];
  readonly recoveryCodesLeft: number;
  /** What the user can prove in a step-up. */
  readonly usable: readonly FactorName[];
}

export type ListFactors = (userId: UserId) => Promise<Factors>;

export function createListFactors(parts: {
  readonly database: Database;
  readonly kinds: FactorKinds;
  readonly clock: Clock;
}): ListFactors {
  const { database, kinds, clock } = parts;
  return async (userId) => {
    const listed = await Promise.all(
      kinds.all.map(async ({ name, list }) =>
        ((await list?.(database, userId)) ?? []).map((factor) => ({ ...factor, kind: name })),
      ),
    );
    const user = await database.users.find(userId);
    const usable = user === undefined ? [] : await kinds.usable(database, user, clock.now());
    return { factors: listed.flat(), recoveryCodesLeft: await database.recoveryCodes.left(userId), usable };
  };
}
