/** Runs one case in a process of its own, for runCase.ts: `OneCase` comes as a parameter, `FromCase` goes back. */
import { cases } from './cases.ts';
import type { FromCase, OneCase } from './runCase.ts';

const { name, effort } = JSON.parse(process.argv[2] ?? '') as OneCase;
// Nobody waits for it any more.
process.on('disconnect', () => process.exit());
const tell = (message: FromCase) =>
  new Promise((resolve) => {
    process.send?.(message, resolve);
  });
try {
  const rows = (await cases[name]?.(effort, (line) => void tell({ line }))) ?? [];
  await tell({ rows });
} catch (error) {
  await tell({ failed: error instanceof Error ? error.message : String(error) });
}
process.exit();
