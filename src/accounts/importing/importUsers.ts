/**
 * Imports users from lines of a file, some hundred at a time, each time in one transaction. A row leaves its name with the user
 * that it made, so the same file can be imported again after an interruption: what is there is counted and not changed.
 */
import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError, invalidField } from '@countersign/verifier/errors';
import type { FactorId, UserId } from '@countersign/verifier/ids';
import { parseStrictObject } from '@countersign/verifier/tokens/strictJson';
import type { Actor } from '../../audit/auditEvent.ts';
import type { Database } from '../../database.ts';
import type { PasswordAttempts } from '../../login/throttling/passwordAttempts.ts';
import type { KeyedHash } from '../../platform/keyedHash.ts';
import { newId } from '../../platform/newId.ts';
import { accountLimits } from '../limits.ts';
import type { PhoneNumbers } from '../phone/phoneNumber.ts';
import { readAuth0Row } from './auth0Row.ts';
import type { ExistingUser, ReadFormat, UserToImport } from './importedUser.ts';
import { readKeycloakRow } from './keycloakRow.ts';
import { createReadOwnRow } from './ownRow.ts';

export const importFormats = ['countersign', 'keycloak', 'auth0'] as const;
export type ImportFormat = (typeof importFormats)[number];

export interface ImportBatch {
  readonly lines: readonly string[];
  /** The number of the first of them in the file. */
  readonly firstLine: number;
  readonly format: ImportFormat;
  /** Changes nothing; says what would be done. */
  readonly dryRun: boolean;
}

export interface RefusedRow {
  readonly line: number;
  /** Names the field and the rule. */
  readonly message: string;
}

export interface ImportResult {
  readonly created: number;
  /** Imported before, from an equal row. */
  readonly present: number;
  readonly refused: readonly RefusedRow[];
  /** Name of a field → rows with something in it that has no place here. */
  readonly leftOut: Readonly<Record<string, number>>;
}

export type ImportUsers = (batch: ImportBatch, actor: Actor) => Promise<ImportResult>;

export interface ImportUsersParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly phoneNumbers: PhoneNumbers;
  readonly passwordAttempts: Pick<PasswordAttempts, 'forget'>;
  /** Names rows: nobody can test guesses of e-mails, also of deleted users. */
  readonly rowHash: KeyedHash;
}

/** A row that was read. */
interface Row {
  readonly line: number;
  readonly user: UserToImport;
  readonly leftOut: readonly string[];
}

export function createImportUsers(parts: ImportUsersParts): ImportUsers {
  const { database, clock, passwordAttempts } = parts;
  const formats: Readonly<Record<ImportFormat, ReadFormat>> = {
    countersign: createReadOwnRow(parts.phoneNumbers),
    keycloak: readKeycloakRow,
    auth0: readAuth0Row,
  };
  return async ({ lines, firstLine, format, dryRun }, actor) => {
    const now = clock.now();
    const read = await readRows(parts, formats[format], { lines, firstLine, now });
    const { fresh, present, refused } = judge(read.rows, await findExisting(database, read.rows));
    const done = { present, leftOut: countLeftOut(fresh) };
    if (dryRun || fresh.length === 0)
      return { ...done, created: fresh.length, refused: inOrder(read.refused, refused) };
    const created = await database.transaction(async (stores) => {
      const ids = await stores.users.createImported(
        fresh.map(({ user }) => user),
        now,
      );
      const users = fresh.map(({ user }) => user).filter(({ id }) => ids.has(id));
      // Guesses made before the user existed must not lock the user out.
      await passwordAttempts.forget(
        stores,
        ...users.flatMap(({ email, phone }) => (phone === undefined ? [email] : [email, phone])),
      );
      const events = users.map(
        ({ id }) => ({ type: 'user_imported', actor, userId: id, reason: format }) as const,
      );
      await stores.audit.recordAll(events, now);
      return ids;
    });
    const late = fresh.filter(({ user }) => !created.has(user.id)).map(({ line }) => takenMeanwhile(line));
    return { ...done, created: created.size, refused: inOrder(read.refused, refused, late) };
  };
}

function inOrder(...lists: readonly (readonly RefusedRow[])[]): readonly RefusedRow[] {
  return lists.flat().sort((one, other) => one.line - other.line);
}

