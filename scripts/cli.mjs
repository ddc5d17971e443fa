/** `npm run --silent cli -- COMMAND`. The command runs in this process, with its arguments where it expects them. */
import { prepare } from './prepare.mjs';

await prepare();
await import('../dist/cli.js');
