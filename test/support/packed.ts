/**
 * The three packages as `npm pack` makes them, and folders in which somebody has installed them. What else such a folder
 * needs is copied from node_modules, in the versions of package-lock.json: no network, and the same every time.
 */
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { startProcess } from './process.ts';

/** The repository, wherever the tests were compiled to. */
export const root = ((): string => {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package-lock.json'))) folder = dirname(folder);
  return folder;
})();

export interface Packed {
  readonly name: string;
  readonly tarball: string;
  readonly files: readonly string[];
  readonly unpackedSize: number;
}

export const verifier = '@countersign/verifier';
export const guard = '@countersign/guard';
export const authority = 'countersign';

/** Where each of our packages has its package.json, from the root. */
const homes: Readonly<Record<string, string>> = {
  [verifier]: 'packages/verifier',
  [guard]: 'packages/guard',
  [authority]: '',
};

export function temporaryFolder(t: Test, name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `${name}-`));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** What `npm pack` makes of these packages, by name. */
export async function pack(t: Test, names: readonly string[]): Promise<ReadonlyMap<string, Packed>> {
  const folder = temporaryFolder(t, 'packed');
  const which = names.flatMap((name) =>
    name === authority
      ? ['--include-workspace-root', '--workspace', verifier, '--workspace', guard]
      : ['--workspace', name],
  );
  const npm = startProcess('npm', ['pack', '--json', '--pack-destination', folder, ...which], { cwd: root });
  if ((await npm.exited).code !== 0) throw new Error(npm.stderr());
  const said = JSON.parse(npm.stdout()) as {
    name: string;
    filename: string;
    unpackedSize: number;
    files: { path: string }[];
  }[];
  return new Map(
    said.map(({ name, filename, unpackedSize, files }) => [
      name,
      { name, unpackedSize, tarball: join(folder, filename), files: files.map(({ path }) => path).sort() },
    ]),
  );
}

interface Locked {
  readonly version?: string;
  readonly dependencies?: object;
  readonly optionalDependencies?: object;
  readonly peerDependencies?: object;
  readonly peerDependenciesMeta?: Readonly<Record<string, { optional?: boolean }>>;
}

const locked = () =>
  (JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: Record<string, Locked> })
    .packages;

/**
 * Where the production dependencies of these packages are, from the root, as `npm install` of their tarballs brings them:
 * peers too, unless they are optional. Ours are left out.
 */
export function productionTree(names: readonly string[]): readonly string[] {
  const packages = locked();
  const found = new Set<string>();
  const seen = new Set<string>();
  const open = names.map((name) => homes[name] ?? `node_modules/${name}`);
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    const about = packages[path];
    if (about === undefined) throw new Error(`package-lock.json has no ${path}`);
    if (!Object.values(homes).includes(path)) found.add(path);
    const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } = about;
    const peers = Object.keys(peerDependencies ?? {}).filter(
      (name) => !peerDependenciesMeta?.[name]?.optional,
    );
    for (const name of [...Object.keys({ ...dependencies, ...optionalDependencies }), ...peers]) {
      const place = homes[name] ?? resolved(packages, path, name);
      // Of the prebuilt code for many systems, only what is for this one is here.
      if (place !== undefined && existsSync(join(root, place))) open.push(place);
    }
  }
  return [...found].sort();
}

/** As Node looks for a package: in the folder's own node_modules, then in those above it. */
function resolved(packages: Record<string, Locked>, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, folder.lastIndexOf('/node_modules/'))) {
    const place = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (packages[place] !== undefined) return place;
    if (!folder.includes('/node_modules/')) break;
  }
  return packages[`node_modules/${name}`] === undefined ? undefined : `node_modules/${name}`;
}

/** `express: 'express4'`: the package of that name in our node_modules is to be found as `express`. */
export type Others = Readonly<Record<string, string>>;

/** Installs packed packages, and others beside them, into a folder. `alone`: without what they depend on. */
export async function install(
  folder: string,
  packed: Iterable<Packed>,
  others: Others = {},
  { alone = false } = {},
): Promise<void> {
  const ours = [...packed];
  const names = new Map(Object.entries(others).map(([name, here]) => [here, name]));
  const wanted = [...(alone ? [] : ours.map(({ name }) => name)), ...names.keys()];
  for (const path of productionTree(wanted)) {
    const [, top = ''] = /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path) ?? [];
    const there = join(folder, path.replace(top, names.get(top) ?? top));
    cpSync(join(root, path), there, { recursive: true, filter: withoutNested(join(root, path)) });
  }
  for (const { name, tarball } of ours) {
    const there = join(folder, 'node_modules', name);
    mkdirSync(there, { recursive: true });
    const { code, output } = await runTool('tar', ['-xzf', tarball, '--strip-components=1', '-C', there]);
    if (code !== 0) throw new Error(output);
    linkPrograms(folder, name);
  }
}

/** As npm does. */
function linkPrograms(folder: string, name: string): void {
  const there = join(folder, 'node_modules', name);
  const { bin = {} } = JSON.parse(readFileSync(join(there, 'package.json'), 'utf8')) as {
    bin?: Record<string, string>;
  };
  for (const [command, file] of Object.entries(bin)) {
    mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
    chmodSync(join(there, file), 0o755);
    symlinkSync(join('..', name, file), join(folder, 'node_modules/.bin', command));
  }
}

/** What is nested in a package is in the tree by itself, if it is needed. */
function withoutNested(path: string): (source: string) => boolean {
  return (source) => source === path || !source.slice(path.length).startsWith('/node_modules');
}

/** What it takes on a disk, in bytes, as `du` counts. */
export function sizeOf(folder: string): number {
  const inside = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return ['', ...inside].reduce((sum, name) => sum + 512 * lstatSync(join(folder, name)).blocks, 0);
}

/** The packages in a folder's node_modules, at any depth, by name. */
export function installedIn(folder: string): readonly string[] {
  const manifests = readdirSync(join(folder, 'node_modules'), { recursive: true, encoding: 'utf8' });
  const names = manifests.flatMap((path) => {
    const [, name = ''] = /^(?:.*\/node_modules\/)?((?:@[^/]+\/)?[^/@]+)\/package\.json$/.exec(path) ?? [];
    return name === '' ? [] : [name];
  });
  return [...new Set(names)].sort();
}

/** A program of our own development dependencies. */
export function tool(name: string): string {
  return join(root, 'node_modules/.bin', name);
}

/** What a program prints and how it ends. */
export async function runTool(
  file: string,
  parameters: readonly string[],
  cwd = root,
): Promise<{ code: number | null; output: string }> {
  const started = startProcess(file, parameters, { cwd });
  const { code } = await started.exited;
  return { code, output: started.stdout() + started.stderr() };
}
