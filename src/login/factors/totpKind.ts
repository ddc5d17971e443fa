/** Authenticator apps as a second factor. */
import type { FactorId } from '@countersign/verifier/ids';
import { UnsealError } from '../../platform/sealing.ts';
import type { FactorKind } from './factors.ts';
import type { TotpSecrets } from './totp.ts';
import type { TotpFactor, TotpStore } from './totpStore.ts';

export function createTotpKind(parts: {
  readonly totpFactors: Pick<TotpStore, 'list'>;
  readonly secrets: Pick<TotpSecrets, 'stepOf'>;
  /** A secret that was sealed with a key that is lost. */
  readonly onUnreadable: (id: FactorId) => void;
}): FactorKind {
  const { totpFactors, secrets, onUnreadable } = parts;
  const stepOf = (factor: TotpFactor, code: string, now: number) => {
    try {
      return secrets.stepOf(factor, code, now);
    } catch (error) {
      if (!(error instanceof UnsealError)) throw error;
      onUnreadable(factor.id);
      return undefined;
    }
  };
  const rightOf = (factors: readonly TotpFactor[], code: string, now: number) => {
    for (const factor of factors) {
      const step = stepOf(factor, code, now);
      if (step !== undefined) return { factor, step };
    }
    return undefined;
  };

  return {
    name: 'totp',
    member: 'totp',
    standsAlone: true,
    isUsable: async (stores, { id }) => (await stores.totpFactors.list(id)).length > 0,

    async verify(user, { value }, _underWay, now) {
      const factors = await totpFactors.list(user.id);
      const right = typeof value === 'string' ? rightOf(factors, value, now) : undefined;
      if (right === undefined) return { refused: factors.length === 0 ? 'no_factor' : 'wrong_totp' };
      const { id } = right.factor;
      return {
        amr: ['otp'],
        openedBy: id,
        commit: (stores, at) => stores.totpFactors.use(id, right.step, at),
      };
    },

    async list(stores, userId) {
      const factors = await stores.totpFactors.list(userId);
      return factors.map(({ id, name, createdAt, lastUsedAt }) => ({ id, name, createdAt, lastUsedAt }));
    },
    remove: (stores, userId, id) => stores.totpFactors.remove(userId, id),
    forget: (stores, userId) => stores.totpFactors.forget(userId),
  };
}
