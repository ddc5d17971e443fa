/** The rules of the architecture, and the proof that each of them can be broken. */
import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { parseSource, type SourceFile } from './support/sourceFile.ts';

/**
 * Part → the parts it may import. A part is a folder of src/ or a file in it. `flows (types)`: only with `import type`.
 * Subscribers → flows → nouns → core; only what builds the whole reaches storage.
 */
const nouns = ['keys', 'tokens', 'sessions', 'revocation', 'authn', 'audit', 'truth'];
const directions: Record<string, readonly string[]> = {
  core: [],
  config: ['core'],
  contract: [],
  observability: ['core', 'config (types)'],

  keys: ['core'],
  tokens: ['core', 'keys'],
  sessions: ['core'],
  revocation: ['core'],
  authn: ['core'],
  audit: ['core'],
  truth: ['core', 'revocation (types)'],

  flows: ['core', ...nouns],
  storage: ['core', ...nouns, 'flows (types)', 'config (types)'],

  http: ['core', ...nouns, 'flows', 'config (types)', 'observability (types)'],
  grpc: ['core', 'contract', ...nouns, 'flows', 'config (types)', 'observability (types)'],
  sdk: ['core', 'contract', 'keys', 'tokens', 'revocation'],
  cli: [
    'core',
    ...nouns,
    'flows',
    'config',
    'observability',
    'storage',
    'createFlows.ts (types)',
    'authority.ts',
    'main.ts',
  ],

  'openTruth.ts': [
    ...['core', 'truth', 'flows', 'storage', 'revocation (types)', 'sessions (types)', 'tokens (types)'],
    ...['openRevoked.ts (types)', 'config (types)', 'observability (types)'],
  ],
  'openRevoked.ts': [
    'core',
    'revocation',
    'flows (types)',
    'storage',
    'config (types)',
    'observability (types)',
  ],
  'createFlows.ts': ['core', ...nouns, 'flows', 'config (types)', 'observability (types)'],
  'warnOfDefaults.ts': ['authn (types)', 'flows (types)', 'config (types)', 'observability (types)'],
  'upkeep.ts': ['core', 'flows', 'config (types)', 'observability (types)'],
  'openGuessingLimits.ts': [
    ...['core', 'authn', 'flows', 'storage'],
    ...['http (types)', 'config (types)', 'observability (types)'],
  ],
  'openTransports.ts': ['core', 'http', 'grpc', 'config (types)', 'observability (types)'],
  'authority.ts': [
    ...['core', ...nouns, 'flows', 'storage', 'http (types)', 'config', 'observability'],
    ...[
      'openTransports.ts',
      'openGuessingLimits.ts',
      'openRevoked.ts',
      'openTruth.ts',
      'createFlows.ts',
      'upkeep.ts',
      'warnOfDefaults.ts',
    ],
  ],
  'stop.ts': ['core'],
  'start.ts': [
    ...['core', 'config', 'observability', 'storage', 'http', 'cli'],
    ...['stop.ts (types)', 'authority.ts'],
  ],
  'main.ts': ['core', 'stop.ts', 'start.ts'],
  'healthCheck.ts': ['config'],
};

