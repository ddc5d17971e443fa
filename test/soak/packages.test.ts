/**
 * What the quick tests of packages do not do: npm itself installs the tarballs, in the versions that it would choose today, and
 * the Dockerfile's steps are done in an empty folder. Needs a registry, or npm's cache.
 */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import t, { type Test } from 'tap';
import { createHttpClient } from '../support/clients.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/freePort.ts';
import {
  authority,
  guard,
  installedIn,
  pack,
  root,
  runTool,
  sizeOf,
  temporaryFolder,
  verifier,
} from '../support/packed.ts';
import { startProcess } from '../support/process.ts';

const megabyte = 1_000_000;
t.setTimeout(900_000);

const packed = await pack(t, [authority]);
const tarballs = (...names: readonly string[]) =>
  [...packed.values()].filter(({ name }) => names.includes(name)).map(({ tarball }) => tarball);

async function npmInstall(t: Test, ...parameters: readonly string[]): Promise<string> {
  const folder = temporaryFolder(t, 'npm');
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  const { code, output } = await runTool('npm', ['install', '--prefer-offline', ...parameters], folder);
  t.equal(code, 0, output);
  return folder;
}

/** Runs the program with fresh settings until it is ready, uses it, and stops it. */
async function serves(
  t: Test,
  cwd: string,
  command: string,
  ...parameters: readonly string[]
): Promise<void> {
  const [httpPort, grpcPort] = [await freePort(), await freePort()];
  const data = temporaryFolder(t, 'serve');
  const env = { HTTP_PORT: `${httpPort}`, GRPC_PORT: `${grpcPort}`, OPERATIONS_PORT: '0', DATA_DIR: data };
  const started = startProcess(command, parameters, { cwd, env, ownGroup: true });
  t.teardown(() => started.stop());
  await started.waitForOutput(/Countersign is ready/, 120_000);
  const call = createHttpClient(`http://127.0.0.1:${httpPort}`);
  const body = { email: 'ada@example.com', password: 'correct horse battery staple' };
  t.equal((await call('POST', '/auth/register', { body })).status, 201);
  started.signalGroup('SIGTERM');
  // npx does not wait for what it runs, nor hand on its exit code.
  await started.exited;
  await eventually('it has stopped', () =>
    call('GET', '/health/live').then(
      () => false,
      () => true,
    ),
  );
}

t.test('npm installs the guard, and little else', async (t) => {
  const folder = await npmInstall(t, ...tarballs(guard, verifier));
  const unwanted = /prisma|pglite|ioredis|^pino|fastify|^pg$|grpc-js|express/;
  t.strictSame(
    installedIn(folder).filter((name) => unwanted.test(name)),
    [],
  );
  const bytes = sizeOf(folder);
  t.comment(`${(bytes / megabyte).toFixed(1)} MB`);
  t.ok(bytes < 15 * megabyte, `${bytes} bytes`);
  const script = `import { createGuard } from '@countersign/guard'; console.log(typeof createGuard);`;
  const { output } = await runTool(process.execPath, ['--input-type=module', '-e', script], folder);
  t.equal(output, 'function\n');
});

t.test('npm installs the guard beside each framework without a conflict', async (t) => {
  const { devDependencies, dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const { express, express4, fastify, '@grpc/grpc-js': grpc } = { ...devDependencies, ...dependencies };
  for (const framework of [
    `fastify@${fastify}`,
    `express@${express}`,
    express4.slice('npm:'.length),
    `@grpc/grpc-js@${grpc}`,
  ]) {
    const folder = await npmInstall(t, '--strict-peer-deps', ...tarballs(guard, verifier), framework);
    const { output } = await runTool('npm', ['ls'], folder);
    t.notMatch(output, /invalid|UNMET|missing/, framework);
  }
});

t.test('npm installs the authority, and npx countersign serve runs it', async (t) => {
  const folder = await npmInstall(t, '--omit=dev', ...tarballs(authority, guard, verifier));
  t.strictSame(
    installedIn(folder).filter((name) => /prisma|^react|typescript|mysql/.test(name)),
    [],
  );
  const bytes = sizeOf(folder);
  t.comment(`${(bytes / megabyte).toFixed(1)} MB`);
  t.ok(bytes < 120 * megabyte, `${bytes} bytes`);
  await serves(t, folder, 'npx', 'countersign', 'serve');
});

/** COPY and RUN of the stages of the Dockerfile, as folders; without what the image adds to them. */
async function imageOf(t: Test): Promise<string> {
  const [build, image] = [temporaryFolder(t, 'build'), temporaryFolder(t, 'image')];
  const stages = readFileSync(join(root, 'Dockerfile'), 'utf8')
    .split(/^FROM .*\n/m)
    .slice(1);
  for (const [index, lines] of stages.entries()) {
    const workdir = index === 0 ? build : image;
    for (const [, name = '', rest = ''] of lines.matchAll(/^(COPY|RUN) (.*)$/gm)) {
      const words = rest.split(' ');
      if (name === 'COPY') copy(words, workdir, build);
      else if (words[0] === 'npm') {
        const { code, output } = await runTool('npm', [...words.slice(1), '--prefer-offline'], workdir);
        t.equal(code, 0, output);
      }
    }
  }
  return image;
}

function copy(words: readonly string[], workdir: string, build: string): void {
  const fromBuild = words[0] === '--from=build';
  const [sources, target = ''] = [words.slice(fromBuild ? 1 : 0, -1), words.at(-1)];
  for (const source of sources) {
    const path = fromBuild ? join(build, source.replace(/^\/app\//, '')) : join(root, source);
    const there = join(workdir, target, target.endsWith('/') ? basename(source) : '');
    // As .dockerignore does.
    const filter = (file: string) => fromBuild || !/\/generated$|\/packages\/[^/]+\/dist$/.test(file);
    cpSync(path, there, { recursive: true, verbatimSymlinks: true, filter });
  }
}

t.test('what the Dockerfile makes is small, and runs', async (t) => {
  const image = await imageOf(t);
  const bytes = sizeOf(image);
  t.comment(`${(bytes / megabyte).toFixed(1)} MB`);
  t.ok(bytes < 120 * megabyte, `${bytes} bytes`);
  await serves(t, image, process.execPath, 'dist/main.js');
});
