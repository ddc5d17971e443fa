/** The program `countersign`: its help, and its one-line refusals. Knows no commands; `commands.ts` has them. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { Command, CommanderError } from 'commander';
import { type Program, UsageError } from './command.ts';
import type { Output } from './control.ts';

export const helpWidth = 100;

const footer = `
Give --help to any of them: \`countersign keys --help\`, \`countersign keys revoke --help\`.
Data goes to standard output, words for people to standard error.
With --json, data is JSON, one object a line; without it, cells are separated by tabs unless a terminal reads.
Exit code: 0 done, 1 refused, 2 not understood.
Settings are environment variables; \`countersign serve --help\` lists them.`;

/** Has no commands, never ends the process, and writes help line by line to `output`. */
export function createProgram(output: Pick<Output, 'out' | 'err'>): Program {
  const program = new Command('countersign') as unknown as Program;
  return program
    .description('A central token authority: ES256 access tokens that can be revoked at once.')
    .usage('COMMAND')
    .helpCommand(false)
    .helpOption('-h, --help', 'show this help')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => output.out(text.trimEnd()),
      // Only unasked help gets here; the caller reports refusals.
      writeErr: (text) => output.err(text.trimEnd()),
      outputError: () => {},
      getOutHelpWidth: () => helpWidth,
      getErrHelpWidth: () => helpWidth,
    })
    .configureHelp({ subcommandTerm: (command) => [command.name(), ...argumentsOf(command)].join(' ') })
    .addHelpText('after', footer);
}

function argumentsOf(command: CommandUnknownOpts): readonly string[] {
  return command.registeredArguments.map((argument) =>
    argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
  );
}

/** Runs the named command's action. Returns the exit code after showing help. */
export function parseCommand(program: Program, argv: readonly string[]): number | undefined {
  const words = argv[0] === 'help' ? [...argv.slice(1), '--help'] : withKidsLast(argv);
  try {
    program.parse(words, { from: 'user' });
    return undefined;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Naming only a group shows its help.
    if (error.code === 'commander.help') return 2;
    if (error.exitCode === 0) return 0;
    throw new UsageError(refusal(error, program, words));
  }
}

/** The command these words name, as far as they match. */
export function commandOf(program: Program, words: readonly string[]): CommandUnknownOpts {
  let found: CommandUnknownOpts = program;
  for (const word of words) {
    const next = found.commands.find((command) => command.name() === word);
    if (next === undefined) break;
    found = next;
  }
  return found;
}

/** One `kid` in 64 begins like an option. */
const kidLikeOption = /^-[A-Za-z0-9_-]{42}$/;

function withKidsLast(argv: readonly string[]): readonly string[] {
  const kids = argv.filter((text) => kidLikeOption.test(text));
  if (kids.length === 0 || argv.includes('--')) return argv;
  return [...argv.filter((text) => !kids.includes(text)), '--', ...kids];
}

/** One line, in our words. */
function refusal({ code, message }: CommanderError, program: Program, words: readonly string[]): string {
  const [, meant] = /\(Did you mean (.*)\?\)/.exec(message) ?? [];
  const hint = meant === undefined ? 'see --help.' : `did you mean ${meant}?`;
  const [, named = ''] = /'([^']*)'/.exec(message) ?? [];
  const [argument] = commandOf(program, words).registeredArguments;
  switch (code) {
    case 'commander.unknownCommand':
      return `There is no command ${JSON.stringify(words.slice(0, 2).join(' '))}; ${hint}`;
    case 'commander.unknownOption':
      return `There is no option ${named} here; ${hint}`;
    case 'commander.optionMissingArgument':
      return `${named.split(' ')[0]}: must have a value; ${hint}`;
    case 'commander.missingArgument':
    case 'commander.excessArguments':
      return argument === undefined
        ? 'This command takes no arguments; see --help.'
        : `Give exactly one ${argument.name()}; see --help.`;
    case 'commander.invalidArgument':
      return `${argument?.name()}: must be one of ${argument?.argChoices?.join(', ')}; given ${JSON.stringify(named)}`;
    default:
      return message.replace(/^error: /, '');
  }
}
