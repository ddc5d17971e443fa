/**
 * Compiles test/ and bench/ once into .build/ and checks all types. The compiled code loads what ships: .build/src is
 * dist/, and the packages are their own dist/.
 */
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { checkPages } from './prepare.mjs';
import { root, runTool } from './tool.mjs';

export const built = join(root, '.build');

const shipped = {
  src: 'dist',
  'packages/verifier/src': 'packages/verifier/dist',
  'packages/guard/src': 'packages/guard/dist',
};

/** dist/ must exist. Rejects on a type error, unless `check` is false. */
export async function compileTests({ signal, check = true }) {
  // Also removes old links: the compiler would write through them.
  await rm(built, { recursive: true, force: true });
  const tests = runTool('tsc', ['-p', 'tsconfig.test.json', ...(check ? [] : ['--noCheck'])], { signal });
  await Promise.all([tests, check && checkPages({ signal })]);
  for (const [place, target] of Object.entries(shipped)) await link(join(built, place), join(root, target));
  await writeFileInto('node_modules/tap/package.json', '{ "type": "module", "exports": "./index.js" }\n');
  await writeFileInto('node_modules/tap/index.js', await tapForMany());
}

async function link(place, target) {
  await rm(place, { recursive: true, force: true });
  await symlink(relative(dirname(place), target), place);
}

async function writeFileInto(path, text) {
  await mkdir(dirname(join(built, path)), { recursive: true });
  await writeFile(join(built, path), text);
}

/**
 * The module behind `import t from 'tap'`: the run's root or, when files share a process, the subtest of the file being
 * loaded. The export is a live binding, so importers see the change.
 */
async function tapForMany() {
  const entry = relative(join(built, 'node_modules/tap'), join(root, 'node_modules/tap/dist/esm/index.js'));
  return `import root from '${entry}';
let current = root;
export { current as default };
export async function runFile(name, load) {
  await root.test(name, async (t) => {
    current = t;
    await load();
  });
}
`;
}
