/** Sends a code to a number that the caller wants to add. Until the code comes back, nothing changes. */
import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import type { Actor } from '../../audit/auditEvent.ts';
import type { Database } from '../../database.ts';
import { requireFactorsAllowed } from '../../login/factors/factorPolicy.ts';
import { checkUnchanged, findCaller } from '../../login/passwords/reauthentication.ts';
import { notificationLimits } from '../../notifications/limits.ts';
import type { Notify } from '../../notifications/outbox.ts';
import type { Config } from '../../platform/config/config.ts';
import type { KeyedHash } from '../../platform/keyedHash.ts';
import { newCode, newOneTimeToken } from '../../platform/oneTimeTokens.ts';
import type { Caller } from '../../sessions/session.ts';
import type { PhoneNumbers } from './phoneNumber.ts';
import type { SpendSms } from './smsBudgets.ts';

export const phonePurpose = 'phone_proof';

export interface RequestPhoneParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly phoneNumbers: PhoneNumbers;
  readonly requireSms: () => void;
  readonly spendSms: SpendSms;
  readonly notify: Notify;
  /** Hashes of codes: six digits need a key. */
  readonly codeHash: KeyedHash;
  readonly onCode: (channel: 'sms', outcome: 'sent' | 'used') => void;
  readonly policy: Config['secondFactor'];
}

/**
 * Throws `sms_not_configured`, `permission_denied` when the settings allow no second factors, and `rate_limited` after too many
 * messages. Sends nothing to the number that the user has.
 */
export type RequestPhone = (phone: string, caller: Caller, actor: Actor) => Promise<void>;

export function createRequestPhone(parts: RequestPhoneParts): RequestPhone {
  return async (text, caller, actor) => {
    parts.requireSms();
    requireFactorsAllowed(parts.policy);
    const number = await parts.phoneNumbers.check(text);
    const user = await findCaller(parts, caller);
    if (user.phone?.number === number) return;
    const { userId, sessionId } = caller;
    if (!(await parts.spendSms({ kind: 'phone_proof', number, by: actor, user }))) throw tooManySms();
    const now = parts.clock.now();
    await parts.database.transaction(async (stores) => {
      await checkUnchanged(stores, user, sessionId);
      await stores.oneTimeTokens.forget(userId, phonePurpose);
      const code = newCode();
      // Nobody gets the token: the session tells whose code it is.
      const { hash } = newOneTimeToken();
      await stores.oneTimeTokens.create({
        ...{ hash, purpose: phonePurpose, userId, tries: 0 },
        codeHash: phoneCodeHash(parts.codeHash, hash, number, code),
        detail: { phone: number },
        ...{ createdAt: now, expiresAt: now + notificationLimits.codeMilliseconds },
      });
      const minutes = notificationLimits.codeMilliseconds / 60_000;
      const message = { channel: 'sms', template: 'verify_phone', to: number, locale: user.locale } as const;
      await parts.notify(stores, { ...message, data: { code, minutes } }, { userId, now });
      const about = { actor, userId, sessionId, reason: 'phone', detail: { channel: 'sms' } };
      await stores.audit.record({ type: 'code_sent', ...about }, now);
    });
    parts.onCode('sms', 'sent');
  };
}

/** Bound to what was sent, and where. */
export function phoneCodeHash(codeHash: KeyedHash, token: Uint8Array, number: string, code: string): Buffer {
  return codeHash(Buffer.from(token).toString('base64url'), number, code);
}

export function tooManySms(): AuthorityError {
  return new AuthorityError('rate_limited', {
    detail: 'Enough messages were sent; try again in an hour.',
    retryAfterSeconds: 3_600,
    reason: 'sms_budget',
  });
}
