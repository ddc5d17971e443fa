/** Commands that need this process, or are not sent to a running authority like the others. */
import { readFileSync } from 'node:fs';
import type { Help } from '@commander-js/extra-typings';
import { settingsHelp } from '../../platform/config/settingsText.ts';
import type { Program } from './command.ts';
import { mountCompletion } from './completion.ts';
import { helpWidth } from './program.ts';

/** Each returns an exit code; undefined: the process keeps running and ends itself. */
export interface Operate {
  serve(): Promise<undefined>;
  migrate(json: boolean): Promise<number>;
  backup(path: string, json: boolean): Promise<number>;
  print(line: string): void;
}

/** A command's action calls `runs` with its work. */
export function mountOperate(
  program: Program,
  { serve, migrate, backup, print }: Operate,
  runs: (run: () => Promise<number | undefined>) => void,
): void {
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  program.version(version, '--version', 'print the version').commandsGroup('Operate:');
  program
    .command('serve')
    .description('Run the authority until it is told to stop.')
    .addHelpText('after', ({ command }) => `\n${settingsText(command.createHelp())}`)
    .action(() => runs(serve));
  program
    .command('migrate')
    .description('Migrate the database to the version of this code; print the applied migrations.')
    .option('--json', 'print data as JSON, one object a line')
    .action(({ json = false }) => runs(() => migrate(json)));
  program
    .command('backup')
    .argument('<PATH>', 'a new folder, or an empty one')
    .description('Copy the embedded database and its keys to a new folder.')
    .option('--json', 'print data as JSON, one object a line')
    .action((path, { json = false }) => runs(() => backup(path, json)));
  mountCompletion(program, print);
}

function settingsText(help: Help): string {
  help.prepareContext({ helpWidth });
  const { introduction, groups } = settingsHelp();
  const column = Math.max(...groups.flatMap(({ rows }) => rows.map(([name]) => name.length)));
  const parts = groups.map(({ title, rows }) =>
    [`${title}:`, ...rows.map(([name, text]) => help.formatItem(name, column, text, help))].join('\n'),
  );
  return [help.boxWrap(introduction, helpWidth), ...parts].join('\n\n');
}
