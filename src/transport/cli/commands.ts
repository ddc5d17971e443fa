/**
 * The commands that work on what an authority owns. They run inside the authority when one is running on the folder,
 * else in the process of the command line: the same code, the same effect.
 */
import { parseArgs } from 'node:util';
import { AuthorityError } from '@countersign/verifier/errors';
import { userCommands } from '../../accounts/cli.ts';
import { auditCommands } from '../../audit/cli.ts';
import type { Operations } from '../../authority.ts';
import { keyCommands } from '../../keys/cli.ts';
import { revokeCommands } from '../../revocation/cli.ts';
import { serviceCommands } from '../../services/cli.ts';
import { restoredCommand } from '../../truth/cli.ts';
import { type Arguments, type Command, type Commands, FindingError, UsageError } from './command.ts';
import type { CommandRequest, Output } from './control.ts';
import { actorOfOperator } from './operator.ts';

export const commands: Commands = {
  ...userCommands,
  ...revokeCommands,
  ...keyCommands,
  ...serviceCommands,
  ...auditCommands,
  ...restoredCommand,
};

/** Runs a command over these flows and answers its exit code: 0 done, 1 refused, 2 not understood. */
export async function runCommand(
  flows: Operations,
  { argv, input, operator }: CommandRequest,
  output: Output,
  /** Why nothing is served; then only what helps to decide is done. */
  doubt?: string,
): Promise<number> {
  try {
    const { command, rest } = findCommand(argv);
    if (doubt !== undefined && !command.inDoubt) {
      output.err(doubt);
      return 1;
    }
    const actor = actorOfOperator(operator);
    await command.run(flows, { ...parse(rest, input), operator: actor }, output);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      output.err(error.message);
      return 2;
    }
    if (!(error instanceof AuthorityError || error instanceof FindingError)) throw error;
    output.err(error.message);
    return 1;
  }
}

/** Throws `UsageError` when there is no such command. */
export function findCommand(argv: readonly string[]): { command: Command; rest: readonly string[] } {
  for (const words of [2, 1]) {
    const name = argv.slice(0, words).join(' ');
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (command !== undefined) return { command, rest: argv.slice(words) };
  }
  const name = JSON.stringify(argv.slice(0, 2).join(' '));
  throw new UsageError(`There is no command ${name}; see --help.`);
}

/** One `kid` in 64 begins as an option does. */
const kidLikeOption = /^-[A-Za-z0-9_-]{42}$/;

function withKidsLast(argv: readonly string[]): string[] {
  const kids = argv.filter((text) => kidLikeOption.test(text));
  if (kids.length === 0 || argv.includes('--')) return [...argv];
  return [...argv.filter((text) => !kids.includes(text)), '--', ...kids];
}

function parse(argv: readonly string[], input: string | undefined): Omit<Arguments, 'operator'> {
  try {
    const { values, positionals } = parseArgs({
      args: withKidsLast(argv),
      allowPositionals: true,
      options: {
        permission: { type: 'string', multiple: true },
        'password-stdin': { type: 'boolean', default: false },
        'expires-at': { type: 'string' },
        'expires-in': { type: 'string' },
        'keep-old': { type: 'string' },
        'dry-run': { type: 'boolean', default: false },
        user: { type: 'string' },
        client: { type: 'string' },
        ip: { type: 'string' },
        'created-from': { type: 'string' },
        'created-before': { type: 'string' },
        certificate: { type: 'string' },
        session: { type: 'string' },
        type: { type: 'string' },
        since: { type: 'string' },
        until: { type: 'string' },
        limit: { type: 'string' },
        after: { type: 'string' },
        expect: { type: 'string' },
        retention: { type: 'string' },
        'keep-sessions': { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    });
    const {
      permission: permissions,
      'password-stdin': passwordStdin,
      'expires-at': expiresAt,
      'expires-in': expiresIn,
      'keep-old': keepOld,
      'keep-sessions': keepSessions,
      'dry-run': dryRun,
      'created-from': createdFrom,
      'created-before': createdBefore,
      ...others
    } = values;
    const read = { permissions, passwordStdin, expiresAt, expiresIn, keepOld, keepSessions, dryRun };
    return { positionals, input, ...read, createdFrom, createdBefore, ...others };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
