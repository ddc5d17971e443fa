/** The database's state for operators: its setting, whether it answers, and why a start failed. */
import { type Clock, withDeadline } from '@countersign/verifier/clock';
import { AuthorityError, StartupError, UnreachableError } from '@countersign/verifier/errors';
import type { Secrets } from '../platform/config/secrets.ts';
import { platformLimits } from '../platform/limits.ts';
import { describeFault, isLasting, translateFault } from './postgres/faults.ts';

export type DatabaseSetting = 'DATABASE_URL' | 'DATA_DIR';

/** The setting an operator must look at. */
export function databaseSetting({ databaseUrl }: Pick<Secrets, 'databaseUrl'>): DatabaseSetting {
  return databaseUrl === undefined ? 'DATA_DIR' : 'DATABASE_URL';
}

/** A database lost during a start is as unreachable as one that was never there. */
export function asStartupFault(error: unknown, setting: DatabaseSetting): unknown {
  const fault = error instanceof StartupError ? error : translateFault(error);
  if (!(fault instanceof AuthorityError) || fault.code !== 'unavailable') return fault;
  const cause = fault.cause ?? fault;
  const Kind = isLasting(cause) ? StartupError : UnreachableError;
  return new Kind(`${setting}: ${describeFault(cause)}`, { cause: error });
}

/** `ready`, or the database's fault in a few words. */
export function databaseState(clock: Clock, ping: Promise<void>): Promise<string> {
  const late = () => new AuthorityError('unavailable');
  return withDeadline(clock, platformLimits.readinessMilliseconds, ping, late).then(
    () => 'ready',
    ({ reason = '' }: AuthorityError) =>
      /^database_/.test(reason) ? reason.slice('database_'.length).replaceAll('_', ' ') : 'does not answer',
  );
}
