/** Classifies database faults: "try again" or a defect, and what an operator can do. */
import { AuthorityError } from '@countersign/verifier/errors';
import { Prisma } from './generated/client.ts';

interface FaultKind {
  /** For log, metrics and readiness. */
  readonly reason: string;
  /** Completes "the database …". */
  readonly words: string;
  /** Waiting does not help: somebody must act. */
  readonly lasting?: true;
}

const notThere: FaultKind = {
  reason: 'database_tables_missing',
  words:
    'lacks tables or functions that this version needs; is it the right database, and the right ?schema=?',
  lasting: true,
};
const readOnly: FaultKind = {
  reason: 'database_read_only',
  words: 'is read-only: it is a standby, or was failed over; DATABASE_URL must lead to the primary',
};
const login: FaultKind = {
  reason: 'database_login_refused',
  words: 'refuses the login; has the password been changed?',
};
const rights: FaultKind = {
  reason: 'database_rights_missing',
  words: 'denies a required permission; docs/database.md lists the grants of the role that serves',
  lasting: true,
};
const certificate: FaultKind = {
  reason: 'database_certificate',
  words:
    'shows a certificate that is not trusted here; name its authority in ?sslrootcert=, and the host that it is for',
};
const withoutTls: FaultKind = {
  reason: 'database_certificate',
  words: 'does not speak TLS, which ?sslmode= asks for',
};
const conflict: FaultKind = {
  reason: 'database',
  words: 'ended a transaction that conflicted with another one',
};
const connections: FaultKind = {
  reason: 'database_connections_exhausted',
  words: 'has no free connection; raise max_connections or the limit of the role',
};
const full: FaultKind = { reason: 'database_full', words: 'has no space left on its disk' };
const unsuitable: FaultKind = {
  reason: 'database_unsuitable',
  words:
    'cannot tell its position in the write-ahead log: it is a standby, or a server that hides it (Amazon Aurora), which cannot be used',
};
const away: FaultKind = { reason: 'database', words: 'does not answer' };

/** By SQLSTATE or its first two characters: faults of the server or of permissions, not of our statements. */
const kinds: Readonly<Record<string, FaultKind>> = {
  '08': away,
  '25006': readOnly,
  '25P03': away,
  '25P04': away,
  '28': login,
  '3D': { reason: 'database_missing', words: 'does not exist on this server' },
  '3F': notThere,
  '40': conflict,
  '42501': rights,
  '42P01': notThere,
  '42703': notThere,
  '42704': notThere,
  '42883': notThere,
  '53': away,
  '53100': full,
  '53300': connections,
  '53400': connections,
  '55': unsuitable,
  '55006': away,
  '55P03': conflict,
  '57': away,
  '58': away,
  XX: away,
};

/**
 * Prisma's codes: unreachable (P1001, P1002, P1008, P1017), no free connection (P2024, P2037), transaction not begun, timed out
 * or disconnected (P2028), write conflict or deadlock (P2034).
 */
const passingCodes = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028', 'P2034', 'P2037']);

/** Lost sockets. */
const passingErrnos =
  /\b(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)\b/;

/** Messages of the driver, which has no codes for them, and of Prisma where it drops the code. */
const passingWords =
  /Connection (terminated|ended)|connection error|terminating connection|timeout exceeded|timeout expired|read timeout|closed the connection|can't reach database|operation has timed out|the connection was closed|too many database connections|ConnectionClosed|SocketTimeout|DatabaseNotReachable|TooManyConnections|write conflict or a deadlock/i;

/** PGlite reports a full disk in the server's or the file system's words. */
const fullWords = /No space left on device|ENOSPC/i;

/** Node.js has many codes for untrusted or wrong certificates. */
const certificateCodes = /CERT|_SIGNATURE$|^UNABLE_TO_/;

/** Five characters with at least one digit, so not `EPIPE`. */
const sqlState = /^(?=.*\d)[0-9A-Z]{5}$/;

/** The SQLSTATE in an error of the driver, or of Prisma around it; undefined when the server did not report one. */
export function sqlStateOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof Prisma.PrismaClientKnownRequestError) {
    const cause = (error.meta?.['driverAdapterError'] as { cause?: { originalCode?: unknown } } | undefined)
      ?.cause;
    if (typeof cause?.originalCode === 'string') return cause.originalCode;
  }
  const { code } = error as NodeJS.ErrnoException;
  if (typeof code === 'string' && sqlState.test(code) && !code.startsWith('P')) return code;
  return sqlStateOf(error.cause);
}

function kindOf(error: unknown): FaultKind | undefined {
  if (!(error instanceof Error)) return undefined;
  if (fullWords.test(error.message)) return full;
  if (certificateCodes.test((error as NodeJS.ErrnoException).code ?? '')) return certificate;
  if (error.message === 'The server does not support SSL connections') return withoutTls;
  const state = sqlStateOf(error);
  const kind = state === undefined ? undefined : (kinds[state] ?? kinds[state.slice(0, 2)]);
  return kind ?? (isPassing(error) ? away : undefined);
}

function isPassing(error: Error): boolean {
  if (error instanceof Prisma.PrismaClientKnownRequestError && passingCodes.has(error.code)) return true;
  if (error instanceof Prisma.PrismaClientInitializationError) return true;
  const meta = error instanceof Prisma.PrismaClientKnownRequestError ? JSON.stringify(error.meta ?? {}) : '';
  const said = `${error.message} ${(error as NodeJS.ErrnoException).code ?? ''} ${meta}`;
  return passingErrnos.test(said) || passingWords.test(said);
}

/** The database rolled back a conflicting or deadlocked transaction. Nothing of it was stored. */
export function isConflict(error: unknown): boolean {
  if (error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2034') return true;
  return ['40P01', '40001'].includes(sqlStateOf(error) ?? '');
}

/** The server or the role's limit allows no further connection. */
export function isOutOfConnections(error: unknown): boolean {
  return kindOf(error) === connections;
}

/** Waiting does not help. */
export function isLasting(error: unknown): boolean {
  return kindOf(error)?.lasting === true;
}

/** One line for an operator: the fault and its remedy, with the server's words. */
export function describeFault(error: unknown): string {
  const kind = kindOf(error);
  const said =
    error instanceof Error
      ? lastLine(error.message || String((error as NodeJS.ErrnoException).code))
      : String(error);
  return kind === undefined || kind === away ? said : `the database ${kind.words} (${said})`;
}

/** Removes the statement and source location that Prisma puts first. */
function lastLine(message: string): string {
  return message.trim().split('\n').at(-1)?.trim() ?? '';
}

/** A database that cannot work now becomes `unavailable` with a retry time; other errors stay unchanged. */
export function translateFault(error: unknown): unknown {
  if (error instanceof AuthorityError) return error;
  const kind = kindOf(error);
  if (kind === undefined) return error;
  return new AuthorityError('unavailable', { retryAfterSeconds: 1, reason: kind.reason, cause: error });
}