async function readRows(
  parts: ImportUsersParts,
  readFormat: ReadFormat,
  file: { readonly lines: readonly string[]; readonly firstLine: number; readonly now: number },
) {
  const rows: Row[] = [];
  const refused: RefusedRow[] = [];
  for (const [index, text] of file.lines.entries()) {
    const line = file.firstLine + index;
    if (text.trim() === '') continue;
    try {
      const { user, leftOut } = await readFormat(membersOf(text), file.now);
      const { email, passwordHash, emailVerified, phone, createdAt, disabled, id, locale } = user;
      const said = [email, passwordHash, emailVerified, phone, createdAt, disabled, id, locale];
      // Ids begin with the time of registration, so lists stay in that order.
      const madeId = newId<UserId>(createdAt ?? file.now);
      const phoneId = newId<FactorId>(createdAt ?? file.now);
      const importedRow = parts.rowHash(JSON.stringify(said));
      rows.push({ line, leftOut, user: { ...user, id: id ?? madeId, phoneId, importedRow } });
    } catch (error) {
      if (!(error instanceof AuthorityError) || error.code !== 'invalid_request') throw error;
      refused.push({ line, message: error.message });
    }
  }
  return { rows, refused };
}

function membersOf(text: string): Readonly<Record<string, unknown>> {
  if (Buffer.byteLength(text) > accountLimits.importLineBytes)
    throw invalidField('row', 'size', `must have at most ${accountLimits.importLineBytes} bytes`);
  // The reader of the file puts it where bytes were no UTF-8.
  if (text.includes('\uFFFD')) throw invalidField('row', 'utf8', 'must be UTF-8');
  const members = parseStrictObject(Buffer.from(text.trim()));
  if (members !== undefined) return members;
  throw invalidField('row', 'json', 'must be one JSON object whose names are all different');
}

async function findExisting({ users }: Database, rows: readonly Row[]): Promise<readonly ExistingUser[]> {
  return rows.length === 0 ? [] : users.findExisting(rows.map(({ user }) => user));
}

/** What becomes of each row; rows before it in the batch count as existing users. */
function judge(rows: readonly Row[], existing: readonly ExistingUser[]) {
  const fresh: Row[] = [];
  const refused: RefusedRow[] = [];
  const byRow = new Map<string, ExistingUser>();
  const there: There = { emails: new Set(), ids: new Set(), phones: new Set() };
  const add = (user: ExistingUser) => {
    if (user.importedRow !== undefined) byRow.set(nameOf(user.importedRow), user);
    there.emails.add(user.email);
    there.ids.add(user.id);
    if (user.phone !== undefined) there.phones.add(user.phone);
  };
  for (const user of existing) add(user);
  let present = 0;
  for (const row of rows) {
    const { line, user } = row;
    const same = byRow.get(nameOf(user.importedRow));
    const conflict = same?.deleted === true ? deletedSince : conflictOf(user, there);
    if (same !== undefined && !same.deleted) present += 1;
    else if (conflict !== undefined) refused.push({ line, message: conflict });
    else {
      fresh.push(row);
      add({ ...user, deleted: false });
    }
  }
  return { fresh, present, refused };
}

const nameOf = (importedRow: Uint8Array) => Buffer.from(importedRow).toString('base64');

const deletedSince = 'email: must not be of a user who was imported from this row and deleted since';

/** What users have who exist. */
interface There {
  readonly emails: Set<string>;
  readonly ids: Set<UserId>;
  readonly phones: Set<string>;
}

function conflictOf({ email, id, phone }: UserToImport, there: There): string | undefined {
  if (there.emails.has(email))
    return 'email: must not be of a user who exists with other data; nothing was changed';
  if (there.ids.has(id)) return 'id: must not be of another user; nothing was changed';
  if (phone === undefined || !there.phones.has(phone)) return undefined;
  return 'phone: must not be of another user; nothing was changed';
}

function takenMeanwhile(line: number): RefusedRow {
  return {
    line,
    message: 'email, id, phone: must not be of a user who was created meanwhile; import the row again',
  };
}

function countLeftOut(rows: readonly Row[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of rows.flatMap(({ leftOut }) => leftOut)) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
