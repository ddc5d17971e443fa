import type { FactorId, UserId } from '@countersign/verifier/ids';

/** An authenticator app. Times are milliseconds since the Unix epoch. */
export interface TotpFactor {
  readonly id: FactorId;
  readonly userId: UserId;
  readonly name: string;
  /** 160 random bits, sealed with KEY_ENCRYPTION_KEY. */
  readonly sealedSecret: Uint8Array;
  /** The time step of the last accepted code. */
  readonly lastStep: number;
  readonly createdAt: number;
  /** It counts as a factor from then on. */
  readonly confirmedAt: number | undefined;
  readonly lastUsedAt: number | undefined;
}

export type SealedTotpSecret = Pick<TotpFactor, 'id' | 'sealedSecret'>;

export interface TotpStore {
  /** Replaces the user's unconfirmed enrolment. */
  enrol(factor: Pick<TotpFactor, 'id' | 'userId' | 'name' | 'sealedSecret' | 'createdAt'>): Promise<void>;
  /** The user's unconfirmed enrolment, begun after `since`. */
  findEnrolment(userId: UserId, since: number): Promise<TotpFactor | undefined>;
  /** The user's confirmed factors, oldest first. */
  list(userId: UserId): Promise<readonly TotpFactor[]>;
  /** Confirms an enrolment with a code of this step, which is then used. False when it is gone or confirmed. */
  confirm(id: FactorId, step: number, now: number): Promise<boolean>;
  /** Uses the code of a step. False when a code of this step or a later one was used, or the factor is gone. */
  use(id: FactorId, step: number, now: number): Promise<boolean>;
  /** False when the user has no such confirmed factor. */
  remove(userId: UserId, id: FactorId): Promise<boolean>;
  /** Deletes all of the user's factors and enrolments. */
  forget(userId: UserId): Promise<void>;
  /** Deletes at most `limit` unconfirmed enrolments begun longer than `olderThanMs` ago; returns how many. */
  pruneEnrolments(olderThanMs: number, now: number, limit: number): Promise<number>;
  /** At most `limit` secrets, by id after `after`, sealed with another key than values beginning with `header`. */
  listSealedOtherwise(
    header: Uint8Array,
    after: FactorId | undefined,
    limit: number,
  ): Promise<readonly SealedTotpSecret[]>;
  /** Stores the resealed form of an unchanged secret. */
  reseal(secret: SealedTotpSecret): Promise<void>;
}
