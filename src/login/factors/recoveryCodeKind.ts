/** Recovery codes in place of a second factor. */
import type { Notices } from '../../notifications/notices.ts';
import type { FactorKind } from './factors.ts';
import type { RecoveryCodeStore } from './recoveryCodeStore.ts';
import { recoveryCodeHash } from './recoveryCodes.ts';

export function createRecoveryCodeKind(parts: {
  readonly recoveryCodes: Pick<RecoveryCodeStore, 'has'>;
  readonly notices: Notices;
}): FactorKind {
  return {
    name: 'recovery_code',
    member: 'recovery_code',
    standsAlone: false,
    isUsable: async (stores, { id }) => (await stores.recoveryCodes.left(id)) > 0,

    async verify(user, { value }) {
      const hash = typeof value === 'string' ? recoveryCodeHash(value) : undefined;
      if (hash === undefined || !(await parts.recoveryCodes.has(user.id, hash)))
        return { refused: 'wrong_recovery_code' };
      return {
        // RFC 8176 has no word for it; it is a one-time password from a list.
        amr: ['otp'],
        commit: (stores, now) => stores.recoveryCodes.use(user.id, hash, now),
      };
    },

    async onUse(stores, { user, actor, now }) {
      const left = await stores.recoveryCodes.left(user.id);
      await parts.notices(stores, user, 'recovery_code_used', { now, actor, left });
    },

    forget: (stores, userId) => stores.recoveryCodes.forget(userId),
  };
}
