/**
 * `npm test`: checks the code, builds it, then runs the tests; stops at the first step that fails. Parameters go to
 * tap: `npm test -- test/platform/config/durations.test.ts`. Runs under tsx, since it shares the servers' code with the tests.
 * The last line is always "N passed, N failed".
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { makeEmbeddedTemplate } from '../test/support/pglite.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { checkBreaking } from './breaking.mjs';
import { checkGrpcTypes, generateDatabaseClient } from './generate.mjs';
import { compile } from './prepare.mjs';
import { ensurePrerequisites } from './prerequisites.mjs';
import { reportTap } from './tapReport.mjs';
import { openTestRun, sharePostgresPrograms } from './testRun.mjs';
import { root, runTool } from './tool.mjs';

const testRun = await openTestRun();
const { signal } = testRun;

const colors = `--colors=${process.stdout.isTTY ? 'force' : 'off'}`;
const steps = {
  'programs that the tests need': () => ensurePrerequisites(),
  'database client': () => generateDatabaseClient({ signal }),
  'gRPC types match proto/': () => checkGrpcTypes({ signal }),
  'lint and format': () => runTool('biome', ['ci', '--error-on-warnings', colors], { signal }),
  'lint of proto/': () => runTool('buf', ['lint'], { signal }),
  'proto/ breaks nobody': () => checkBreaking({ signal }),
  types: () => runTool('tsc', ['--noEmit'], { signal }),
  build: () => compile({ signal }),
};

async function check() {
  for (const [name, step] of Object.entries(steps)) {
    const started = performance.now();
    await step();
    console.log(`- ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
  }
}

/** What all test files share; they find it through the environment (test/support/testRun.ts). */
async function startShared() {
  const template = join(testRun.folder, 'template');
  const home = await sharePostgresPrograms(testRun);
  const [postgres] = await Promise.all([startPostgres(home), makeEmbeddedTemplate(template)]);
  Object.assign(process.env, { TEST_POSTGRES_URL: postgres.url, TEST_PGLITE_TEMPLATE: template });
  return postgres;
}

async function runTests(parameters) {
  await buildTap();
  const files = await Promise.all(parameters.map(testsIn));
  signal.throwIfAborted();
  const tap = spawn(join(root, 'node_modules/.bin/tap'), ['run', '--reporter=tap', ...files.flat()], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  signal.addEventListener('abort', () => tap.kill('SIGTERM'));
  const closed = once(tap, 'close');
  const { pass, fail } = await reportTap(createInterface({ input: tap.stdout }), console.log);
  const [code] = await closed;
  return { pass, fail: code === 0 ? fail : Math.max(fail, 1) };
}

/** tap comes built with a TypeScript plugin that the installed TypeScript cannot serve; .taprc leaves it out. */
async function buildTap() {
  const built = await readFile(join(root, 'node_modules/@tapjs/test/test-built/dist/esm/index.js'), 'utf8');
  if (!built.includes('@tapjs/typescript')) return;
  await runTool('tap', ['build'], { quiet: true, signal });
  // Holds absolute links: a copy of the checkout would load half of the other one's tap.
  await rm(join(root, '.tap/plugins'), { recursive: true, force: true });
}

/** tap runs nothing, and says nothing, when it is given a folder. */
async function testsIn(parameter) {
  const inside = await readdir(join(root, parameter), { recursive: true }).catch(() => undefined);
  if (inside === undefined) return [parameter];
  return inside.filter((name) => name.endsWith('.test.ts')).map((name) => join(parameter, name));
}

const shared = startShared();
// Its failure is reported where it is awaited; until then it must not end this process.
shared.catch(() => {});
let counts = { pass: 0, fail: 1 };
try {
  await check();
  await shared;
  console.log('- tests');
  counts = await runTests(process.argv.slice(2));
} catch (error) {
  if (!signal.aborted) console.log(error.message);
} finally {
  await shared.then((postgres) => postgres.stop()).catch(() => {});
  await testRun.close();
}
if (signal.aborted) console.log(`Interrupted by ${signal.reason.message}`);
if (counts.pass + counts.fail === 0) console.log('No test ran');
console.log(`${counts.pass} passed, ${counts.fail} failed`);
process.exitCode = counts.pass === 0 || counts.fail > 0 ? 1 : 0;
