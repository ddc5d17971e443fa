/**
 * One-time codes by mail and by message to a phone. Owns the two channels and the form of a code's hash. Does not own what a code
 * is good for: a second factor (`codeKind.ts`), or a login without the password (`startCodeLogin.ts`, `codeLogin.ts`).
 */
import type { FactorId } from '@countersign/verifier/ids';
import { type Email, normaliseEmail } from '../../accounts/email.ts';
import type { SpendMail } from '../../accounts/mailBudgets.ts';
import type { Phone, PhoneNumbers } from '../../accounts/phone/phoneNumber.ts';
import type { SpendSms } from '../../accounts/phone/smsBudgets.ts';
import type { User, UserStore } from '../../accounts/user.ts';
import type { Message } from '../../notifications/message.ts';
import type { KeyedHash } from '../../platform/keyedHash.ts';
import type { RateCaller } from '../../platform/rateLimits.ts';

/** Why a code is sent: each has budgets of its own, so that strangers cannot use up those of the owner. */
export type CodeUse = 'login_code' | 'factor_code';

export interface CodeChannel<Address extends string = string> {
  readonly kind: 'email_code' | 'sms_code';
  readonly channel: Message['channel'];
  /** RFC 8176. */
  readonly amr: 'otp' | 'sms';
  /** Throws `invalid_request`, naming the field. */
  check(text: string): Promise<Address>;
  /** Where the user's codes go: only where they were proved to arrive. */
  addressOf(user: User): Address | undefined;
  find(users: Pick<UserStore, 'findByEmail' | 'findByPhone'>, address: Address): Promise<User | undefined>;
  /** The session ends when this is removed. */
  factorOf(user: User): FactorId | undefined;
  /** Throws `mail_not_configured`, or `sms_not_configured`. */
  checkConfigured(): void;
  /** Whether the settings still let a proved address get messages. */
  isAllowed(address: Address): Promise<boolean>;
  /** False when enough were sent. `user`: undefined when nobody gets it. */
  spend(use: CodeUse, address: Address, by: { caller: RateCaller; user: User | undefined }): Promise<boolean>;
}

export interface ChannelParts {
  readonly phoneNumbers: PhoneNumbers;
  readonly requireMail: () => void;
  readonly requireSms: () => void;
  readonly spendMail: SpendMail;
  readonly spendSms: SpendSms;
}

export function createCodeChannels(parts: ChannelParts) {
  const { phoneNumbers, requireMail, requireSms, spendMail, spendSms } = parts;
  const mail: CodeChannel<Email> = {
    ...({ kind: 'email_code', channel: 'mail', amr: 'otp' } as const),
    check: async (text) => normaliseEmail(text),
    addressOf: ({ email, emailVerifiedAt }) => (emailVerifiedAt === undefined ? undefined : email),
    find: (users, email) => users.findByEmail(email),
    factorOf: () => undefined,
    checkConfigured: requireMail,
    isAllowed: async () => true,
    spend: (use, email, { caller }) => spendMail(use, email, caller),
  };
  const sms: CodeChannel<Phone> = {
    ...({ kind: 'sms_code', channel: 'sms', amr: 'sms' } as const),
    check: phoneNumbers.check,
    addressOf: ({ phone }) => phone?.number,
    find: (users, phone) => users.findByPhone(phone),
    factorOf: ({ phone }) => phone?.id,
    checkConfigured: requireSms,
    isAllowed: phoneNumbers.isAllowed,
    spend: (kind, number, { caller, user }) => spendSms({ kind, number, by: caller, user }),
  };
  return { mail, sms } as { readonly mail: CodeChannel; readonly sms: CodeChannel };
}

export type CodeChannels = ReturnType<typeof createCodeChannels>;

/** Bound to the login or step-up that asked for the code, and to where it went: read aloud, it is of no use elsewhere. */
export function sentCodeHash(
  codeHash: KeyedHash,
  { hash, kind, address }: { readonly hash: Uint8Array; readonly kind: string; readonly address: string },
  code: string,
): Buffer {
  return codeHash(Buffer.from(hash).toString('base64url'), kind, address, code);
}
