import type { FactorId, UserId } from '@countersign/verifier/ids';
import type { ListOrder } from '../platform/listOrder.ts';
import type { Email } from './email.ts';
import type { ImportStore } from './importing/importedUser.ts';
import type { Phone } from './phone/phoneNumber.ts';

export interface User {
  readonly id: UserId;
  readonly email: Email;
  /** PHC string of argon2id; of an imported user another system's, until the first login. Empty without a password. */
  readonly passwordHash: string;
  /**
   * Increased when all sessions of the user end, or all but one, so that requests in flight fail; `ver` in tokens. Compared as an
   * integer, never by time.
   */
  readonly tokenVersion: number;
  readonly disabledAt: number | undefined;
  readonly createdAt: number;
  /** When mail to the address was proved to arrive. */
  readonly emailVerifiedAt: number | undefined;
  /** The language of mails: BCP 47. */
  readonly locale: string | undefined;
  /** A phone that the user proved. */
  readonly phone: UserPhone | undefined;
  /** When support's reset of the second factors happens, unless it is stopped. */
  readonly factorsResetAt: number | undefined;
  /** The password is one that support set: good for one login until then. */
  readonly oneTimePasswordUntil: number | undefined;
}

export interface UserPhone {
  readonly number: Phone;
  /** As a factor: what opened a session. */
  readonly id: FactorId;
  readonly verifiedAt: number;
}

/** `emailVerifiedAt`: undefined until it is proved. */
export type NewUser = Pick<User, 'id' | 'email' | 'passwordHash'> &
  Partial<Pick<User, 'emailVerifiedAt' | 'locale'>>;

export interface ListedUser {
  readonly id: UserId;
  readonly email: Email;
  readonly state: 'active' | 'disabled';
  readonly emailVerified: boolean;
  readonly createdAt: number;
}

export const userOrders = ['create_time', 'email'] as const;
export type UserOrder = ListOrder<(typeof userOrders)[number]>;

export interface UserStore extends ImportStore {
  /** Returns 'email_taken' without a change when another user has this e-mail. */
  create(user: NewUser, now: number): Promise<'created' | 'email_taken'>;
  find(id: UserId): Promise<User | undefined>;
  /** Whether any user exists. */
  any(): Promise<boolean>;
  findByEmail(email: Email): Promise<User | undefined>;
  /** Users that are not deleted. */
  list(page: {
    readonly limit: number;
    /** The id of the last one of the page before; in the order of e-mails, its e-mail then. */
    readonly after?: UserId | Email | undefined;
    /** Only those whose e-mail contains this. */
    readonly contains?: string;
    /** In the order of registration by default. */
    readonly order?: UserOrder;
  }): Promise<readonly ListedUser[]>;
  /** E-mails of the users that are not deleted. */
  emails(ids: readonly UserId[]): Promise<ReadonlyMap<UserId, Email>>;
  /**
   * Reads the user's row, even a deleted one, and locks it until the transaction ends. Creating a session and ending all sessions
   * both take this lock: a login in flight either sees the new version or is ended, and two logins count the same sessions.
   */
  lock(id: UserId): Promise<User | undefined>;
  /** Increases the token version and returns it. The caller holds the row's lock. */
  bumpTokenVersion(id: UserId): Promise<number>;
  /**
   * Increases the token version of those of the next `rows` users after `after`, by id, that have a live session begun before
   * `begunBefore`. Returns the last user looked at, or undefined at the end. Locks the rows itself.
   */
  bumpTokenVersions(
    begunBefore: number,
    after: UserId | undefined,
    rows: number,
  ): Promise<UserId | undefined>;
  /** `oneTimeUntil`: it is a one-time password, good until then. */
  setPassword(id: UserId, passwordHash: string, now: number, oneTimeUntil?: number): Promise<void>;
  /** Takes the password away: none is right until a new one is set. False unless it is a one-time password. */
  useOneTimePassword(id: UserId, passwordHash: string): Promise<boolean>;
  /** Mail to the address arrives. Keeps the time of an earlier proof. */
  verifyEmail(id: UserId, now: number): Promise<void>;
  /** Replaces the address by a proved one. Returns 'email_taken' without a change when another user has it. Only in a transaction. */
  replaceEmail(id: UserId, email: Email, now: number): Promise<'replaced' | 'email_taken'>;
  /** The user who proved this phone. */
  findByPhone(phone: Phone): Promise<User | undefined>;
  /** Replaces the phone by a proved one. Returns 'taken' without a change when another user has it. Only in a transaction. */
  setPhone(id: UserId, phone: UserPhone): Promise<'set' | 'taken'>;
  /** Removes the phone. False when the user has no phone with this id. */
  removePhone(id: UserId, phoneId: FactorId): Promise<boolean>;
  /** The id of the phone, also when it was removed. */
  lastPhoneId(id: UserId): Promise<FactorId | undefined>;
  /** Plans a reset of the second factors, or stops it. */
  planFactorsReset(id: UserId, at: number | undefined): Promise<void>;
  /** At most `limit` users whose reset is due, the longest due first. */
  dueFactorsResets(
    due: { readonly since: number; readonly until: number },
    limit: number,
  ): Promise<readonly UserId[]>;
  /** Stops every planned reset: after the database was restored to an earlier state. */
  stopFactorsResets(): Promise<void>;
  /** Replaces the hash of an unchanged password: does nothing when it is no longer `previous`. */
  replaceHash(id: UserId, previous: string, passwordHash: string): Promise<void>;
  disable(id: UserId, now: number): Promise<void>;
  /** Reverses `disable`. */
  enable(id: UserId): Promise<void>;
  /**
   * Removes personal data, and hides the user from every other method; references to the id stay valid. False when already
   * deleted. The caller holds the row's lock.
   */
  delete(id: UserId, now: number): Promise<boolean>;
  /** Whether a user with this id was deleted. */
  wasDeleted(id: UserId): Promise<boolean>;
}
