import type { UserId } from '@countersign/verifier/ids';
import type { Email } from './email.ts';

/** Someone who logs in. */
export interface User {
  readonly id: UserId;
  readonly email: Email;
  /** PHC string of argon2id. */
  readonly passwordHash: string;
  /**
   * Bumped by whatever ends all sessions of the user, or all but one, so that what is in flight does not survive it; `ver` in
   * tokens. Compared as an integer, never by time.
   */
  readonly tokenVersion: number;
  readonly disabledAt: number | undefined;
}

export interface UserStore {
  /** Answers 'email_taken' and changes nothing when another user has this e-mail. */
  create(user: Pick<User, 'id' | 'email' | 'passwordHash'>, now: number): Promise<'created' | 'email_taken'>;
  find(id: UserId): Promise<User | undefined>;
  /** Whether there is any. */
  any(): Promise<boolean>;
  findByEmail(email: Email): Promise<User | undefined>;
  /** Of those who have one: not of deleted users. */
  emails(ids: readonly UserId[]): Promise<ReadonlyMap<UserId, Email>>;
  /**
   * Reads the user's row, that of a deleted one too, and locks it until the transaction ends. Whoever makes a session and
   * whoever ends all sessions locks it: so a login in flight either sees the new version or is seen and ended, and two count the
   * same sessions.
   */
  lock(id: UserId): Promise<User | undefined>;
  /** Adds one to the token version and answers the new one. The caller holds the row's lock. */
  bumpTokenVersion(id: UserId): Promise<number>;
  /**
   * The same for those of the next `rows` users after `after`, by id, who have a session that began before `begunBefore` and has not
   * ended. Answers the last user that was looked at, or undefined when there are no more. Locks rows by itself.
   */
  bumpTokenVersions(
    begunBefore: number,
    after: UserId | undefined,
    rows: number,
  ): Promise<UserId | undefined>;
  setPassword(id: UserId, passwordHash: string, now: number): Promise<void>;
  /** Replaces a hash of the same password that was made with older parameters. */
  replaceHash(id: UserId, passwordHash: string): Promise<void>;
  disable(id: UserId, now: number): Promise<void>;
  /** Takes back what `disable` did. */
  enable(id: UserId): Promise<void>;
  /**
   * Removes what is personal, and the user from every other method; what refers to the id can go on doing so. False when that
   * had been done before. The caller holds the row's lock.
   */
  delete(id: UserId, now: number): Promise<boolean>;
  /** Whether there was such a user, who has been deleted. */
  wasDeleted(id: UserId): Promise<boolean>;
}
