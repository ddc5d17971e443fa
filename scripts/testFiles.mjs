/** Finds test files, and which of them can share a process. Paths are those of the compiled files, in .build/. */
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { built } from './compileTests.mjs';

const soak = 'test/soak/';
/** Files that start real authorities or change the whole process run alone. */
const heavy = ['test/support/server.js', 'test/support/cluster.js'];
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

/** Groups files that can share a process: starting one and loading the code takes longer than most files. */
export async function batchesOf(files) {
  const imports = new Map();
  const [alone, databases, pure] = [[], [], []];
  for (const file of files) {
    const reached = await reachedFrom(file, imports);
    if (imports.get(file).ofProcess || heavy.some((one) => reached.has(one))) alone.push(file);
    else (reached.has(database) ? databases : pure).push(file);
  }
  return [...alone.map((file) => [file]), ...chunks(databases, 12), ...chunks(pure, 24)];
}

function chunks(list, size) {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  );
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
