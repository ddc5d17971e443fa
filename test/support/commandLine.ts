import { join } from 'node:path';
import { askRunning } from '../../src/transport/cli/control.ts';
import { operatorName } from '../../src/transport/cli/operator.ts';
import { startProcess } from './process.ts';
import { distFolder } from './server.ts';

/**
 * Runs `countersign` on a data folder: beside a running authority by its socket, as the process of a command does
 * (test/transport/cli has such processes), else in a process. `lines` is its data, `words` what it says to people.
 */
export async function countersign(dataDir: string, ...argv: string[]) {
  const [lines, words]: [string[], string[]] = [[], []];
  const request = { argv, input: undefined, operator: operatorName(process.env) };
  const output = {
    out: (line: string) => void lines.push(line),
    err: (line: string) => void words.push(line),
  };
  const code = await askRunning(dataDir, request, output);
  return code === undefined
    ? countersignProcess(dataDir, ...argv)
    : { code, lines, words: `${words.join('\n')}\n` };
}

/** In a process of its own, beside a running authority, too: for commands that the shell works on itself. */
export async function countersignProcess(dataDir: string, ...argv: readonly string[]) {
  const command = startProcess(process.execPath, [join(distFolder, 'cli.js'), ...argv], {
    env: { DATA_DIR: dataDir },
  });
  const { code } = await command.exited;
  const lines = command
    .stdout()
    .split('\n')
    .filter((line) => line !== '');
  return { code, lines, words: command.stderr() };
}
