/**
 * Bundles packages/pages into dist/pages: scripts and the stylesheet under hashed names, each also compressed, once; and pages.json,
 * which says for each entry what its page loads.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import { build } from 'vite';
import { licensesOf } from './bundleLibraries.mjs';
import { root } from './tool.mjs';

const home = join(root, 'packages/pages');
const folder = join(root, 'dist/pages');
const entries = {
  account: 'src/account/main.tsx',
  admin: 'src/admin/main.tsx',
  signIn: 'src/signIn/main.ts',
  style: 'src/style.css',
};
const compressions = { br: promisify(brotliCompress), gz: promisify(gzip) };

export async function bundlePages() {
  const modules = new Set();
  const { output } = await build({
    root: home,
    configFile: false,
    logLevel: 'warn',
    base: '/pages/',
    publicDir: false,
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      target: 'es2023',
      write: false,
      assetsDir: '',
      // It would be an inline script.
      modulePreload: { polyfill: false },
      rolldownOptions: {
        input: Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, join(home, file)])),
      },
    },
  });
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const { fileName, type, code, source, moduleIds = [] } of output) {
    for (const id of moduleIds) modules.add(id);
    const bytes = Buffer.from(type === 'chunk' ? code : source);
    await writeFile(join(folder, fileName), bytes);
    for (const [ending, compress] of Object.entries(compressions))
      await writeFile(join(folder, `${fileName}.${ending}`), await compress(bytes));
  }
  await writeFile(join(folder, 'pages.json'), `${JSON.stringify(loadedBy(output), null, 2)}\n`);
  await writeFile(
    join(folder, 'LICENSES.txt'),
    await licensesOf([...modules].map((id) => relative(root, id))),
  );
}

/** Entry → its script, what that imports, and its stylesheets. */
function loadedBy(output) {
  const chunks = new Map(
    output.filter(({ type }) => type === 'chunk').map((chunk) => [chunk.fileName, chunk]),
  );
  const sheet = output.find(({ type, names = [] }) => type === 'asset' && names.includes('style.css'));
  const pages = [...chunks.values()].flatMap(({ isEntry, name, fileName, imports }) => {
    if (!isEntry || name === 'style') return [];
    const reached = [fileName, ...imports];
    const styles = reached.flatMap((file) => [...(chunks.get(file)?.viteMetadata?.importedCss ?? [])]);
    return [[name, { script: fileName, imports, styles: [sheet.fileName, ...new Set(styles)] }]];
  });
  return Object.fromEntries([...pages, ['style', { styles: [sheet.fileName] }]]);
}
