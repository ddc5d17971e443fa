/**
 * Bundles our own code for the programs in dist/ (ADR 40): its five hundred files would take a fifth of a start to load one by one. Libraries
 * stay outside; `bundleLibraries.mjs` comes first. The single files stay for tests.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { build } from 'esbuild';
import { bundledLibraries } from './bundleLibraries.mjs';
import { root } from './tool.mjs';

const dist = join(root, 'dist');
const folder = join(dist, 'program');
const programs = ['main.js', 'cli.js', 'healthCheck.js'];

export async function bundleProgram() {
  await build({
    entryPoints: programs.map((name) => join(dist, name)),
    absWorkingDir: root,
    outdir: folder,
    bundle: true,
    splitting: true,
    chunkNames: '[name]-[hash]',
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    legalComments: 'none',
    logLevel: 'error',
    plugins: [{ name: 'our own code', setup: setUp }],
  });
  for (const name of programs) {
    const [first = ''] = (await readFile(join(dist, name), 'utf8')).split('\n');
    const shebang = first.startsWith('#!') ? `${first}\n` : '';
    await writeFile(join(dist, name), `${shebang}import './program/${name}';\n`);
  }
}

function setUp({ onResolve, onLoad }) {
  onResolve({ filter: /^[^./]/ }, ({ path }) =>
    path.startsWith('@countersign/') ? undefined : { external: true },
  );
  onResolve({ filter: /^\./ }, ({ path, importer }) => {
    const target = resolve(dirname(importer), path);
    return bundledLibraries.includes(target)
      ? { path: `./${relative(folder, target)}`, external: true }
      : undefined;
  });
  // Code finds files by its own place.
  onLoad({ filter: /\/dist\/.*\.js$/ }, async ({ path }) => {
    const code = await readFile(path, 'utf8');
    const place = `new URL(${JSON.stringify(`./${relative(folder, path)}`)}, import.meta.url).href`;
    return { contents: code.replaceAll('import.meta.url', () => place), loader: 'js' };
  });
}
