/**
 * Builds dist/ when it is missing or older than the sources; `--force` always builds. Silent when there is nothing to
 * do.
 */
import { copyFile, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleLibraries } from './bundleLibraries.mjs';
import { bundlePages } from './bundlePages.mjs';
import { bundleProgram } from './bundleProgram.mjs';
import { generate, generated } from './generate.mjs';
import { root, runTool } from './tool.mjs';

const packages = ['packages/verifier', 'packages/guard'];
const sources = [
  ...['packages/pages/src', 'packages/pages/tsconfig.json', 'packages/pages/package.json'],
  ...packages.flatMap((folder) => [`${folder}/src`, `${folder}/package.json`]),
  ...['src', 'proto', 'prisma/schema.prisma', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'],
];
/** The newest source change in dist/. Written last, so that an interrupted build counts as none. */
const stamp = join(root, 'dist/.sources');

/** Exits with 1 when the build fails. Standard output stays free for the commands' data. */
export async function prepare({ force = false } = {}) {
  try {
    if (!force && (await isCompiled())) return;
    console.error('Building Countersign; this takes a few seconds.');
    await generate();
    await compile();
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}

/** Whether dist/ is up to date. */
export async function isCompiled() {
  return (await readFile(stamp, 'utf8').catch(() => '')) === (await newestSource());
}

/** Without `check`, types are not checked. */
export async function compile({ check = true, ...options } = {}) {
  const newest = await newestSource();
  // In order: each is compiled against the earlier ones.
  for (const folder of [...packages, '.']) {
    await rm(join(root, folder, 'dist'), { recursive: true, force: true });
    const parameters = ['-p', join(folder, 'tsconfig.build.json'), ...(check ? [] : ['--noCheck'])];
    await runTool('tsc', parameters, { ...options, quiet: true });
  }
  await Promise.all([copyScripts(), bundleLibraries(), bundlePages(), check && checkPages(options)]);
  await bundleProgram();
  await writeFile(stamp, newest);
}

/** They have a configuration of their own: they know a browser, and no Node.js. */
export function checkPages(options) {
  return runTool('tsc', ['-p', 'packages/pages', '--noEmit'], { ...options, quiet: true });
}

/** Copies Lua scripts, which the compiler does not: the code reads them from its own folder. */
async function copyScripts() {
  const files = await readdir(join(root, 'src'), { recursive: true });
  const scripts = files.filter((file) => file.endsWith('.lua'));
  await Promise.all(scripts.map((file) => copyFile(join(root, 'src', file), join(root, 'dist', file))));
}

async function newestSource() {
  const times = await Promise.all(sources.map((source) => newestIn(join(root, source))));
  return String(Math.max(...times));
}

/** Includes folders: a deleted file is a change. */
async function newestIn(path) {
  if (Object.values(generated).includes(path)) return 0;
  const about = await stat(path);
  if (!about.isDirectory()) return about.mtimeMs;
  const inside = (await readdir(path)).map((name) => newestIn(join(path, name)));
  return Math.max(about.mtimeMs, ...(await Promise.all(inside)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await prepare({ force: process.argv.includes('--force') });
}
