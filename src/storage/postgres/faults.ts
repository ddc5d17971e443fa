/** Faults of the database, told apart: what means "try again" and what is a defect. */
import { AuthorityError } from '../../core/errors.ts';
import { Prisma } from './generated/client.ts';

/**
 * Prisma's codes for: unreachable (P1001, P1002, P1017), no free connection (P2024), transaction could not begin, ran
 * out of time or lost its connection (P2028), write conflict or deadlock (P2034).
 */
const passingCodes = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028', 'P2034', 'P2037']);

/** SQLSTATE classes 08 (connection), 53 (resources), 57 (operator intervention, timeouts), and lost sockets. */
const passingStates = /\b((?:08|53|57)[0-9A-Z]{3}|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT)\b/;

/** In the words of the driver, and of Prisma, which for raw SQL has one code for all and says the rest in words. */
const passingWords =
  /Connection (terminated|ended)|connection error|terminating connection|timeout exceeded|timeout expired|read timeout|closed the connection|can't reach database|operation has timed out|too many database connections|ConnectionClosed|SocketTimeout|DatabaseNotReachable|TooManyConnections|write conflict or a deadlock/i;

function isPassing(error: unknown): boolean {
  if (error instanceof Prisma.PrismaClientKnownRequestError && passingCodes.has(error.code)) return true;
  if (error instanceof Prisma.PrismaClientInitializationError) return true;
  if (!(error instanceof Error)) return false;
  const meta = error instanceof Prisma.PrismaClientKnownRequestError ? JSON.stringify(error.meta ?? {}) : '';
  const said = `${error.message} ${(error as NodeJS.ErrnoException).code ?? ''} ${meta}`;
  return passingStates.test(said) || passingWords.test(said);
}

/** The database ended one of two transactions that waited for each other. Nothing of it was stored. */
export function isDeadlock(error: unknown): boolean {
  if (error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2034') return true;
  return error instanceof Error && /\b40P01\b|write conflict or a deadlock/i.test(error.message);
}

/** A database that does not answer is `unavailable` with a time to try again; anything else stays what it is. */
export function translateFault(error: unknown): unknown {
  if (error instanceof AuthorityError || !isPassing(error)) return error;
  return new AuthorityError('unavailable', { retryAfterSeconds: 1, reason: 'database', cause: error });
}