/** Library → the folders, or the file, that own it. Whatever is not listed has no owner and may not be used. */
const owners: readonly [library: RegExp, owners: readonly string[]][] = [
  [/^@prisma\/|^pg$|^@electric-sql\/pglite$|^pglite-prisma-adapter$/, ['storage/postgres/']],
  [/^src\/storage\/postgres\/generated\//, ['storage/postgres/']],
  [/^ioredis$/, ['storage/redis/']],
  // The SDK has their types only: test/guard/package.test.ts walks what it loads.
  [/^fastify$/, ['http/', 'sdk/fastify.ts']],
  [/^@fastify\/|^typebox$|^helmet$/, ['http/']],
  [/^@grpc\/|^grpc-health-check$/, ['contract/', 'grpc/', 'sdk/']],
  [/^jose$/, ['keys/', 'tokens/', 'sdk/']],
  [/^@node-rs\/argon2$|^@zxcvbn-ts\//, ['authn/']],
  [/^pino$|^prom-client$/, ['observability/']],
  [/^uuid$/, ['core/']],
  [/^lru-cache$/, ['']],
  [/^bowser$/, ['platform/userAgent.ts']],
  [/^node:timers/, ['core/clock.ts']],
  [/^(node:|src\/)/, ['']],
];

/** What reaches out of the process or waits → the only files that may do it. */
const effects: Record<string, readonly [code: RegExp, owners: readonly string[]]> = {
  'the environment is read once': [/\bprocess\.env\b|\benv\b[^;]*from 'node:process'/, ['config/env.ts']],
  'time is read from the clock': [
    /\bDate\.now\b|\bnew Date(?!\w)(?!\s*\(\s*[^\s)])|\bperformance\.|\bprocess\.hrtime\b/,
    ['core/clock.ts'],
  ],
  'the clock waits': [
    /(?<!\.)\bset(Timeout|Interval|Immediate)\b|\bglobalThis\.set|\bAbortSignal\.timeout\b/,
    ['core/clock.ts'],
  ],
  'the log is the only voice': [/\bconsole\./, []],
  'only a process ends itself': [
    /\bprocess\.(exit|abort|kill)\b/,
    ['main.ts', 'cli/main.ts', 'healthCheck.ts'],
  ],
};

const linesOfFile = 300;
const sayNothing = /^(utils?|helpers?|common|misc|shared)$/;
const barrels = ['sdk/'];

type Rule = (file: SourceFile) => readonly string[];

const rules: Record<string, Rule> = {
  'imports point inwards': (file) => {
    const from = partOf(file.path);
    const allowed = directions[from];
    if (allowed === undefined) return [`${from} is no known part`];
    return file.imports.flatMap(({ target, typesOnly }) => {
      const to = target.startsWith('src/') ? partOf(target) : from;
      if (to === from || allowed.includes(to) || (typesOnly && allowed.includes(`${to} (types)`))) return [];
      return [`${from} may not import ${target}`];
    });
  },
  'each library has its owners': (file) =>
    file.imports.flatMap(({ target }) => {
      const [, allowed = []] = owners.find(([library]) => library.test(target)) ?? [];
      return isIn(file, allowed) ? [] : [`may not use ${target}`];
    }),
  ...Object.fromEntries(
    Object.entries(effects).map(([name, [code, allowed]]): [string, Rule] => [
      name,
      (file) => (isIn(file, allowed) ? [] : (file.code.match(code)?.slice(0, 1) ?? [])),
    ]),
  ),
  'files are short': ({ lines }) => (lines > linesOfFile ? [`${lines} lines, ${linesOfFile} at most`] : []),
  'names say what is inside': ({ path }) =>
    path.split('/').flatMap((name) => (sayNothing.test(name.replace(/\..*$/, '')) ? [`"${name}"`] : [])),
  'no barrels': (file) =>
    file.path.endsWith('/index.ts') && !isIn(file, barrels) ? ['import from the file itself'] : [],
};

function partOf(path: string): string {
  return path.split('/')[1] ?? path;
}

function isIn(file: SourceFile, places: readonly string[]): boolean {
  return places.some((place) => file.path.startsWith(`src/${place}`));
}

function violations(rule: Rule, files: readonly SourceFile[]): readonly string[] {
  return files.flatMap((file) => rule(file).map((what) => `${file.path}: ${what}`));
}

t.test('the sources keep every rule', async (t) => {
  const root = new URL('../', import.meta.url);
  const files = readdirSync(new URL('src', root), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.includes('/generated/'))
    .map((name) => parseSource(`src/${name}`, readFileSync(new URL(`src/${name}`, root), 'utf8')));
  t.ok(files.length > 50, 'the sources were found');
  for (const [name, rule] of Object.entries(rules)) t.strictSame(violations(rule, files), [], name);
});

/** Sources that break a rule: [rule, path, text]. */
const broken: readonly [rule: string, path: string, text: string][] = [
  ...Object.entries({
    'packages/verifier/src/ids.ts': "import { x } from '../config/config.ts';",
    'src/platform/config/config.ts': "import { x } from '../observability/log.ts';",
    'src/platform/observability/log.ts': "import { readConfig } from '../config/config.ts';",
    'src/keys/keyRing.ts': "import { x } from '../tokens/jti.ts';",
    'packages/verifier/src/tokens/jti.ts': "import type { x } from '../sessions/session.ts';",
    'src/sessions/session.ts': "import { x } from '../storage/postgres/sessionStore.ts';",
    'packages/verifier/src/revocation/denyList.ts': "import { x } from '../flows/logout.ts';",
    'src/accounts/user.ts': "import { x } from '../http/app.ts';",
    'src/login/login.ts': "import { x } from '../storage/postgres/userStore.ts';",
    'src/sessions/logout.ts': "import { x } from '../grpc/status.ts';",
    'src/revocation/propagation/localEffect.ts':
      "import { type revokeAndPropagate } from '../../flows/revokeAndPropagate.ts';",
    'src/storage/redis/bus.ts': "import type { x } from '../../http/app.ts';",
    'src/transport/http/app.ts': "import { x } from '../grpc/server.ts';",
    'src/login/http.ts': "import {\n  a,\n  b,\n} from '../../storage/local/effect.ts';",
    'src/transport/grpc/server.ts': "export * from '../storage/local/effect.ts';",
    'packages/guard/src/index.ts': "import { x } from '../authority.ts';",
    'src/authority.ts': "import './main.ts';",
    'src/main.ts': "const { x } = await import('./grpc/server.ts');",
    'src/somewhere/new.ts': '',
  }).map(([path, text]): [string, string, string] => ['imports point inwards', path, text]),

  ...[
    ...['@prisma/client', 'pg', '@electric-sql/pglite', 'pglite-prisma-adapter', 'ioredis', 'fastify'],
    ...[
      '@fastify/swagger',
      'helmet',
      'typebox',
      '@grpc/grpc-js',
      'grpc-health-check',
      'jose',
      '@node-rs/argon2',
    ],
    ...['@zxcvbn-ts/language-common', 'pino', 'prom-client', 'uuid', 'node:timers/promises'],
    ...['../storage/postgres/generated/client.ts', 'left-pad'],
  ].map((library): [string, string, string] => [
    'each library has its owners',
    'src/login/login.ts',
    `import x from '${library}';`,
  ]),
  ['each library has its owners', 'src/storage/redis/bus.ts', "import type pg from 'pg';"],
  ['each library has its owners', 'packages/guard/src/express.ts', "import type { x } from 'fastify';"],
  ['each library has its owners', 'packages/verifier/src/ids.ts', 'await import(name);'],
  ['each library has its owners', 'packages/verifier/src/ids.ts', "import 'node:timers';"],

  ['the environment is read once', 'src/main.ts', 'readConfig(process.env);'],
  ['the environment is read once', 'src/main.ts', "import { env } from 'node:process';"],
  ...['Date.now()', 'new Date()', 'new Date', 'performance.now()', 'process.hrtime.bigint()'].map(
    (code): [string, string, string] => [
      'time is read from the clock',
      'packages/verifier/src/ids.ts',
      `x = ${code};`,
    ],
  ),
  ...['setTimeout(f, 1)', 'setInterval(f)', 'setImmediate(f)', 'globalThis.setTimeout(f)'].map(
    (code): [string, string, string] => ['the clock waits', 'packages/verifier/src/ids.ts', `${code};`],
  ),
  ['the clock waits', 'src/transport/http/app.ts', 'AbortSignal.timeout(10);'],
  ['the log is the only voice', 'src/main.ts', "console.log('');"],
  ['only a process ends itself', 'src/authority.ts', 'process.exit(1);'],
  ['files are short', 'packages/verifier/src/ids.ts', '\n'.repeat(300).concat('x')],
  ...['src/core/utils.ts', 'src/http/helpers/x.ts', 'src/common/x.ts', 'src/keys/misc.ts'].map(
    (path): [string, string, string] => ['names say what is inside', path, ''],
  ),
  ['no barrels', 'src/keys/index.ts', ''],
];

/** What comes close to breaking a rule and does not. */
const kept: readonly [path: string, text: string][] = [
  ['src/revocation/propagation/localEffect.ts', "import type { x } from '../../flows/database.ts';"],
  ['src/platform/observability/log.ts', "import type { x } from '../config/config.ts';"],
  [
    'packages/verifier/src/tokens/jti.ts',
    "import { x } from '../keys/keyRing.ts';\nimport { y } from './accessToken.ts';",
  ],
  ['src/platform/config/env.ts', 'export const read = () => process.env;'],
  ['packages/verifier/src/clock.ts', 'setTimeout(f, Date.now() - performance.now()); new Date();'],
  [
    'packages/verifier/src/ids.ts',
    "// process.env\n/* console.log(Date.now()) import 'pg' */ new Date(now); new DateRange();",
  ],
  ['src/transport/http/app.ts', "socket.setTimeout(1); const from = 'pg'; /^'[^']*'$/.test('x');"],
  ['src/login/passwords/commonPasswords.ts', "import { LRUCache } from 'lru-cache';"],
  ['packages/guard/src/index.ts', "export * from './guard.ts';"],
  ['src/cli.ts', 'process.exit(0);'],
  ['packages/verifier/src/ids.ts', '\n'.repeat(299).concat('x')],
];

t.test('every rule can be broken', async (t) => {
  for (const [name, path, text] of broken) {
    const rule = rules[name];
    t.ok(rule && violations(rule, [parseSource(path, text)]).length > 0, `${name}: ${path}: ${text.trim()}`);
  }
  const never = Object.keys(rules).filter((name) => !broken.some(([rule]) => rule === name));
  t.strictSame(never, [], 'each rule is broken above');
});

t.test('a rule is broken by nothing else', async (t) => {
  for (const [path, text] of kept) {
    const found = Object.values(rules).flatMap((rule) => violations(rule, [parseSource(path, text)]));
    t.strictSame(found, [], `${path}: ${text.trim()}`);
  }
});
