import { join } from 'node:path';
import { startProcess } from './process.ts';
import { distFolder } from './server.ts';

/** Runs `countersign` on a data folder, in a process of its own. `lines` is its data, `words` what it says to people. */
export async function countersign(dataDir: string, ...argv: string[]) {
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
