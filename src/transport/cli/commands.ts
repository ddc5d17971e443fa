/**
 * The commands that work on an authority's data. They run inside the running authority, otherwise in this process: the same code
 * with the same effect.
 */
import { AuthorityError } from '@countersign/verifier/errors';
import { mountUsers } from '../../accounts/cli.ts';
import { mountAudit } from '../../audit/cli.ts';
import type { Operations } from '../../authority.ts';
import { mountKeys } from '../../keys/cli.ts';
import { mountClients } from '../../oauth/clients/cli.ts';
import { mountRevoke } from '../../revocation/cli.ts';
import { mountRights } from '../../rights/cli.ts';
import { mountServices } from '../../services/cli.ts';
import { mountRestored } from '../../truth/cli.ts';
import { type Asks, FindingError, type Program, type Traits, UsageError, type Work } from './command.ts';
import type { CommandRequest, Output } from './control.ts';
import { actorOfOperator } from './operator.ts';
import { createProgram, parseCommand } from './program.ts';

/** A parsed command line. */
export interface Invocation extends Traits {
  readonly work: Work;
  readonly json: boolean;
}

const mounts = [
  mountUsers,
  mountServices,
  mountClients,
  mountRights,
  mountKeys,
  mountRevoke,
  mountAudit,
  mountRestored,
];

/**
 * Returns the work; the exit code after showing help; or undefined after a command that `mountOthers` added. Throws `UsageError`
 * for a command line that is not understood.
 */
export function readCommand(
  argv: readonly string[],
  output: Pick<Output, 'out' | 'err'>,
  /** Adds the commands that need this process. */
  mountOthers: (program: Program) => void = () => {},
): Invocation | number | undefined {
  const program = createProgram(output);
  mountOthers(program);
  let asked: Omit<Invocation, 'json'> | undefined;
  let json = false;
  mountCommands(program, (work, traits) => {
    asked = { work, ...traits };
  });
  program.hook('preAction', (_, command) => {
    json = command.opts()['json'] === true;
  });
  return parseCommand(program, argv) ?? (asked && { ...asked, json });
}

export function mountCommands(program: Program, asks: Asks): void {
  program.commandsGroup('Manage:');
  for (const mount of mounts) mount(program, asks);
  for (const noun of program.commands.filter((command) => command.helpGroup() === 'Manage:')) {
    if (noun.commands.length > 0) noun.usage('COMMAND').helpCommand(false);
    for (const command of noun.commands.length > 0 ? noun.commands : [noun])
      command.option('--json', 'print data as JSON, one object a line');
  }
}

/** Runs a command and returns its exit code: 0 done, 1 refused, 2 not understood. */
export async function runCommand(
  operations: Operations,
  { argv, input = '', firstLine = 1, operator }: CommandRequest,
  output: Output,
  /** Why the authority does not serve; then only `inDoubt` commands run. */
  doubt?: string,
): Promise<number> {
  try {
    const invocation = readCommand(argv, output);
    if (invocation === undefined || typeof invocation === 'number') return invocation ?? 0;
    const { work, json, inDoubt } = invocation;
    if (doubt !== undefined && !inDoubt) {
      output.err(doubt);
      return 1;
    }
    await work({ operations, operator: actorOfOperator(operator), input, firstLine, json, ...output });
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
