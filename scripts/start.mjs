/** `npm start`. The authority runs in this process, so that signals reach it and its exit code is the one seen. */
import { prepare } from './prepare.mjs';

await prepare();
await import('../dist/main.js');
