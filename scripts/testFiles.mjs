/** Finds test files, and which of them can share a process. Paths are those of the compiled files, in .build/. */
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { built } from './compileTests.mjs';

const soak = 'test/soak/';
/** Files that start real authorities or change the whole process run alone. */
const heavy = ['test/support/server.js', 'test/support/cluster.js'];
/** What they measure is a time in which many processes must do something: nothing runs beside them. */
const timed = [
  'test/revocation/subscribers/subscriberFaults.test.js',
  'test/workers/sharedListeners.test.js',
  'test/soak/enumerationTimes.test.js',
  'test/soak/subscribers.test.js',
];
const ofProcess = /\bprocess\.(?!hrtime)|node:child_process|\bfork\(|startProcess/;
/** Everything that opens a database imports this. */
const database = 'test/support/testRun.js';

/** Without names, everything but test/soak; a name is a folder in test/, or the path of a folder or file. */
export async function findTests(names) {
  const all = (await readdir(join(built, 'test'), { recursive: true }))
    .filter((name) => name.endsWith('.test.js'))
    .map((name) => `test/${name}`)
    .sort();
  if (names.length === 0) return all.filter((file) => !file.startsWith(soak));
  return names.flatMap((name) => {
    const path = normalize(name).replace(/\.ts$/, '.js').replace(/\/$/, '');
    const found = all.filter((file) =>
      [path, `test/${path}`].some(
        (wanted) => [wanted, `${wanted}.test.js`].includes(file) || file.startsWith(`${wanted}/`),
      ),
    );
    if (found.length === 0) throw new Error(`${name} is no folder in test/ and no test file`);
    return found;
  });
}

/**
 * Groups files for processes. Those that run `alone` mostly wait for other processes. Those that run `together` keep a core busy:
 * starting a process and loading the code takes longer than most of them. Those that are `timed` come last, one after the other.
 */
export async function batchesOf(files, jobs) {
  const imports = new Map();
  const [alone, databases, pure] = [[], [], []];
  for (const file of files) {
    if (timed.includes(file)) continue;
    const reached = await reachedFrom(file, imports);
    if (imports.get(file).ofProcess || heavy.some((one) => reached.has(one))) alone.push(file);
    else (reached.has(database) ? databases : pure).push(file);
  }
  const together = [...chunks(databases, 12, jobs), ...chunks(pure, 24, 1)];
  const each = (list) => list.map((file) => [file]);
  return { alone: each(alone), together, timed: each(files.filter((file) => timed.includes(file))) };
}

/** At least `least`, unless there are fewer files. Neighbours go to different chunks: files of one folder take about as long. */
function chunks(list, size, least) {
  const count = Math.max(Math.ceil(list.length / size), Math.min(least, list.length));
  return Array.from({ length: count }, (_, chunk) => list.filter((_, index) => index % count === chunk));
}

async function reachedFrom(file, imports, reached = new Set()) {
  if (reached.has(file) || !file.startsWith('test/')) return reached;
  reached.add(file);
  if (!imports.has(file)) imports.set(file, await importsOf(file));
  for (const path of imports.get(file).paths) await reachedFrom(path, imports, reached);
  return reached;
}

async function importsOf(file) {
  // A string in a test may contain another module's path.
  const code = await readFile(join(built, file), 'utf8').catch(() => '');
  const paths = [...code.matchAll(/^(?:import|export|\}) ?.*'(\.[^']+\.js)';$/gm)].map(([, path]) =>
    join(dirname(file), path),
  );
  return { ofProcess: ofProcess.test(code), paths };
}
