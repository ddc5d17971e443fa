/** What the command line says of itself: help for each noun and command, completion, refusals, and docs/commands.md. */
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import t from 'tap';
import { settingNames } from '../../../src/platform/config/settings.ts';
import { UsageError } from '../../../src/transport/cli/command.ts';
import { mountCommands, readCommand } from '../../../src/transport/cli/commands.ts';
import { mountOperate, type Operate } from '../../../src/transport/cli/operate.ts';
import { createProgram } from '../../../src/transport/cli/program.ts';
import { inCheckout } from '../../support/checkout.ts';
import { distFolder } from '../../support/server.ts';

const read = (path: string) => readFile(inCheckout(path), 'utf8');
const never = async () => {
  throw new Error('nothing of this runs here');
};

/** Reads a command line as the process does; what it prints, and what it would do. */
function readLine(argv: readonly string[]) {
  const [lines, words]: [string[], string[]] = [[], []];
  const output = {
    out: (line: string) => void lines.push(line),
    err: (line: string) => void words.push(line),
  };
  const operate: Operate = { serve: never, migrate: never, backup: never, print: output.out };
  let runsHere = false;
  const mountOthers = (program: Parameters<typeof mountOperate>[0]) =>
    mountOperate(program, operate, () => {
      runsHere = true;
    });
  try {
    const invocation = readCommand(argv, output, mountOthers);
    return { invocation, runsHere, out: lines.join('\n'), err: words.join('\n') };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { invocation: 2, runsHere, out: lines.join('\n'), err: error.message };
  }
}

const program = createProgram({ out: () => {}, err: () => {} });
mountOperate(program, { serve: never, migrate: never, backup: never, print: () => {} }, () => {});
mountCommands(program, () => {});

interface Listed {
  readonly words: readonly string[];
  readonly command: CommandUnknownOpts;
}

/** Every command that can be run, in the order of the help. */
const commands: readonly Listed[] = program.createHelp().visibleCommands(program).flatMap(under([]));

function under(words: readonly string[]): (command: CommandUnknownOpts) => readonly Listed[] {
  return (command) => {
    const path = [...words, command.name()];
    const inside = command.createHelp().visibleCommands(command);
    return inside.length === 0 ? [{ words: path, command }] : inside.flatMap(under(path));
  };
}

const argumentsOf = ({ command }: Listed) => command.registeredArguments.map((argument) => argument.name());

t.test('help', async (t) => {
  const all = readLine(['--help']);
  t.equal(all.invocation, 0);
  t.ok(all.out.split('\n').length <= 40, 'fits on a screen');
  t.match(all.out, /countersign serve --help/, 'tells where the settings are');
  t.strictSame(readLine(['help']), all);
  t.strictSame(
    readLine([]),
    { ...all, invocation: 2, out: '', err: all.out },
    'without a command it is a fault',
  );
  const nouns = new Set(commands.map(({ words: [noun = ''] }) => noun));
  for (const noun of nouns) {
    t.match(all.out, new RegExp(`^ {2}${noun}\\b.* {2}\\S`, 'm'), `--help names ${noun}`);
    const help = readLine([noun, '--help']);
    t.match(help, { invocation: 0, err: '', out: new RegExp(`^Usage: countersign ${noun}\\b`) });
    t.notMatch(help.out, /\bhelp \[command\]/, noun);
  }
  for (const listed of commands) {
    const name = listed.words.join(' ');
    const help = readLine([...listed.words, '--help']);
    t.match(help, { invocation: 0, err: '' }, name);
    t.match(help.out, new RegExp(`^Usage: countersign ${name}\\b`), name);
    t.match(
      readLine([listed.words[0] ?? '', '--help']).out,
      listed.words.at(-1),
      `its noun's help names ${name}`,
    );
    for (const { required, name: argument } of listed.command.registeredArguments.map((each) => ({
      required: each.required,
      name: each.name(),
    })))
      t.match(help.out, required ? `<${argument}>` : `[${argument}]`, name);
    for (const { long, description } of listed.command.options) {
      t.match(help.out, long ?? '', name);
      t.ok(description.length > 3, `${name} says what ${long} is`);
    }
    t.strictSame(readLine(['help', ...listed.words]), help, `help ${name}`);
    if (name !== 'serve') t.ok(help.out.split('\n').length <= 25, `${name}: a short page`);
  }
  const serve = readLine(['serve', '--help']).out;
  for (const name of settingNames) t.match(serve, new RegExp(`^ {2}${name} `, 'm'));
});

t.test('what is not understood, in one line each', async (t) => {
  for (const [line, said] of [
    ['users rename x', 'There is no command "users rename"; did you mean one of create, enable?'],
    ['users frobnicate', 'There is no command "users frobnicate"; see --help.'],
    ['keys lst', 'There is no command "keys lst"; did you mean list?'],
    ['restore', 'There is no command "restore"; did you mean restored?'],
    ['toString', 'There is no command "toString"; see --help.'],
    ['users create', 'Give exactly one EMAIL; see --help.'],
    ['users create a b', 'Give exactly one EMAIL; see --help.'],
    ['keys rotate now', 'This command takes no arguments; see --help.'],
    ['serve now', 'This command takes no arguments; see --help.'],
    ['migrate now', 'This command takes no arguments; see --help.'],
    ['backup a b', 'Give exactly one PATH; see --help.'],
    ['keys list --colour', 'There is no option --colour here; see --help.'],
    ['audit list --usr x', 'There is no option --usr here; did you mean --user?'],
    ['keys list --user x', 'There is no option --user here; see --help.'],
    ['audit list --user', '--user: must have a value; see --help.'],
    ['completion csh', 'SHELL: must be one of bash, zsh, fish; given "csh"'],
    ['revoke external x', '--expires-at: is required, as 2030-01-31T12:00:00Z.'],
    ['audit list --since now', '--since: must be a time as 2030-01-31T12:00:00Z; given "now"'],
  ] as const) {
    t.match(readLine(line.split(' ')), { invocation: 2, runsHere: false, out: '', err: said }, line);
  }
  t.match(readLine(['keys']), { invocation: 2, out: '', err: /^Usage: countersign keys/ }, 'a noun alone');
});

