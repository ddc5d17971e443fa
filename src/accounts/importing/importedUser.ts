/** A user as a row of an import file says, and how the database takes many of them. */
import type { FactorId, UserId } from '@countersign/verifier/ids';
import type { Email } from '../email.ts';
import type { Phone } from '../phone/phoneNumber.ts';

/** Fields of a row, whatever its format. */
export interface ImportedUser {
  readonly email: Email;
  /** Of any form that `importedHash.ts` reads; empty without a password. */
  readonly passwordHash: string;
  readonly emailVerified: boolean;
  /** One that the user proved to the earlier system. */
  readonly phone?: Phone | undefined;
  readonly createdAt?: number | undefined;
  readonly disabled: boolean;
  readonly id?: UserId | undefined;
  readonly locale?: string | undefined;
}

export interface ReadRow {
  readonly user: ImportedUser;
  /** What the row says and we have no place for: names of fields. */
  readonly leftOut: readonly string[];
}

/** Reads the members of one row. Throws `invalid_request` naming the field. */
export type ReadFormat = (members: Readonly<Record<string, unknown>>, now: number) => Promise<ReadRow>;

/** A user with all that its row in the database needs. */
export interface UserToImport extends ImportedUser {
  readonly id: UserId;
  readonly phoneId: FactorId;
  /** Names the row of the file. */
  readonly importedRow: Uint8Array;
}

/** A user that a row may be in conflict with. */
export interface ExistingUser {
  readonly id: UserId;
  readonly email: Email;
  readonly phone?: Phone | undefined;
  readonly importedRow: Uint8Array | undefined;
  readonly deleted: boolean;
}

export interface ImportStore {
  /** Users, also deleted ones, with an e-mail, an id, a phone or a row of these. */
  findExisting(users: readonly UserToImport[]): Promise<readonly ExistingUser[]>;
  /** Creates those that are in conflict with no user; returns their ids. */
  createImported(users: readonly UserToImport[], now: number): Promise<ReadonlySet<UserId>>;
}
