/**
 * Bundles parts of large libraries into dist/, so that an installation needs none of their packages (ADR 40). @prisma/client brings
 * query compilers for five databases (72 MB), and npm adds Prisma's command line, React and TypeScript. libphonenumber-js has 13 MB, of
 * which 150 kB are used. TypeBox has 374 files, which would take a sixth of a start to load.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { root } from './tool.mjs';

const bundles = [
  {
    folder: 'dist/storage/postgres',
    /** Other files import Prisma only through these. */
    entries: ['generated/client.js', 'adapters.js'],
    /** The authority's own dependencies. It gives Prisma a `pg` pool, so there must be exactly one `pg`. */
    external: ['pg', '@electric-sql/pglite'],
    licenses: 'prisma/LICENSES.txt',
  },
  {
    folder: 'dist/accounts/phone',
    entries: ['mobileNumbers.js'],
    external: [],
    licenses: 'LICENSES.txt',
  },
  {
    folder: 'dist/transport/http',
    entries: ['typebox.js'],
    external: [],
    licenses: 'LICENSES.txt',
  },
];

/** The files that a bundle replaces. */
export const bundledLibraries = bundles.flatMap(({ folder, entries }) =>
  entries.map((entry) => join(root, folder, entry)),
);

/** Prisma's runtime is CommonJS and requires Node.js modules; an ES module has no `require`. */
const banner = `import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);`;

export async function bundleLibraries() {
  await Promise.all(bundles.map(bundle));
}

async function bundle({ folder: path, entries, external, licenses }) {
  const folder = join(root, path);
  const { outputFiles, metafile } = await build({
    entryPoints: entries.map((entry) => join(folder, entry)),
    absWorkingDir: root,
    outbase: folder,
    outdir: folder,
    external,
    banner: { js: banner },
    bundle: true,
    // All entries must share one Prisma. The compiler is loaded with the first query.
    splitting: true,
    chunkNames: 'prisma/[name]-[hash]',
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    legalComments: 'none',
    metafile: true,
    write: false,
  });
  // Everything in it is in the bundle now.
  await rm(join(folder, 'generated'), { recursive: true, force: true });
  for (const { path: file, contents } of outputFiles) {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, contents);
  }
  await writeFile(join(folder, licenses), await licensesOf(Object.keys(metafile.inputs)));
}

/** Their licences require a copy. */
export async function licensesOf(inputs) {
  const folders = new Set(inputs.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []));
  const texts = [...folders].sort().map(async (path) => {
    const { name, version, license } = JSON.parse(await readFile(join(root, path, 'package.json'), 'utf8'));
    const files = ['LICENSE', 'license'].map((file) =>
      readFile(join(root, path, file), 'utf8').catch(() => ''),
    );
    const text = (await Promise.all(files)).find((found) => found !== '') ?? '';
    return `${name} ${version}, ${license}\n\n${text}`;
  });
  return (await Promise.all(texts)).join(`\n${'-'.repeat(80)}\n\n`);
}
