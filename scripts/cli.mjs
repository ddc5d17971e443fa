/** `npm run --silent cli -- COMMAND`. Runs the command in this process, with its arguments in the expected place. */
import { prepare } from './prepare.mjs';

await prepare();
await import('../dist/cli.js');
