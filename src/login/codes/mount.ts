/** Puts codes together: the channels, their kinds of second factor, and logins without the password. */
import { createMailBudgets } from '../../accounts/mailBudgets.ts';
import { createPhoneNumbers } from '../../accounts/phone/phoneNumber.ts';
import { createSmsBudgets } from '../../accounts/phone/smsBudgets.ts';
import type { Notify } from '../../notifications/outbox.ts';
import type { Config } from '../../platform/config/config.ts';
import { createKeyedHash } from '../../platform/keyedHash.ts';
import type { Metrics } from '../../platform/observability/metrics.ts';
import type { RateLimitParts } from '../../platform/rateLimits.ts';
import type { IsKnownPlace } from '../throttling/passwordAttempts.ts';
import { createCodeChannels } from './codeChannels.ts';
import { createCodeKind } from './codeKind.ts';
import { type CodeLoginParts, createCodeLogin } from './codeLogin.ts';
import { codeLoginRoutes } from './http.ts';
import { phoneFactor } from './phoneFactor.ts';
import { createStartCodeLogin, type StartCodeLoginParts } from './startCodeLogin.ts';

/** What other slices use, too. */
export function openCodes(parts: {
  readonly config: Pick<Config, 'messages' | 'secondFactorByEmail'>;
  /** Must be equal on every node. */
  readonly keyEncryptionKey: Uint8Array;
  /** Undefined when rate limits are off. */
  readonly counting: RateLimitParts | undefined;
  readonly isKnownPlace: IsKnownPlace;
  readonly notify: Notify;
  readonly requireMail: () => void;
  readonly requireSms: () => void;
  readonly metrics: Pick<Metrics, 'code'>;
}) {
  const { config, keyEncryptionKey, counting, isKnownPlace, notify, requireMail, requireSms, metrics } =
    parts;
  const phoneNumbers = createPhoneNumbers(config.messages.smsCountries);
  const spendMail = createMailBudgets(counting, isKnownPlace);
  const spendSms = createSmsBudgets(counting, isKnownPlace);
  const channels = createCodeChannels({ phoneNumbers, requireMail, requireSms, spendMail, spendSms });
  const codeHash = createKeyedHash(keyEncryptionKey, 'login-codes');
  const codes = { notify, codeHash, onCode: metrics.code };
  const kinds = [
    { ...createCodeKind(codes, channels.mail, config.secondFactorByEmail), isLastResort: true },
    { ...createCodeKind(codes, channels.sms, true), ...phoneFactor },
  ];
  return {
    kinds,
    /** For logins without the password. */
    login: { ...codes, channels },
    /** For adding a phone. */
    phones: { phoneNumbers, spendSms, requireSms, onCode: metrics.code },
  };
}

export type CodeMountParts = CodeLoginParts & StartCodeLoginParts;

export function mountCodes(parts: CodeMountParts) {
  return {
    routes: [codeLoginRoutes(createStartCodeLogin(parts), createCodeLogin(parts))],
  };
}
