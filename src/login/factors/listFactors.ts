/** A user's second factors. */
import type { UserId } from '@countersign/verifier/ids';
import type { Database } from '../../database.ts';
import type { FactorKinds, FactorName, ListedFactor } from './factors.ts';

export interface Factors {
  readonly factors: readonly (ListedFactor & { readonly kind: FactorName })[];
  readonly recoveryCodesLeft: number;
}

export type ListFactors = (userId: UserId) => Promise<Factors>;

export function createListFactors(parts: {
  readonly database: Database;
  readonly kinds: FactorKinds;
}): ListFactors {
  const { database, kinds } = parts;
  return async (userId) => {
    const listed = await Promise.all(
      kinds.all.map(async ({ name, list }) =>
        ((await list?.(database, userId)) ?? []).map((factor) => ({ ...factor, kind: name })),
      ),
    );
    return { factors: listed.flat(), recoveryCodesLeft: await database.recoveryCodes.left(userId) };
  };
}
