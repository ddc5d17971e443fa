/** The rules of the architecture, and the proof that each of them can be broken. */
import { readdirSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { checkout } from './support/checkout.ts';
import { parseSource, type SourceFile } from './support/sourceFile.ts';

/**
 * Part → the parts that it may import; every part may import packages/verifier. A part is a folder of src/, or one in
 * `transport/`, `storage/` and `revocation/`, or a file in src/. `(types)`: only with `import type`. How long
 * functions may be is a rule of Biome (biome.json).
 */
const directions: Record<string, readonly string[]> = {
  platform: [],
  'rateBudgets.ts': ['platform (types)'],
  'database.ts': slices(
    'types',
    'accounts',
    'audit',
    'keys',
    'login',
    'notifications',
    'oauth',
    'platform',
    'revocation',
    'rights',
    'services',
    'sessions',
    'truth',
  ),

  // The shells know no slice but the types of who calls.
  transport: ['platform', 'transport/http', 'transport/grpc (types)'],
  'transport/http': ['platform', 'transport', 'audit (types)'],
  'transport/grpc': [
    'platform',
    'transport',
    ...slices('types', 'audit', 'services', 'revocation/subscribers'),
  ],

  // The methods of gRPC as JSON.
  'transport/api': [
    ...['platform', 'transport', 'transport/http', 'transport/grpc'],
    ...slices('types', 'audit', 'services'),
  ],

  audit: ['platform', 'database.ts (types)', 'transport/cli', 'transport/http', 'transport/grpc'],
  status: [
    ...['platform', 'transport/grpc'],
    ...slices('types', 'revocation/propagation', 'revocation/subscribers'),
  ],
  notifications: [
    'platform',
    'transport/grpc',
    'database.ts (types)',
    ...slices('types', 'accounts', 'audit'),
  ],
  services: [
    ...['platform', 'rights', 'sessions', 'revocation/propagation', 'database.ts (types)', 'transport/cli'],
    ...slices('types', 'audit', 'accounts', 'revocation', 'storage/embedded'),
  ],
  'revocation/propagation': [
    ...['platform', 'revocation/subscribers', 'database.ts (types)', 'storage (types)'],
    ...slices('types', 'audit', 'sessions', 'truth'),
  ],
  'revocation/subscribers': ['platform', 'revocation/propagation', 'transport/grpc', 'keys (types)'],
  tokens: [
    'platform',
    'rights',
    'transport/http',
    'transport/grpc',
    ...slices('types', 'keys', 'services', 'sessions'),
  ],
  oauth: [
    ...['platform', 'rights', 'services', 'sessions', 'tokens', 'revocation/propagation'],
    ...['login', 'notifications', 'database.ts (types)', 'transport/http', 'transport/grpc'],
    ...['transport/cli', ...slices('types', 'accounts', 'audit', 'keys', 'revocation')],
  ],
  site: ['platform', 'notifications', 'transport/http'],
  rights: [
    ...['platform', 'accounts', 'sessions', 'tokens', 'revocation/propagation', 'database.ts (types)'],
    ...['transport/grpc', 'transport/cli'],
    ...slices('types', 'audit', 'revocation', 'services'),
  ],
  sessions: [
    ...[
      'platform',
      'revocation/propagation',
      'rights',
      'tokens',
      'transport/http',
      'transport/grpc',
      'database.ts (types)',
    ],
    ...slices('types', 'audit', 'keys', 'login', 'notifications', 'revocation', 'services'),
  ],
  keys: [
    ...['platform', 'revocation', 'revocation/propagation', 'sessions', 'database.ts (types)'],
    ...['transport/http', 'transport/grpc', 'transport/cli'],
    ...slices('types', 'audit', 'login', 'notifications', 'services'),
  ],
  login: [
    ...[
      'platform',
      'accounts',
      'notifications',
      'rights',
      'sessions',
      'revocation/propagation',
      'transport/http',
      'database.ts (types)',
    ],
    ...slices('types', 'audit', 'revocation'),
  ],
  accounts: [
    ...[
      'platform',
      'audit',
      'login',
      'notifications',
      'sessions',
      'revocation',
      'revocation/propagation',
      'database.ts (types)',
    ],
    ...['transport/http', 'transport/grpc', 'transport/cli', 'services (types)'],
  ],
  revocation: [
    ...['platform', 'accounts', 'sessions', 'tokens', 'revocation/propagation', 'revocation/subscribers'],
    ...['database.ts (types)', 'transport/grpc', 'transport/cli'],
    ...slices('types', 'audit', 'keys', 'services', 'authority.ts'),
  ],
  truth: [
    ...[
      'platform',
      'sessions',
      'revocation/propagation',
      'database.ts (types)',
      'transport/cli',
      'storage (types)',
    ],
    ...slices('types', 'audit', 'accounts', 'revocation', 'tokens'),
  ],

  'transport/cli': [
    ...[
      'platform',
      'accounts',
      'audit',
      'keys',
      'oauth',
      'revocation',
      'rights',
      'services',
      'truth',
      'storage/embedded',
    ],
    'storage/postgres',
    'authority.ts (types)',
  ],

  // Implements the ports of the slices.
  'storage/postgres': [
    ...['platform', 'audit', 'login', 'services', 'truth', 'revocation/propagation', 'database.ts (types)'],
    ...slices('types', 'accounts', 'keys', 'notifications', 'oauth', 'revocation', 'rights', 'sessions'),
  ],
  'storage/redis': ['platform', 'revocation/propagation', 'truth (types)'],
  'storage/embedded': ['platform', 'revocation/propagation', 'truth (types)'],
  storage: [
    'platform',
    'truth',
    'storage/postgres',
    'storage/redis',
    'storage/embedded',
    'revocation/propagation (types)',
  ],

  'authority.ts': [
    ...[
      'platform',
      'rateBudgets.ts',
      'lifecycle.ts',
      'openTransports.ts',
      'storage',
      'transport (types)',
      'transport/http',
    ],
    ...['accounts', 'audit', 'keys', 'login', 'notifications', 'revocation', 'revocation/propagation'],
    ...['oauth', 'rights', 'services', 'sessions'],
    ...['tokens', 'truth', ...slices('types', 'storage/embedded', 'storage/postgres')],
  ],
  'openTransports.ts': [
    ...['oauth', 'rights', 'sessions', 'site', 'status', 'transport', 'transport/api', 'transport/grpc'],
    ...['transport/http', ...slices('types', 'authority.ts', 'lifecycle.ts')],
  ],
  'lifecycle.ts': [
    ...['platform', 'transport/http', 'storage', 'truth'],
    ...slices('types', 'keys', 'transport'),
  ],
  'serve.ts': ['platform', 'transport', 'transport/cli', 'authority.ts'],
  workers: ['platform', 'transport', 'transport/cli (types)', 'storage/embedded', 'serve.ts'],
  'start.ts': [
    ...['platform', 'transport', 'transport/http', 'transport/cli', 'storage/embedded'],
    ...['serve.ts', 'workers'],
  ],
  'main.ts': ['platform', 'transport', 'serve.ts (types)', 'start.ts', 'workers'],
  'cli.ts': ['platform', 'transport/cli', 'storage/embedded', 'storage/postgres', 'authority.ts', 'main.ts'],
  'healthCheck.ts': ['platform'],
  // An earlier name of the guard, for one release.
  sdk: [],

  'packages/verifier': [],
  'packages/guard': [],

  // The pages: the account page and the console do not know each other.
  'pages/api': [],
  'pages/texts': ['pages/api (types)'],
  'pages/parts': ['pages/app', 'pages/texts'],
  'pages/app': ['pages/api', 'pages/parts', 'pages/texts'],
  'pages/account': ['pages/api', 'pages/app', 'pages/parts', 'pages/texts'],
  'pages/admin': ['pages/api', 'pages/app', 'pages/parts', 'pages/texts'],
  'pages/signIn': [],
};

function slices(_what: 'types', ...names: readonly string[]): readonly string[] {
  return names.map((name) => `${name} (types)`);
}

/** Library → the folders, or the file, that own it. Whatever is not listed has no owner and may not be used. */
const owners: readonly [library: RegExp, owners: readonly string[]][] = [
  [/^@prisma\/|^pg$|^@electric-sql\/pglite$|^pglite-prisma-adapter$/, ['src/storage/postgres/']],
  [/^src\/storage\/postgres\/generated\//, ['src/storage/postgres/']],
  [/^ioredis$/, ['src/storage/redis/']],
  // Routes of a slice are in its http.ts.
  [
    /^fastify$/,
    [
      'src/transport/http/',
      'src/transport/api/',
      'src/sessions/',
      'src/login/signIn/',
      'src/oauth/',
      'src/site/',
      'packages/guard/src/fastify.ts',
    ],
  ],
  [/^typebox$/, ['src/transport/http/typebox.ts']],
  [/^@fastify\/|^helmet$/, ['src/transport/http/']],
  [/^commander$|^@commander-js\/extra-typings$/, ['src/transport/cli/']],
  [
    /^@grpc\/|^grpc-health-check$/,
    ['src/transport/grpc/', 'src/revocation/subscribers/watchStream.ts', 'packages/'],
  ],
  [/^jose$/, ['src/keys/', 'src/tokens/', 'src/oauth/', 'packages/']],
  [/^otplib$|^qrcode$/, ['src/login/factors/totp.ts']],
  [/^@node-rs\/argon2$|^bcrypt$|^@zxcvbn-ts\//, ['src/login/passwords/']],
  [/^@simplewebauthn\/server/, ['src/login/passkeys/webauthn.ts']],
  [/^openid-client$/, ['src/login/providers/openid.ts']],
  [/^pino$|^prom-client$/, ['src/platform/observability/']],
  [/^uuid$/, ['src/platform/newId.ts']],
  [/^nodemailer$/, ['src/notifications/mail.ts', 'src/notifications/mailFolder.ts']],
  [/^lru-cache$/, ['']],
  [/^libphonenumber-js\//, ['src/accounts/phone/mobileNumbers.ts']],
  [/^bowser$/, ['src/platform/userAgent.ts']],
  [/^preact(\/|$)|^@preact\/|^uplot|^@simplewebauthn\/browser$/, ['packages/pages/src/']],
  [/^@countersign\/verifier\//, ['']],
  [/^@countersign\/guard/, ['src/sdk/']],
  [/^node:timers/, ['packages/verifier/src/clock.ts']],
  [/^(node:|src\/|packages\/)/, ['']],
];

/** What reaches out of the process or waits → the only files that may do it. */
const effects: Record<string, readonly [code: RegExp, owners: readonly string[]]> = {
  'the environment is read once': [
    /\bprocess\.env\b|\benv\b[^;]*from 'node:process'/,
    ['src/platform/config/env.ts'],
  ],
  'time is read from the clock': [
    /\bDate\.now\b|\bnew Date(?!\w)(?!\s*\(\s*[^\s)])|\bperformance\.|\bprocess\.hrtime\b/,
    ['packages/verifier/src/clock.ts', 'packages/pages/'],
  ],
  'the clock waits': [
    /(?<!\.)\bset(Timeout|Interval|Immediate)\b|\bglobalThis\.set|\bAbortSignal\.timeout\b/,
    // A page has the clock of its browser.
    ['packages/verifier/src/clock.ts', 'packages/pages/'],
  ],
  'the log is the only voice': [/\bconsole\./, []],
  'only a process ends itself': [
    /\bprocess\.(exit|abort|kill)\b/,
    ['src/main.ts', 'src/cli.ts', 'src/healthCheck.ts'],
  ],
};

const linesOfFile = 300;
const sayNothing = /^(utils?|helpers?|common|misc|shared)$/;
const barrels = ['src/sdk/', 'packages/guard/src/'];

type Rule = (file: SourceFile) => readonly string[];

const rules: Record<string, Rule> = {
  'imports point inwards': (file) => {
    const from = partOf(file.path);
    const allowed = directions[from];
    if (allowed === undefined) return [`${from} is no known part`];
    return file.imports.flatMap(({ target, typesOnly }) => {
      const to = /^(src|packages)\//.test(target) ? partOf(target) : from;
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

const split = /^(transport|storage|revocation)$/;

function partOf(path: string): string {
  const [top, first = '', ...rest] = path.split('/');
  if (top === 'packages') return first === 'pages' ? `pages/${rest[1]}` : `packages/${first}`;
  return split.test(first) && rest.length > 1 ? `${first}/${rest[0]}` : first;
}

function isIn(file: SourceFile, places: readonly string[]): boolean {
  return places.some((place) => file.path.startsWith(place));
}

function violations(rule: Rule, files: readonly SourceFile[]): readonly string[] {
  return files.flatMap((file) => rule(file).map((what) => `${file.path}: ${what}`));
}

t.test('the sources keep every rule', async (t) => {
  const root = pathToFileURL(checkout);
  const folders = ['src', 'packages/verifier/src', 'packages/guard/src', 'packages/pages/src'];
  const names = folders.flatMap((folder) =>
    readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' }).map(
      (name) => `${folder}/${name}`,
    ),
  );
  const files = names
    .filter((name) => /\.tsx?$/.test(name) && !name.includes('/generated/'))
    .map((name) => parseSource(name, readFileSync(new URL(name, root), 'utf8')));
  t.ok(files.length > 50, 'the sources were found');
  for (const [name, rule] of Object.entries(rules)) t.strictSame(violations(rule, files), [], name);
});

/** Sources that break a rule: [rule, path, text]. */
const broken: readonly [rule: string, path: string, text: string][] = [
  ...Object.entries({
    'src/platform/jobs.ts': "import { x } from '../audit/jobs.ts';",
    'src/platform/config/config.ts': "import { x } from '../../keys/keyPolicy.ts';",
    'src/audit/chain.ts': "import { x } from '../sessions/session.ts';",
    'src/tokens/introspect.ts': "import { x } from '../keys/keyRing.ts';",
    'src/sessions/session.ts': "import { x } from '../storage/postgres/sessionStore.ts';",
    'src/sessions/refresh.ts': "import { x } from '../login/login.ts';",
    'src/revocation/propagation/node.ts': "import { x } from '../../sessions/logout.ts';",
    'src/revocation/subscribers/subscriber.ts': "import { x } from '../revoke.ts';",
    'src/login/login.ts': "import { x } from '../storage/postgres/userStore.ts';",
    'src/accounts/register.ts': "import { x } from '../authority.ts';",
    'src/transport/http/app.ts': "import { x } from '../../sessions/http.ts';",
    'src/transport/grpc/server.ts': "import { x } from '../../tokens/grpc.ts';",
    'src/transport/grpc/methodRow.ts': "import {\n  a,\n  b,\n} from '../../services/services.ts';",
    'src/storage/redis/bus.ts': "import type { x } from '../../transport/http/app.ts';",
    'src/storage/embedded/dataFolder.ts': "export * from '../postgres/engine.ts';",
    'src/storage/postgres/userStore.ts': "import { type x } from '../../accounts/user.ts';",
    'src/sdk/index.ts': "import { x } from '../authority.ts';",
    'src/authority.ts': "import './main.ts';",
    'src/main.ts': "const { x } = await import('./transport/grpc/server.ts');",
    'src/somewhere/new.ts': '',
    'packages/verifier/src/clock.ts': "import { x } from '../../../src/platform/ids.ts';",
    'packages/guard/src/guard.ts': "import { x } from '../../verifier/src/clock.ts';",
    'packages/pages/src/account/main.tsx': "import { x } from '../admin/main.tsx';",
    'packages/pages/src/parts/table.tsx': "import { x } from '../account/answers.ts';",
    'packages/pages/src/api/api.ts': "import { x } from '../../../../src/sessions/http.ts';",
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
  ...['src/platform/utils.ts', 'src/transport/http/helpers/x.ts', 'src/common/x.ts', 'src/keys/misc.ts'].map(
    (path): [string, string, string] => ['names say what is inside', path, ''],
  ),
  ['no barrels', 'src/keys/index.ts', ''],
];

/** What comes close to breaking a rule and does not. */
const kept: readonly [path: string, text: string][] = [
  ['src/sessions/logout.ts', "import type { x } from '../database.ts';"],
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