/** Options without which a command is not understood. */
const needed: Readonly<Record<string, readonly string[]>> = {
  'revoke external': ['--expires-at', '2030-01-31T12:00:00Z'],
  'roles set': ['--audience', 'a'],
  'roles grants': ['--role', 'a'],
  'clients set': ['--scope', 'a'],
};

t.test('what is understood', async (t) => {
  const beginning = commands.flatMap((listed) => {
    const example = argumentsOf(listed).map((name) => (name === 'SHELL' ? 'bash' : 'x'));
    const options = needed[listed.words.join(' ')] ?? [];
    const { invocation, runsHere, err } = readLine([...listed.words, ...example, ...options]);
    if (typeof invocation !== 'object') {
      t.ok(runsHere || listed.words[0] === 'completion', `${listed.words.join(' ')}: ${err}`);
      return [];
    }
    return invocation.begins ? [listed.words.join(' ')] : [];
  });
  t.strictSame(
    beginning,
    ['users create', 'services create', 'clients create'],
    'only these begin an authority',
  );
  const kid = `-${'k'.repeat(42)}`;
  for (const argv of [[kid], [kid, '--json'], ['--', kid]]) {
    const { invocation } = readLine(['keys', 'revoke', ...argv]);
    t.match(invocation, { json: argv.includes('--json') }, 'a kid may begin as an option does');
  }
  t.match(readLine(['users', 'create', 'a@example.com', '--password-stdin']), {
    invocation: { readsInput: true },
  });
});

t.test('docs/commands.md lists every command, and docs name no other', async (t) => {
  const rows = commands.map((listed) => {
    const given = listed.command.registeredArguments.map((each) =>
      each.required ? each.name() : `[${each.name()}]`,
    );
    const usage = [...listed.words, ...given].join(' ');
    return `| \`${usage}\` | ${listed.command.description()} |\n`;
  });
  const [, table] =
    /<!-- commands:begin -->\n(.*)<!-- commands:end -->/s.exec(await read('docs/commands.md')) ?? [];
  t.equal(table, ['| Command | Meaning |\n', '|---|---|\n', ...rows].join(''));

  const docs = (await readdir(inCheckout('docs'))).filter((name) => name.endsWith('.md'));
  const texts = await Promise.all(['README.md', ...docs.map((name) => join('docs', name))].map(read));
  const named = texts
    .join('\n')
    .matchAll(/(?:run --silent cli --|`countersign|^countersign) ([a-z][^`|#\n]*)/gm);
  let count = 0;
  // Labels in hashes, which look like commands.
  const others = ['external id', 'signing key'];
  for (const [, line = ''] of named) {
    if (others.includes(line)) continue;
    const words = line.trim().split(/[ ;]+/);
    const known = commands.some(({ words: [noun, verb] }) => {
      if (noun !== words[0]) return false;
      return (
        verb === undefined || words[1]?.split('|').includes(verb) || /^(…|--help)?$/.test(words[1] ?? '')
      );
    });
    t.ok(known, line);
    count += 1;
  }
  t.ok(count > 20);
});

t.test('completion', async (t) => {
  const complete = (...words: readonly string[]) => readLine(['complete', '--', ...words]).out.split('\n');
  const first = (lines: readonly string[]) => lines.map((line) => line.split('\t')[0]);
  t.strictSame(first(complete('re')), ['resources', 'revoke', 'restored']);
  t.strictSame(first(complete('keys', '')), ['list', 'rotate', 'revoke', 'reseal']);
  t.match(complete('keys', 'l'), [/^list\tList signing keys/]);
  t.strictSame(first(complete('completion', '')), ['bash', 'zsh', 'fish']);
  t.strictSame(first(complete('users', 'create', '--')), ['--password-stdin', '--json', '--help']);
  t.strictSame(complete('backup', ''), [''], 'a path is left to the shell');
  t.notOk(first(complete('')).includes('complete'), 'what only shells call is not shown');
  for (const shell of ['bash', 'zsh', 'fish'])
    t.match(readLine(['completion', shell]).out, /countersign complete/);

  const folder = await mkdtemp(join(tmpdir(), 'completion-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const program = join(folder, 'countersign');
  await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${join(distFolder, 'cli.js')}' "$@"\n`);
  await chmod(program, 0o755);
  const env = { PATH: `${folder}:${process.env['PATH']}`, HOME: folder };
  const typed = async (...words: readonly string[]) => {
    const line = words.map((word) => `'${word}'`).join(' ');
    const script = `source <(countersign completion bash); source <(countersign completion bash)
      COMP_WORDS=(countersign ${line}); COMP_CWORD=${words.length}
      $(complete -p countersign | sed 's/.*-F \\([^ ]*\\).*/\\1/'); printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = await promisify(execFile)('bash', ['--norc', '-euc', script], { env });
    t.equal(stderr, '');
    return stdout.trimEnd().split('\n');
  };
  t.strictSame(await typed('serv'), ['serve', 'services']);
  t.strictSame(await typed('services', 'r'), ['rotate', 'revoke']);
  t.strictSame(await typed('audit', 'list', '--u'), ['--user', '--until']);
  const trap = join(folder, 'evaluated');
  await typed('keys', `$(touch ${trap})`, '');
  t.notOk((await readdir(folder)).includes('evaluated'), 'what stands on the line is not evaluated');
});
