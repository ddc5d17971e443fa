/**
 * Makes dist/ from the sources, when it is missing or they have changed since; `--force` always.
 * Quiet when there is nothing to do.
 */
import { copyFile, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateDatabaseClient } from './generate.mjs';
import { root, runTool } from './tool.mjs';

const packages = ['packages/verifier', 'packages/guard'];
const sources = [
  ...packages.flatMap((folder) => [`${folder}/src`, `${folder}/package.json`]),
  ...['src', 'prisma/schema.prisma', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'],
];
const generated = join(root, 'src/storage/postgres/generated');
/** Holds the newest change that dist/ was made from. Written last, so that half a build is none. */
const stamp = join(root, 'dist/.sources');

/** Ends the process with exit code 1 when the build fails. Standard output stays clean for the data of commands. */
export async function prepare({ force = false } = {}) {
  try {
    if (!force && (await isCompiled())) return;
    console.error('Building Countersign; this takes a few seconds.');
    await generateDatabaseClient();
    await compile();
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}

/** Whether dist/ is what the sources say. */
export async function isCompiled() {
  return (await readFile(stamp, 'utf8').catch(() => '')) === (await newestSource());
}

export async function compile(options) {
  const newest = await newestSource();
  // Each is compiled against what those before it give to others.
  for (const folder of [...packages, '.']) {
    await rm(join(root, folder, 'dist'), { recursive: true, force: true });
    await runTool('tsc', ['-p', join(folder, 'tsconfig.build.json')], { ...options, quiet: true });
  }
  await copyScripts();
  await writeFile(stamp, newest);
}

/** The code reads its Lua from beside itself, and the compiler leaves it where it is. */
async function copyScripts() {
  const files = await readdir(join(root, 'src'), { recursive: true });
  const scripts = files.filter((file) => file.endsWith('.lua'));
  await Promise.all(scripts.map((file) => copyFile(join(root, 'src', file), join(root, 'dist', file))));
}

async function newestSource() {
  const times = await Promise.all(sources.map((source) => newestIn(join(root, source))));
  return String(Math.max(...times));
}

/** Folders count too: a file that was deleted is a change. */
async function newestIn(path) {
  if (path === generated) return 0;
  const about = await stat(path);
  if (!about.isDirectory()) return about.mtimeMs;
  const inside = (await readdir(path)).map((name) => newestIn(join(path, name)));
  return Math.max(about.mtimeMs, ...(await Promise.all(inside)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await prepare({ force: process.argv.includes('--force') });
}
