/** `npm start`. The authority runs in this process, so that it receives signals and its exit code is visible. */
import { prepare } from './prepare.mjs';

await prepare();
await import('../dist/main.js');
