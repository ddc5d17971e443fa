/** What is published: the files of each package, what an installation of it brings, and that the authority runs from it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { createHttpClient } from './support/clients.ts';
import { freePort } from './support/freePort.ts';
import {
  authority,
  guard,
  install,
  installedIn,
  type Packed,
  pack,
  root,
  runTool,
  sizeOf,
  temporaryFolder,
  tool,
  verifier,
} from './support/packed.ts';
import { startProcess } from './support/process.ts';

const megabyte = 1_000_000;
t.setTimeout(180_000);

const packed = await pack(t, [authority]);
const of = (name: string): Packed => {
  const found = packed.get(name);
  if (found === undefined) throw new Error(`npm pack made no ${name}`);
  return found;
};
const guardFolder = temporaryFolder(t, 'with-guard');
await install(guardFolder, [of(verifier), of(guard)]);
const authorityFolder = temporaryFolder(t, 'with-authority');
await install(authorityFolder, packed.values());

/** The files below a folder of the repository that match, with what the build makes of their names. */
function below(folder: string, pattern: RegExp, ...built: ((name: string) => string)[]): readonly string[] {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  const found = names.filter((name) => pattern.test(name) && !name.startsWith('storage/postgres/generated'));
  return found.flatMap((name) => built.map((rename) => rename(name)));
}

const compiled = (name: string) => `dist/${name.replace(/\.ts$/, '.js')}`;
const declared = (name: string) => `dist/${name.replace(/\.ts$/, '.d.ts')}`;
const about = ['LICENSE', 'README.md', 'package.json'];

t.test('a tarball holds what is built, and nothing else', async (t) => {
  for (const [name, folder] of [
    [verifier, 'packages/verifier'],
    [guard, 'packages/guard'],
  ] as const) {
    const expected = [...about, ...below(`${folder}/src`, /\.ts$/, compiled, declared)];
    t.strictSame(of(name).files, expected.sort(), name);
  }
  const expected = [
    ...about,
    ...['dist/main.js', 'dist/cli.js', 'dist/healthCheck.js'],
    ...['dist/program/main.js', 'dist/program/cli.js', 'dist/program/healthCheck.js'],
    ...below('src', /\.lua$/, compiled),
    ...below('src', /^sdk\/.*\.ts$/, compiled, declared),
    ...below('prisma', /^migrations\/[^/]+\/migration\.sql$/, (name) => `prisma/${name}`),
    ...below('proto', /\.proto$/, (name) => `proto/${name}`),
  ];
  const ofPages = of(authority).files.filter((file) => file.startsWith('dist/pages/'));
  t.strictSame(
    ofPages,
    readdirSync(join(root, 'dist/pages'))
      .map((name) => `dist/pages/${name}`)
      .sort(),
  );
  const others = of(authority).files.filter((file) => ![...expected, ...ofPages].includes(file));
  t.strictSame(
    expected.filter((file) => !of(authority).files.includes(file)),
    [],
    'nothing is missing',
  );
  const bundled = new Set(others.map((file) => file.replace(/-[A-Z0-9]{8}\.js$/, '-#.js')));
  t.strictSame(
    [...bundled],
    [
      'dist/accounts/phone/LICENSES.txt',
      'dist/accounts/phone/mobileNumbers.js',
      ...['authority', 'chunk', 'engine', 'serve', 'start', 'storage', 'worker'].map(
        (part) => `dist/program/${part}-#.js`,
      ),
      'dist/storage/postgres/adapters.js',
      'dist/storage/postgres/generated/client.js',
      'dist/storage/postgres/prisma/LICENSES.txt',
      'dist/storage/postgres/prisma/chunk-#.js',
      'dist/storage/postgres/prisma/query_compiler_fast_bg.postgresql-#.js',
      'dist/storage/postgres/prisma/query_compiler_fast_bg.postgresql.wasm-base64-#.js',
      'dist/transport/http/LICENSES.txt',
      'dist/transport/http/typebox.js',
    ],
    'and what the build bundles',
  );
  t.ok(of(authority).unpackedSize < 8 * megabyte, `${of(authority).unpackedSize} bytes`);
});

