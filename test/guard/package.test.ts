/** `@countersign/guard` as a package: what it loads, and what its types say to whoever installs it. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';
import { checkout } from '../support/checkout.ts';
import { parseSource } from '../support/sourceFile.ts';

const root = pathToFileURL(checkout);
const entries = ['index', 'fastify', 'express', 'grpc'];

/** Every file of ours, and every package, that loading these files loads. */
async function loadedBy(files: readonly string[]): Promise<{ files: Set<string>; packages: Set<string> }> {
  const seen = new Set<string>();
  const packages = new Set<string>();
  const open = [...files];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    for (const { target } of parseSource(path, await readFile(new URL(path, root), 'utf8')).imports) {
      if (target.startsWith('dist/')) open.push(target);
      else if (!target.startsWith('node:'))
        packages.add(target.split('/', target.startsWith('@') ? 2 : 1).join('/'));
    }
  }
  return { files: seen, packages };
}

/** A package, and those that it depends on, and so on. */
async function withDependencies(names: Iterable<string>): Promise<Set<string>> {
  const all = new Set<string>();
  const open = [...names];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (all.has(name)) continue;
    all.add(name);
    const text = await readFile(new URL(`node_modules/${name}/package.json`, root), 'utf8').catch(() => '{}');
    open.push(...Object.keys((JSON.parse(text) as { dependencies?: object }).dependencies ?? {}));
  }
  return all;
}

t.test('what it loads is little, and nothing of the authority', async (t) => {
  const { files, packages } = await loadedBy(entries.map((name) => `dist/sdk/${name}.js`));
  t.strictSame([...packages].sort(), ['@grpc/grpc-js', '@grpc/proto-loader', 'lru-cache', 'uuid']);
  const parts = new Set([...files].map((path) => path.split('/')[1]));
  t.strictSame([...parts].sort(), ['contract', 'core', 'keys', 'revocation', 'sdk', 'tokens']);
  const reached = [...(await withDependencies(packages))];
  const unwanted = /prisma|fastify|express|ioredis|^pg$|pglite|argon2|^pino$/;
  t.strictSame(
    reached.filter((name) => unwanted.test(name)),
    [],
  );
  t.ok(reached.length > packages.size, 'dependencies were followed');
});

t.test('the walk would have found them', async (t) => {
  const { packages } = await loadedBy(['dist/main.js']);
  for (const name of ['fastify', 'ioredis', '@prisma/client', 'pg']) t.ok(packages.has(name), name);
});

t.test('it is found by its name, and exports what is documented', async (t) => {
  const { exports } = JSON.parse(await readFile(new URL('package.json', root), 'utf8'));
  t.strictSame(Object.keys(exports), ['./sdk', './sdk/fastify', './sdk/express', './sdk/grpc']);
  const require = createRequire(new URL('examples/x.mjs', root));
  const names = await Promise.all(
    Object.keys(exports).map(async (path) => {
      const module = await import(pathToFileURL(require.resolve(`countersign${path.slice(1)}`)).href);
      return Object.keys(module).sort();
    }),
  );
  t.strictSame(names, [
    ['GuardError', 'GuardOptionsError', 'createGuard'],
    ['guardPlugin', 'requireCaller'],
    ['requireCaller'],
    ['callerOf', 'guardInterceptor'],
  ]);
});

const consumer = `
import { createGuard, GuardError, type AccessTokenClaims } from '@countersign/guard';
import { guardPlugin } from '@countersign/guard/fastify';
import { requireCaller } from '@countersign/guard/express';
import { callerOf, guardInterceptor } from '@countersign/guard/grpc';
import fastify from 'fastify';
import { Server } from '@grpc/grpc-js';
const guard = createGuard({ authority: ['a:1'], audience: 'x', serviceToken: 'st_x', tls: { ca: '' } });
const claims: AccessTokenClaims = await guard.verify('x', { scopes: ['y'] });
const amr: readonly string[] = claims.amr;
const app = fastify();
await app.register(guardPlugin, { guard, scopes: (request) => [request.method] });
app.get('/', async (request) => request.caller?.sub);
// @ts-expect-error: a public route has no caller
app.get('/public', async (request) => request.caller.sub);
new Server({ interceptors: [guardInterceptor(guard)] });
export const middleware = requireCaller(guard, { scopes: ['x'] });
export const status: 401 | 403 | 503 = new GuardError('invalid_token').status;
export { amr, callerOf };
// @ts-expect-error: claims cannot be changed
claims.sub = 'x';
// @ts-expect-error: an audience is needed
createGuard({ authority: 'a:1' });
`;

t.test('its types are those of its code', { timeout: 120_000 }, async (t) => {
  const folder = await mkdtemp(fileURLToPath(new URL('node_modules/.consumer-', root)));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const options = {
    target: 'es2023',
    module: 'nodenext',
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    types: ['node'],
  };
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await writeFile(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: options, files: ['consumer.ts'] }),
  );
  await writeFile(join(folder, 'consumer.ts'), consumer);
  await mkdir(join(folder, 'node_modules'));
  await symlink(fileURLToPath(root), join(folder, 'node_modules/countersign'), 'dir');
  const tsc = fileURLToPath(new URL('node_modules/.bin/tsc', root));
  const said = await promisify(execFile)(tsc, ['-p', folder]).then(
    () => '',
    (error: { stdout: string }) => error.stdout,
  );
  t.equal(said, '');
});
