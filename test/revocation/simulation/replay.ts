/** Runs one seed again, exactly as it went in the test: `node .build/test/revocation/simulation/replay.js SEED [SECONDS]`. */
import { runMs, simulate } from './run.ts';

const [seed, seconds] = process.argv.slice(2).map(Number);
if (seed === undefined || !Number.isInteger(seed)) throw new Error('give a seed');
const outcome = await simulate(seed, seconds === undefined ? runMs : seconds * 1000);
process.stdout.write(`${JSON.stringify(outcome, null, 2)}\n`);
