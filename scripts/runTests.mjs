/**
 * Runs compiled test files, several processes at a time: at first one that keeps a core busy beside others that wait. Prints one
 * line per file, and everything about failures. Skipping counts as a failure.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { built } from './compileTests.mjs';
import { root } from './tool.mjs';

/** Per file; its own limits are lower. Files of test/soak take longer. */
const limitOf = (file) => (file.startsWith('test/soak/') ? 900_000 : 300_000);

/** Reports the processor time of a run with its children: Node.js only reports its own. */
const withCpu = 'node "$@"; code=$?; times >&3; exit $code';

/**
 * Optimising takes longer than these short processes run: WebAssembly is not, and JavaScript only where it runs often. Much room
 * for young objects spares a tenth of their time.
 */
const nodeOptions = [
  ...['--liftoff-only', '--interrupt-budget=1000000', '--max-semi-space-size=64'],
  '--input-type=module',
];

/**
 * Passed by environment: tap turns parameters into folder names. Tap follows every promise to name the test of an uncaught
 * error, which takes an eighth of all processor time; without it such an error ends the process, and so fails its files.
 */
const load = `
import asyncHooks from 'node:async_hooks';
import { writeSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
asyncHooks.createHook = () => ({ enable() {}, disable() {} });
syncBuiltinESMExports();
process.on('uncaughtException', (error) => {
  console.error('Uncaught:', error);
  process.exit(1);
});
const { runFile } = await import(process.env.TEST_LOADER);
for (const file of process.env.TEST_FILES.split(' ')) {
  const before = process.cpuUsage();
  await runFile(file, () => import(process.cwd() + '/.build/' + file));
  const { user, system } = process.cpuUsage(before);
  writeSync(3, file + ' ' + Math.round((user + system) / 1000) + '\\n');
}
`;

/**
 * `alone`, `together` and `timed`: lists of files, each for one process (`batchesOf`).
 * @returns {Promise<{ pass: number, fail: number }>} counts of assertions
 */
export async function runTests({ alone, together, timed }, { jobs, signal, print }) {
  const total = { pass: 0, fail: 0 };
  const work = async (first, second = []) => {
    const next = () => first.shift() ?? second.shift();
    for (let files = next(); files !== undefined; files = next()) {
      signal.throwIfAborted();
      const { pass, fail, lines } = await runBatch(files, signal);
      total.pass += pass;
      total.fail += fail;
      for (const line of lines) print(line);
    }
  };
  const others = Array.from({ length: jobs - 1 }, () => work(alone, together));
  await Promise.all([work(together, alone), ...others]);
  await work(timed);
  return total;
}

async function runBatch(files, signal) {
  const milliseconds = files.reduce((sum, file) => sum + limitOf(file), 0);
  const environment = {
    TAP_TIMEOUT: String(milliseconds / 1_000),
    TEST_LOADER: `${built}/node_modules/tap/index.js`,
    TEST_FILES: files.join(' '),
  };
  const child = spawn('bash', ['-c', withCpu, 'bash', ...nodeOptions, '-e', load], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
    env: { ...process.env, ...environment },
    detached: true,
  });
  const end = () => {
    if (child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
  };
  const expire = setTimeout(end, milliseconds);
  signal.addEventListener('abort', end);
  const closed = once(child, 'close');
  const cpu = text(child.stdio[3]);
  const report = readReport(files);
  for await (const line of createInterface({ input: child.stdout })) report.read(line);
  const [code] = await closed;
  clearTimeout(expire);
  signal.removeEventListener('abort', end);
  return report.end(code, cpuSeconds(await cpu));
}

/** Of each file without its children, and of all with them. */
function cpuSeconds(text) {
  const files = new Map(
    [...text.matchAll(/^(test\/\S+) (\d+)$/gm)].map(([, file, ms]) => [file, ms / 1_000]),
  );
  const [, , user = 0, system = 0] = [...text.matchAll(/(\d+)m([\d.]+)s/g)].map(
    ([, minutes, seconds]) => Number(minutes) * 60 + Number(seconds),
  );
  return { files, all: user + system };
}

const outcome = /^(?<indent> *)(?<failed>not )?ok \d+(?: - (?<name>.*?))?(?: # (?<note>.*))?$/;
const uninteresting = /^\s+(ok \d|\d+\.\.\d+$|TAP version|# (Subtest: |time=))|^\s*$/;

function readReport(files) {
  const left = new Set(files);
  const printed = [];
  const counts = { pass: 0, fail: 0 };
  let lines = [];
  const finish = (headline, failed, file) => {
    printed.push({ file, line: `${failed ? 'FAILED' : 'ok'} ${headline}` });
    const told = failed ? lines.filter((line) => !uninteresting.test(line)) : lines.filter(isComment);
    printed.push(...told.map((line) => ({ line })));
    lines = [];
  };
  return {
    read(line) {
      lines.push(line);
      const said = line.match(outcome)?.groups;
      if (said === undefined) return;
      const failed = said.failed !== undefined || skipped.test(line);
      if (isAssertion(said)) counts[failed ? 'fail' : 'pass'] += 1;
      if (said.indent !== '' || !left.delete(said.name)) return;
      const skips = lines.some((one) => skipped.test(one));
      finish(`${source(said.name)} (${said.note})`, failed || skips, said.name);
    },
    end(code, cpu) {
      for (const file of left) finish(`${source(file)}: it did not end (exit code ${code})`, true);
      counts.fail += left.size;
      if (code !== 0 && counts.fail === 0) {
        counts.fail = 1;
        finish(`${files.map(source).join(' ')}: exit code ${code}`, true);
      }
      const ofFile = (file) => (cpu.files.has(file) ? ` ${cpu.files.get(file).toFixed(1)} s` : '');
      const lines = printed.map(({ file, line }) => line + ofFile(file));
      const title = `${files.length === 1 ? '' : `${files.length} files: `}${cpu.all.toFixed(1)} s`;
      return { ...counts, lines: [...lines, `  ${title} of processor time`] };
    },
  };
}

/** Figures that a test measured. */
function isComment(line) {
  return /^\s*# (?!Subtest: |time=)/.test(line);
}

const skipped = / # (SKIP|TODO)/i;

/** A subtest, unlike an assertion, ends with its time. */
function isAssertion({ note = '' }) {
  return !/time=/.test(note);
}

function source(file) {
  return file.replace(/\.js$/, '.ts');
}
