/** The phone in the list of a user's factors. */
import { maskedPhone } from '../../accounts/phone/phoneNumber.ts';
import type { FactorKind } from '../factors/factors.ts';

export const phoneFactor: Required<Pick<FactorKind, 'list' | 'remove' | 'forget'>> = {
  async list({ users }, userId) {
    const phone = (await users.find(userId))?.phone;
    if (phone === undefined) return [];
    const { id, number, verifiedAt } = phone;
    return [{ id, name: maskedPhone(number), createdAt: verifiedAt, lastUsedAt: undefined }];
  },
  remove: ({ users }, userId, id) => users.removePhone(userId, id),
  async forget({ users }, userId) {
    const id = await users.lastPhoneId(userId);
    if (id !== undefined) await users.removePhone(userId, id);
  },
};