t.test('each says its licence, and where it runs', async (t) => {
  const licence = readFileSync(join(root, 'LICENSE'), 'utf8');
  t.match(licence, /^MIT License$/m);
  for (const name of packed.keys()) {
    const folder = join(authorityFolder, 'node_modules', name);
    t.equal(readFileSync(join(folder, 'LICENSE'), 'utf8'), licence);
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    t.match(manifest, { license: 'MIT', engines: { node: '>=20.19' }, private: undefined }, name);
  }
});

const words = (text: string) => text.split(/\s+/).filter((word) => word !== '');

const besideGuard = words(`
  @countersign/guard @countersign/verifier @grpc/proto-loader lru-cache
  @protobufjs/aspromise @protobufjs/base64 @protobufjs/codegen @protobufjs/eventemitter @protobufjs/fetch @protobufjs/float
  @protobufjs/path @protobufjs/pool @protobufjs/utf8 @types/node long lodash.camelcase protobufjs undici-types
  ansi-regex ansi-styles cliui color-convert color-name emoji-regex escalade get-caller-file is-fullwidth-code-point
  require-directory string-width strip-ansi wrap-ansi y18n yargs yargs-parser
`);

const besideAuthority = words(`
  countersign @grpc/grpc-js @grpc/reflection @js-sdsl/ordered-map grpc-health-check
  @electric-sql/pglite pg pg-cloudflare pg-connection-string pg-int8 pg-pool pg-protocol pg-types pgpass
  postgres-array postgres-bytea postgres-date postgres-interval split2 xtend
  commander ioredis @ioredis/commands cluster-key-slot debug denque ms redis-errors standard-as-callback
  fastify fastify-plugin @fastify/accept-negotiator @fastify/ajv-compiler @fastify/deepmerge @fastify/error
  @fastify/fast-json-stringify-compiler @fastify/forwarded @fastify/merge-json-schemas @fastify/proxy-addr
  @fastify/send @fastify/static @fastify/swagger @fastify/swagger-ui @lukeed/ms helmet
  abstract-logging ajv ajv-formats avvio cookie depd dequal escape-html content-disposition fast-decode-uri-component
  fast-deep-equal fast-json-stringify fast-querystring fast-uri fastq find-my-way http-errors inherits ipaddr.js
  json-schema-ref-resolver json-schema-resolver json-schema-traverse light-my-request mime openapi-types process-warning nodemailer
  require-from-string ret reusify rfdc safe-regex2 secure-json-parse semver set-cookie-parser setprototypeof statuses
  toad-cache toidentifier yaml balanced-match brace-expansion glob minimatch minipass path-scurry
  pino pino-abstract-transport pino-std-serializers @pinojs/redact atomic-sleep on-exit-leak-free quick-format-unescaped
  real-require safe-stable-stringify sonic-boom thread-stream
  prom-client @opentelemetry/api bintrees tdigest
  otplib @otplib/core @otplib/hotp @otplib/totp @otplib/uri @otplib/plugin-base32-scure @otplib/plugin-crypto-noble
  @noble/hashes @scure/base
  qrcode dijkstrajs pngjs camelcase decamelize find-up locate-path p-limit p-locate p-try path-exists
  require-main-filename set-blocking which-module
  @simplewebauthn/server @hexagon/base64 @levischuck/tiny-cbor @peculiar/asn1-android @peculiar/asn1-asym-key @peculiar/asn1-cms
  @peculiar/asn1-csr @peculiar/asn1-ecc @peculiar/asn1-pfx @peculiar/asn1-pkcs8 @peculiar/asn1-pkcs9 @peculiar/asn1-rsa
  @peculiar/asn1-schema @peculiar/asn1-x509 @peculiar/asn1-x509-attr @peculiar/asn1-x509-post-quantum @peculiar/utils
  @peculiar/x509 asn1js pvtsutils pvutils reflect-metadata tslib tsyringe
  openid-client oauth4webapi
  @node-rs/argon2 bcrypt node-addon-api node-gyp-build @zxcvbn-ts/dictionary-compression @zxcvbn-ts/language-common bowser jose uuid
`);

