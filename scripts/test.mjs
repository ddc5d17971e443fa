/**
 * Checks, builds and tests, as `--help` describes; stops at the first failed step. The last line is always "N passed, N
 * failed".
 */
import { cpus } from 'node:os';
import { join } from 'node:path';
import { checkBreaking } from './breaking.mjs';
import { compileTests } from './compileTests.mjs';
import { generate } from './generate.mjs';
import { compile, isCompiled } from './prepare.mjs';
import { ensurePrerequisites } from './prerequisites.mjs';
import { runTests } from './runTests.mjs';
import { batchesOf, findTests } from './testFiles.mjs';
import { openTestRun, sharePostgresPrograms, testSupport } from './testRun.mjs';
import { runTool } from './tool.mjs';

const help = `npm test                      all checks, the build and all tests but test/soak
npm test -- sessions          the tests of one folder of test/; no lint, no check of types and of proto/
npm test -- test/stop.test.ts  one file, likewise
npm run test:soak             the long tests`;
const names = process.argv.slice(2);
if (names.includes('--help')) {
  console.log(help);
  process.exit();
}
const testRun = await openTestRun();
const { signal } = testRun;

const colors = `--colors=${process.stdout.isTTY ? 'force' : 'off'}`;
const build = {
  'programs that the tests need': () => ensurePrerequisites(),
  build: async () => {
    if (names.length > 0 && (await isCompiled())) return;
    await generate({ signal });
    // All types are checked with the tests.
    await compile({ signal, check: names.length > 0 });
  },
  'types, and the tests compiled': () => compileTests({ signal, check: names.length === 0 }),
};
const checks = {
  'lint and format': () => runTool('biome', ['ci', '--error-on-warnings', colors], { signal }),
  'lint of proto/': () => runTool('buf', ['lint'], { signal }),
  'proto/ breaks nobody': () => checkBreaking({ signal }),
};

async function take(steps) {
  for (const [name, step] of Object.entries(steps)) {
    const started = performance.now();
    await step();
    console.log(`- ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
  }
}

/** Shared by all test files, which find it through the environment (test/support/testRun.ts). */
async function startShared() {
  const { startPostgres, makeTemplate, makeEmbeddedTemplates } = await testSupport();
  const templates = join(testRun.folder, 'templates');
  const home = await sharePostgresPrograms(testRun);
  const [postgres] = await Promise.all([startPostgres({}, home), makeEmbeddedTemplates(templates)]);
  Object.assign(process.env, {
    TEST_POSTGRES_URL: postgres.url,
    TEST_POSTGRES_TEMPLATE: await makeTemplate(postgres.url),
    TEST_PGLITE_TEMPLATES: templates,
  });
  return postgres;
}

let counts = { pass: 0, fail: 1 };
let postgres;
try {
  // Waits for both: output of one after the other's failure would follow the last line.
  const steps = await Promise.allSettled([take(build), names.length === 0 ? take(checks) : undefined]);
  for (const { reason } of steps) if (reason !== undefined) throw reason;
  const files = await findTests(names);
  postgres = await startShared();
  console.log(`- tests (${files.length} files)`);
  // One more than cores: some files wait for timers. Those of the soak keep a core busy each, and compare times.
  const more = names.some((name) => name.includes('soak')) ? 0 : 1;
  const jobs = Number(process.env['TEST_JOBS'] ?? cpus().length + more);
  if (!Number.isInteger(jobs) || jobs < 1) throw new Error('TEST_JOBS: must be a whole number, at least 1');
  counts = await runTests(await batchesOf(files, jobs), { jobs, signal, print: console.log });
} catch (error) {
  if (!signal.aborted) console.log(error.message);
} finally {
  await postgres?.stop();
  await testRun.close();
}
if (signal.aborted) console.log(`Interrupted by ${signal.reason.message}`);
if (counts.pass + counts.fail === 0) console.log('No test ran');
console.log(`${counts.pass} passed, ${counts.fail} failed`);
process.exitCode = counts.pass === 0 || counts.fail > 0 ? 1 : 0;
