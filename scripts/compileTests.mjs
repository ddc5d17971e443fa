/**
 * Compiles test/ and bench/ once into .build/, and checks all types by the way. There they load the code that ships:
 * .build/src is dist/, and the packages are their own dist/.
 */
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { root, runTool } from './tool.mjs';

export const built = join(root, '.build');

const shipped = {
  src: 'dist',
  'packages/verifier/src': 'packages/verifier/dist',
  'packages/guard/src': 'packages/guard/dist',
};

/** dist/ must be there already. Rejects when a type is wrong, unless it is told not to look. */
export async function compileTests({ signal, check = true }) {
  // Also removes the links of the last time: the compiler would write through them.
  await rm(built, { recursive: true, force: true });
  await runTool('tsc', ['-p', 'tsconfig.test.json', ...(check ? [] : ['--noCheck'])], { signal });
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
 * What `import t from 'tap'` is in a test file: the root of the run, or, where many files share a process, the subtest of
 * the file that is being loaded. An export can change, and whoever imported it sees that.
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
