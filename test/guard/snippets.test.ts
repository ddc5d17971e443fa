/** What README, docs/sdk.md and the guard's README show compiles, strictly, with the packed guard; and its types are those of its code. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { password, startAuthority } from '../support/authority.ts';
import {
  authority,
  guard,
  install,
  pack,
  root,
  runTool,
  temporaryFolder,
  tool,
  verifier,
} from '../support/packed.ts';

const documents = ['README.md', 'docs/sdk.md', 'packages/guard/README.md'];
t.setTimeout(120_000);

interface Snippet {
  /** A file's name: the document, and the line at which it begins. */
  readonly name: string;
  readonly text: string;
}

function snippetsOf(document: string): readonly Snippet[] {
  const markdown = readFileSync(join(root, document), 'utf8');
  return [...markdown.matchAll(/^```(?:js|ts)\b.*\n((?:.*\n)*?)^```$/gm)].map(({ index, 1: text = '' }) => ({
    name: `${document.replaceAll(/\W/g, '-')}-line-${markdown.slice(0, index).split('\n').length}.ts`,
    text,
  }));
}

const snippets = documents.flatMap(snippetsOf);

/** What a reader has already, by its name. */
function givenTo(text: string): string {
  const app = text.includes('guard/fastify')
    ? `import('fastify').FastifyInstance`
    : `import('express').Express`;
  const given = {
    guard: `import('${guard}').Guard`,
    token: 'string',
    app,
    socket: '{ close(code: number): void; on(event: "close", listener: () => void): void }',
  };
  const missing = Object.entries(given).filter(
    ([name]) => new RegExp(`\\b${name}\\b[.,)]`).test(text) && !text.includes(`const ${name} =`),
  );
  return [...missing.map(([name, type]) => `declare const ${name}: ${type};`), 'export {};', ''].join('\n');
}

/** Nothing that is checked less than it could be. */
const strictly = {
  ...{
    target: 'es2023',
    module: 'nodenext',
    types: ['node'],
    noEmit: true,
    skipLibCheck: false,
    strict: true,
  },
  ...{ exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, noImplicitReturns: true },
};

async function compiled(folder: string, files: Readonly<Record<string, string>>): Promise<string> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const project = { compilerOptions: strictly, files: Object.keys(files) };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(project));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return (await runTool(tool('tsc'), ['-p', folder])).output;
}

const asFiles = (those: readonly Snippet[]) =>
  Object.fromEntries(those.map(({ name, text }) => [name, givenTo(text) + text]));

const home = temporaryFolder(t, 'snippets');
await install(home, (await pack(t, [verifier, guard])).values(), {
  ...{ fastify: 'fastify', '@grpc/grpc-js': '@grpc/grpc-js' },
  ...{ '@types/express': '@types/express', cors: 'cors', '@types/cors': '@types/cors' },
});

t.test('every snippet compiles', async (t) => {
  t.ok(snippets.length >= 7, 'they were found');
  t.equal(await compiled(join(home, 'all'), asFiles(snippets)), '');
});

t.test('those of Express compile with the types of Express 4, too', async (t) => {
  const folder = join(home, 'express4');
  await install(folder, [], { '@types/express': 'types-express4' });
  const ofExpress = snippets.filter(({ text }) => text.includes(`${guard}/express`));
  t.equal(ofExpress.length, 2);
  t.equal(await compiled(folder, asFiles(ofExpress)), '');
});

t.test('a snippet that was wrong would be found', async (t) => {
  const [wrong] = snippets.filter(({ text }) => text.includes('request.caller?.sub'));
  const text = wrong?.text.replaceAll('request.caller?.sub', 'request.caller.sub') ?? '';
  const said = await compiled(join(home, 'wrong'), asFiles([{ name: 'wrong.ts', text }]));
  t.match(said, /wrong\.ts\(\d+,\d+\): error TS18047: 'request\.caller' is possibly 'null'/);
});

t.test('a scope that is named is one that users get', async (t) => {
  const node = await startAuthority();
  t.teardown(() => node.stop());
  await node.register('ada@example.com');
  const body = { email: 'ada@example.com', password };
  const { scope } = (await node.call('POST', '/auth/login', { body })).body;
  const named = snippets.flatMap(({ text }) =>
    [...text.matchAll(/scopes: \[([^\]]*)\]/g)].flatMap(([, list = '']) => list.match(/[^', ]+/g) ?? []),
  );
  t.ok(named.length >= 3);
  t.strictSame(
    [...new Set(named)].filter((name) => !scope.split(' ').includes(name)),
    [],
  );
});

const consumer = (name: string) => `
import { createGuard, GuardError, type AccessTokenClaims } from '${name}';
import { guardPlugin } from '${name}/fastify';
import { requireCaller } from '${name}/express';
import { callerOf, guardInterceptor } from '${name}/grpc';
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

t.test('its types are those of its code, under both names', async (t) => {
  t.equal(await compiled(join(home, 'consumer'), { 'consumer.ts': consumer(guard) }), '');
  const folder = join(home, 'earlier');
  const [earlier] = [...(await pack(t, [authority])).values()].filter(({ name }) => name === authority);
  if (earlier === undefined) throw new Error('npm pack made no countersign');
  // Without what it depends on: its types need the guard alone, which is in the folder above.
  await install(folder, [earlier], {}, { alone: true });
  t.equal(await compiled(folder, { 'consumer.ts': consumer('countersign/sdk') }), '');
});
