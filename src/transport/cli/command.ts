/**
 * Shared parts of all slices' commands: declaring one, its input, and reading its options. A slice's `cli.ts` mounts its
 * commands. Parsing runs nothing: an action only states its work by `asks`. The work then runs in the running authority, or in
 * this process when none runs.
 */
import type { Command } from '@commander-js/extra-typings';
import type { Actor } from '../../audit/auditEvent.ts';
import type { Operations } from '../../authority.ts';
import { parseDuration } from '../../platform/config/durations.ts';
import type { Output } from './control.ts';

/** The command line was not understood: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The command ran and found something wrong: exit code 1. */
export class FindingError extends Error {
  override readonly name = 'FindingError';
}

export type Program = Command;

export interface CommandContext extends Output {
  readonly operations: Operations;
  /** The operator, for the audit log. */
  readonly operator: Actor;
  /** Standard input, for `readsInput`; for `batches` some lines of the file, separated by line feeds. */
  readonly input: string;
  /** For `batches`: the number of the first of them. */
  readonly firstLine: number;
  readonly json: boolean;
}

export type Work = (context: CommandContext) => Promise<void>;

/** A command that runs once for each batch of lines of a file, which may be too large for memory. */
export interface Batches {
  /** `-` is standard input. */
  readonly path: string;
  /** Takes the line that a run printed. */
  add(answer: string, output: Output): void;
  /** After the last run: prints the result and returns the exit code. */
  finish(output: Output, json: boolean): number;
}

export interface Traits {
  readonly batches?: Batches;
  /** Reads all of standard input first. */
  readonly readsInput?: boolean | undefined;
  /** May create an authority where there is none; other commands are refused there. */
  readonly begins?: true;
  /** Also works while the database is doubted. */
  readonly inDoubt?: true;
  /** Titles for the table on a terminal. Otherwise cells come without titles, separated by tabs. */
  readonly columns?: readonly string[];
}

/** Called by a command's action with its work. */
export type Asks = (work: Work, traits?: Traits) => void;

/** Parses a time option: RFC 3339 in UTC. */
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

/** Parses a duration option, written as in the settings; in milliseconds. */
export function readDuration(option: string): (text: string) => number {
  return (text) => {
    const milliseconds = parseDuration(text);
    if (milliseconds !== undefined) return milliseconds;
    throw new UsageError(`--${option}: must be a duration as 30d; given ${JSON.stringify(text)}`);
  };
}

/** For an option that may be repeated: all that was given, in order. */
export function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}
