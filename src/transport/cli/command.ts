/** What a command is, and what reading their arguments has in common. */
import type { Actor } from '../../audit/auditEvent.ts';
import type { Operations } from '../../authority.ts';
import { parseDuration } from '../../platform/config/durations.ts';
import type { Output } from './control.ts';

/** The command was not understood: shown with the usage, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The command was done, and what it looked for is not as it should be: exit code 1. */
export class FindingError extends Error {
  override readonly name = 'FindingError';
}

export interface Command {
  readonly usage: string;
  readonly summary: string;
  /** Reads the password from standard input before anything else. */
  readonly readsInput?: (argv: readonly string[]) => boolean;
  /** Where there is no authority, it begins one; every other command says so. */
  readonly begins?: true;
  /** Also while the database is not believed. */
  readonly inDoubt?: true;
  run(flows: Operations, request: Arguments, output: Output): Promise<void>;
}

export interface Arguments {
  /** Who runs it, for the audit trail. */
  readonly operator: Actor;
  readonly positionals: readonly string[];
  readonly permissions: readonly string[] | undefined;
  readonly passwordStdin: boolean;
  /** When a token ends, in either way. */
  readonly expiresAt?: string | undefined;
  readonly expiresIn?: string | undefined;
  /** For how long the token before stays good. */
  readonly keepOld?: string | undefined;
  readonly dryRun: boolean;
  readonly keepSessions: boolean;
  /** Which sessions. */
  readonly user?: string | undefined;
  readonly client?: string | undefined;
  readonly ip?: string | undefined;
  readonly createdFrom?: string | undefined;
  readonly createdBefore?: string | undefined;
  /** The name in client certificates. */
  readonly certificate?: string | undefined;
  /** Which audit events. */
  readonly session?: string | undefined;
  readonly type?: string | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly limit?: string | undefined;
  readonly after?: string | undefined;
  /** A seal that was noted. */
  readonly expect?: string | undefined;
  /** For how long audit events were kept. */
  readonly retention?: string | undefined;
  readonly json: boolean;
  readonly input?: string | undefined;
}

/** Commands by their two words, or the only one. */
export type Commands = Readonly<Record<string, Command>>;

export function one(positionals: readonly string[], name: string): string {
  const [value, ...others] = positionals;
  if (value === undefined || others.length > 0) throw new UsageError(`Give exactly one ${name}; see --help.`);
  return value;
}

export function none(positionals: readonly string[]): void {
  if (positionals.length > 0) throw new UsageError('This command takes no arguments; see --help.');
}

/** RFC 3339 in UTC. */
export function readTime(option: string, text: string): number {
  const milliseconds = Date.parse(text);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(text) || Number.isNaN(milliseconds)) {
    throw new UsageError(
      `--${option}: must be a time as 2030-01-31T12:00:00Z; given ${JSON.stringify(text)}`,
    );
  }
  return milliseconds;
}

/** A duration as in the settings, in milliseconds. */
export function readDuration(option: string, text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds !== undefined) return milliseconds;
  throw new UsageError(`--${option}: must be a duration as 30d; given ${JSON.stringify(text)}`);
}
