/**
 * `npm run test:faults -- --minutes 10`: the fault tests in their long form, one fault after the other until the time is
 * over, each of them at least once. `--nodes 5` says how many authorities share the database, else 3. The last line is always
 * "N passed, N failed". `--edges` is another run: services that check tokens in their own memory, each fault of theirs for
 * `--seconds 60` with `--logouts 200` in each of them. `--sessions` races refreshes with each other, and with whatever ends their
 * session, `--rounds 1000` times each.
 */
import { parseArgs } from 'node:util';
import { generateDatabaseClient } from './generate.mjs';
import { compile } from './prepare.mjs';
import { ensurePrerequisites } from './prerequisites.mjs';
import { openTestRun, sharePostgresPrograms } from './testRun.mjs';

/** Enough for each fault once. */
const defaultMinutes = 6;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    nodes: { type: 'string' },
    edges: { type: 'boolean' },
    seconds: { type: 'string' },
    logouts: { type: 'string' },
    sessions: { type: 'boolean' },
    rounds: { type: 'string' },
  },
});
const seconds = positive('seconds', values.seconds ?? 60);
const logoutsPerSecond = positive('logouts', values.logouts ?? 200);
const rounds = positive('rounds', values.rounds ?? 1_000);
const minutes = positive('minutes', values.minutes ?? defaultMinutes);
const nodes = positive('nodes', values.nodes ?? 3);

function positive(name, text) {
  const value = Number(text);
  if (value > 0) return value;
  console.error(`--${name} must be a number above 0`);
  process.exit(2);
}

const testRun = await openTestRun();
const { signal } = testRun;
const interruption = new Promise((_, reject) => {
  signal.addEventListener('abort', () => reject(new Error(`Interrupted by ${signal.reason.message}`)));
});
const counts = { passed: 0, failed: 0 };

async function run() {
  ensurePrerequisites();
  await generateDatabaseClient({ signal });
  await compile({ signal });
  await sharePostgresPrograms(testRun);
  // Only now: what they import is generated above.
  if (values.edges) {
    const { runEdgeFaults } = await import('../test/edges/longRun.ts');
    await runEdgeFaults({ seconds, logoutsPerSecond, counts, print: console.log });
  } else if (values.sessions) {
    const { runSessionRaces } = await import('../test/sessions/longRun.ts');
    await runSessionRaces({ rounds, counts, print: console.log });
  } else {
    const { runFaults } = await import('../test/faults/longRun.ts');
    await runFaults({ minutes, nodes, counts, print: console.log });
  }
}

try {
  await Promise.race([run(), interruption]);
} catch (error) {
  counts.failed += 1;
  console.log(error.message);
} finally {
  await testRun.close();
}
console.log(`${counts.passed} passed, ${counts.failed} failed`);
// What is still under way after an interruption has nothing to say any more.
process.exit(counts.failed > 0 ? 1 : 0);
