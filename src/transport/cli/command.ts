/**
 * What the commands of all slices share: how one is declared, what it is given, and how its options are read.
 * A slice's `cli.ts` mounts its commands. Reading a command line does nothing yet: the action of a command only says, by
 * `asks`, what there is to do. That is then done in the running authority, or in this process when none runs.
 */
import type { Command } from '@commander-js/extra-typings';
import type { Actor } from '../../audit/auditEvent.ts';
import type { Operations } from '../../authority.ts';
import { parseDuration } from '../../platform/config/durations.ts';
import type { Output } from './control.ts';

/** The command was not understood: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The command was done, and what it looked at is not as it should be: exit code 1. */
export class FindingError extends Error {
  override readonly name = 'FindingError';
}

export type Program = Command;

export interface CommandContext extends Output {
  readonly operations: Operations;
  /** Who runs it, for the audit trail. */
  readonly operator: Actor;
  /** What `readsInput` has read. */
  readonly input: string;
  readonly json: boolean;
}

export type Work = (context: CommandContext) => Promise<void>;

export interface Traits {
  /** Reads all of standard input before anything else. */
  readonly readsInput?: boolean | undefined;
  /** Where there is no authority, it begins one; every other command is refused there. */
  readonly begins?: true;
  /** Also works while the database is not believed. */
  readonly inDoubt?: true;
  /** Titles for the table on a terminal. Elsewhere the same cells come without titles, separated by tabs. */
  readonly columns?: readonly string[];
}

/** Called by the action of a command, with what there is to do. */
export type Asks = (work: Work, traits?: Traits) => void;

/** For an option that is a time: RFC 3339 in UTC. */
export function readTime(option: string): (text: string) => number {
  return (text) => {
    const milliseconds = Date.parse(text);
    if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(text) && !Number.isNaN(milliseconds))
      return milliseconds;
    throw new UsageError(
      `--${option}: must be a time as 2030-01-31T12:00:00Z; given ${JSON.stringify(text)}`,
    );
  };
}

/** For an option that is a duration as in the settings; in milliseconds. */
export function readDuration(option: string): (text: string) => number {
  return (text) => {
    const milliseconds = parseDuration(text);
    if (milliseconds !== undefined) return milliseconds;
    throw new UsageError(`--${option}: must be a duration as 30d; given ${JSON.stringify(text)}`);
  };
}