t.test('an installation of the guard brings little, and nothing of the authority', async (t) => {
  t.strictSame(installedIn(guardFolder), [...besideGuard].sort());
  const unwanted = /prisma|pglite|ioredis|^pino|fastify|^pg$|grpc-js/;
  t.strictSame(
    installedIn(guardFolder).filter((name) => unwanted.test(name)),
    [],
  );
  const bytes = sizeOf(guardFolder);
  t.comment(`${(bytes / megabyte).toFixed(1)} MB`);
  t.ok(bytes < 15 * megabyte, `${bytes} bytes`);
});

t.test('an installation of the authority brings what runs, and no tool', async (t) => {
  // The code of argon2 for this system.
  const installed = installedIn(authorityFolder).filter((name) => !name.startsWith('@node-rs/argon2-'));
  t.strictSame(installed, [...besideGuard, ...besideAuthority].sort());
  t.strictSame(
    installed.filter((name) => /prisma|react|typescript|mysql/.test(name)),
    [],
  );
  const bytes = sizeOf(authorityFolder);
  t.comment(`${(bytes / megabyte).toFixed(1)} MB`);
  t.ok(bytes < 120 * megabyte, `${bytes} bytes`);
});

t.test('publint and attw find nothing', async (t) => {
  for (const { name, tarball } of packed.values()) {
    const lint = await runTool(tool('publint'), ['run', '--strict', '--level', 'suggestion', tarball]);
    t.equal(lint.code, 0, `${name}: ${lint.output}`);
    t.match(lint.output, /All good!/);
    const types = await runTool(tool('attw'), [tarball, '--profile', 'esm-only', '--format', 'ascii']);
    t.equal(types.code, 0, `${name}: ${types.output}`);
  }
});

t.test('countersign/sdk is the guard under its earlier name', async (t) => {
  const entries = ['', '/fastify', '/express', '/grpc'];
  const script = `
    const names = [];
    for (const entry of ${JSON.stringify(entries)}) {
      const [now, before] = await Promise.all(['@countersign/guard', 'countersign/sdk'].map((name) => import(name + entry)));
      for (const name of Object.keys(now)) if (now[name] === before[name]) names.push(name);
    }
    console.log(names.join(' '));
  `;
  const { output } = await runTool(process.execPath, ['--input-type=module', '-e', script], authorityFolder);
  t.equal(
    output,
    'GuardError GuardOptionsError createGuard guardPlugin requireCaller requireCaller callerOf guardInterceptor\n',
  );
});

t.test('countersign serve starts the authority, from nothing', async (t) => {
  const [httpPort, grpcPort] = [await freePort(), await freePort()];
  const program = join(authorityFolder, 'node_modules/.bin/countersign');
  const env = { HTTP_PORT: `${httpPort}`, GRPC_PORT: `${grpcPort}`, OPERATIONS_PORT: '0' };
  const started = startProcess(program, ['serve'], { cwd: temporaryFolder(t, 'serve'), env });
  t.teardown(() => started.stop());
  await started.waitForOutput(/Countersign is ready/, 90_000);

  const call = createHttpClient(`http://127.0.0.1:${httpPort}`);
  const body = { email: 'ada@example.com', password: 'correct horse battery staple' };
  t.equal((await call('POST', '/auth/register', { body })).status, 201);
  const { access_token: token } = (await call('POST', '/auth/login', { body })).body as {
    access_token: string;
  };
  t.equal((await call('GET', '/auth/me', { token })).status, 200);
  t.equal((await call('POST', '/auth/logout', { token })).status, 204);
  t.equal((await call('GET', '/auth/me', { token })).status, 401);
  t.equal((await call('GET', '/docs/')).status, 200, 'with the files of the page');

  started.signal('SIGTERM');
  t.strictSame(await started.exited, { code: 0, signal: null });
});

t.test('npm start and countersign serve run the same file', async (t) => {
  t.match(readFileSync(join(root, 'scripts/start.mjs'), 'utf8'), "await import('../dist/main.js');");
  t.match(readFileSync(join(root, 'src/cli.ts'), 'utf8'), "await import('./main.ts');");
  for (const name of ['main', 'cli'])
    t.match(readFileSync(join(root, `dist/${name}.js`), 'utf8'), `import './program/${name}.js';`);
});
