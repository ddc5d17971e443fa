/** Dockerfile and compose.yaml say what is so: checked against the repository, since no engine runs here. */
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { systemClock } from '@countersign/verifier/clock';
import { Redis } from 'ioredis';
import t from 'tap';
import { parseDuration } from '../src/platform/config/durations.ts';
import { settingNames, settings, usualOperationsPort } from '../src/platform/config/settings.ts';
import { createLog } from '../src/platform/observability/log.ts';
import { createMetrics } from '../src/platform/observability/metrics.ts';
import { openRedis } from '../src/storage/redis/connection.ts';
import { openOperations } from '../src/transport/http/operations.ts';
import { transportLimits } from '../src/transport/limits.ts';
import { password } from './support/authority.ts';
import { checkout, inCheckout } from './support/checkout.ts';
import { createGrpcClient, createHttpClient, statusOf } from './support/clients.ts';
import { freePort } from './support/freePort.ts';
import { startNginx } from './support/nginx.ts';
import { copyOfEmbeddedDatabase } from './support/pglite.ts';
import { createTestDatabase } from './support/postgres.ts';
import { startProcess } from './support/process.ts';
import { startRedis } from './support/redis.ts';
import { userLines } from './support/redisUsers.ts';
import { startServer, type TestServer } from './support/server.ts';
import { addressOf } from './support/sharedCopy.ts';

const root = checkout;
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const { scripts, engines } = JSON.parse(read('package.json')) as {
  scripts: Record<string, string>;
  engines: { node: string };
};

interface Instruction {
  readonly name: string;
  readonly text: string;
  readonly words: readonly string[];
}

/** The stages of a Dockerfile, each with its instructions in order. Comments and line continuations are taken out. */
function stagesOf(dockerfile: string): readonly (readonly Instruction[])[] {
  const text = dockerfile.replace(/^#.*\n/gm, '').replaceAll(/\\\n\s*/g, ' ');
  const stages: Instruction[][] = [];
  for (const line of text.split('\n').filter((line) => line.trim() !== '')) {
    const [name = '', ...words] = line.split(/ +/);
    if (name === 'FROM') stages.push([]);
    stages.at(-1)?.push({ name, words, text: words.join(' ') });
  }
  return stages;
}

/** The lines below `keys`, one inside the other, in a YAML file that is indented by two spaces; without comments. */
function block(yaml: string, ...keys: readonly string[]): readonly string[] {
  let lines = yaml.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('#'));
  for (const [depth, key] of keys.entries()) {
    const indent = ' '.repeat(2 * depth);
    const start = lines.findIndex((line) => line.startsWith(`${indent}${key}:`));
    if (start < 0) return [];
    const length = lines.slice(start + 1).findIndex((line) => !line.startsWith(`${indent} `));
    lines = lines.slice(start + 1, length < 0 ? undefined : start + 1 + length);
  }
  return lines.map((line) => line.trim());
}

/** The services that are authorities. */
const nodesOfCompose = ['authority', 'authority-2'];

/** With a password, and without one. */
const checkerPassword = /\$\{REDIS_CHECKER_PASSWORD:\+>\}\$\{REDIS_CHECKER_PASSWORD:-resetpass\}/;

const stages = stagesOf(read('Dockerfile'));
const [build = [], run = []] = stages;
const compose = read('compose.yaml');
const of = (stage: readonly Instruction[], name: string) => stage.filter((found) => found.name === name);
const last = (name: string): Instruction => {
  const found = of(run, name).at(-1);
  if (found === undefined) throw new Error(`the image has no ${name}`);
  return found;
};

/** What COPY takes, and where it puts it: without options and `./`. */
function copies(stage: readonly Instruction[], fromBuild: boolean) {
  return of(stage, 'COPY')
    .filter(({ words }) => words[0]?.startsWith('--from=') === fromBuild)
    .map(({ words }) => words.filter((word) => !word.startsWith('--')))
    .map((words) => ({ sources: words.slice(0, -1), target: words.at(-1) ?? '' }));
}

t.test('Dockerfile: two stages on a long-term-support line that package.json allows', async (t) => {
  t.equal(stages.length, 2);
  const images = new Set(stages.map((stage) => stage[0]?.words[0] ?? ''));
  t.equal(images.size, 1, 'the code runs on what it was installed for');
  const major = Number(/^node:(\d+)-bookworm-slim$/.exec([...images][0] ?? '')?.[1]);
  t.equal(major % 2, 0, 'even lines become long-term support');
  t.ok(major >= Number(/\d+/.exec(engines.node)?.[0]));
});

t.test('Dockerfile: every COPY takes what is there, and .dockerignore lets it in', async (t) => {
  const letIn = read('.dockerignore').split('\n');
  t.ok(letIn.includes('*'), 'nothing that is not named goes into the build');
  const sources = [build, run].flatMap((stage) => copies(stage, false)).flatMap(({ sources }) => sources);
  t.ok(sources.length > 5);
  for (const source of sources) {
    t.ok(existsSync(join(root, source)), `${source} exists`);
    t.ok(letIn.includes(`!${source.split('/')[0]}`), `${source} is let in`);
  }
  const made = ['node_modules', 'dist', 'packages/verifier', 'packages/guard'].map((path) => `/app/${path}`);
  t.strictSame(
    copies(run, true).flatMap(({ sources }) => sources),
    made,
  );
});

t.test('Dockerfile: every npm script that it runs exists', async (t) => {
  const commands = of(build, 'RUN').map(({ text }) => text);
  t.ok(commands.includes('npm ci'));
  const named = commands.flatMap((command) => /^npm run (\S+)/.exec(command)?.[1] ?? []);
  t.strictSame(named, ['build']);
  for (const name of named) t.hasProp(scripts, name);
  t.match(commands.at(-1), /^npm prune --omit=dev/, 'what only the build needs is left behind');
});

t.test('Dockerfile: npm ci knows the packages, and the image has what their links lead to', async (t) => {
  const { workspaces } = JSON.parse(read('package.json')) as { workspaces: string[] };
  t.strictSame(workspaces, ['packages/*']);
  const packages = (await readdir(join(root, 'packages'))).map((name) => `packages/${name}`).sort();
  const isInstall = ({ text }: Instruction) => text === 'npm ci';
  const before = build.slice(0, build.findIndex(isInstall));
  const known = copies(before, false).flatMap(({ sources }) => sources);
  t.strictSame(
    known.filter((source) => source.startsWith('packages/')).sort(),
    packages.map((path) => `${path}/package.json`),
  );
  // The pages are in dist/; their package is for the build only.
  t.match(of(build, 'RUN').at(-1)?.text, / && rm node_modules\/@countersign\/pages$/);
  const inImage = copies(run, true).flatMap(({ target }) => target);
  t.strictSame(
    inImage.filter((target) => target.startsWith('packages/')).sort(),
    packages.filter((path) => path !== 'packages/pages'),
  );
});

t.test('Dockerfile: what the code reads beside itself is in the image', async (t) => {
  const inImage = run.filter(({ name }) => name === 'COPY').flatMap(({ words }) => words.slice(0, -1));
  const files = (await readdir(join(root, 'src'), { recursive: true })).filter((name) =>
    name.endsWith('.ts'),
  );
  const needed = new Set<string>();
  for (const file of files) {
    for (const [, path = ''] of read(join('src', file)).matchAll(
      /new URL\('([^']+)', import\.meta\.url\)/g,
    )) {
      const target = fileURLToPath(new URL(path, pathToFileURL(inCheckout(`src/${file}`))));
      needed.add(relative(root, target).replace(/\/$/, ''));
    }
  }
  // The build makes them.
  t.ok(needed.delete('src/pages'));
  t.ok(existsSync(inCheckout('dist/pages/pages.json')));
  // What a worker runs.
  t.ok(needed.delete('src/main.js'));
  t.ok(existsSync(inCheckout('dist/main.js')));
  // What lies in src/ itself is copied to dist/ by the build.
  const beside = [...needed].filter((path) => path.startsWith('src/'));
  t.strictSame(
    beside.sort(),
    ['count-1', 'giveBack-1', 'project-2'].map((name) => `src/storage/redis/${name}.lua`),
  );
  for (const path of beside) {
    t.equal(read(path.replace(/^src/, 'dist')), read(path), `${path} is in dist/`);
    needed.delete(path);
  }
  t.strictSame([...needed].sort(), ['package.json', 'prisma/migrations', 'proto']);
  for (const path of needed) t.ok(inImage.includes(path), `${path} is in the image`);
});

t.test('Dockerfile: starts what npm start starts, without a shell, and not as root', async (t) => {
  const command = JSON.parse(last('CMD').text) as string[];
  t.strictSame(command, ['node', 'dist/main.js']);
  const startScript = /scripts\/\S+\.mjs/.exec(scripts['start'] ?? '')?.[0] ?? '';
  t.match(read(startScript), `import('../${command[1]}')`);
  t.ok(existsSync(join(root, 'src/main.ts')), 'dist/main.js is compiled from src/main.ts');

  const uid = Number(/^(\d+)(:\d+)?$/.exec(last('USER').text)?.[1]);
  t.ok(uid > 0, 'a number, so that it can be seen not to be root');
  t.ok(run.indexOf(last('USER')) < run.indexOf(last('CMD')));
  const folder = last('VOLUME').text;
  t.ok(of(run, 'ENV').some(({ words }) => words.includes(`DATA_DIR=${folder}`)));
  t.ok(of(run, 'RUN').some(({ text }) => text === `install -d -o node -g node -m 0700 ${folder}`));
});

t.test('Dockerfile: its settings are ours, its ports are the defaults', async (t) => {
  const names = [build, run]
    .flatMap((stage) => of(stage, 'ENV'))
    .flatMap(({ words }) => words.map((word) => word.split('=')[0] ?? ''));
  t.strictSame(
    names.filter((name) => !(settingNames as string[]).includes(name)),
    [],
  );
  const { HTTP_PORT, GRPC_PORT } = settings;
  t.strictSame(last('EXPOSE').words, [HTTP_PORT.default, GRPC_PORT.default, `${usualOperationsPort}`]);
});

t.test('Dockerfile: the health check finds the authority, wherever it listens', async (t) => {
  const [, command = ''] = /CMD (\[.*\])$/.exec(last('HEALTHCHECK').text) ?? [];
  const [program, script = '', ...others] = JSON.parse(command) as string[];
  t.strictSame([program, script, others], ['node', 'dist/healthCheck.js', []]);

  // Run as Docker runs it, against an authority with the settings of the image.
  const ofImage = Object.fromEntries(
    of(run, 'ENV').flatMap(({ words }) => words.map((word) => word.split('='))),
  );
  t.equal(ofImage['OPERATIONS_PORT'], `${usualOperationsPort}`);
  t.ok(['0.0.0.0', '::'].includes(ofImage['OPERATIONS_HOST']), 'probes come from outside');
  const port = await freePort();
  const envAt = (host = '') => ({ OPERATIONS_HOST: host, OPERATIONS_PORT: String(port) });
  const checkAt = async (host?: string) =>
    (await startProcess('node', [join(root, script)], { env: envAt(host) }).exited).code;
  const dataDir = await copyOfEmbeddedDatabase();
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const whole = ofImage['OPERATIONS_HOST'];
  t.equal(await checkAt(whole), 1, 'nobody is there');
  const server = await startServer(dataDir, envAt(whole));
  t.teardown(() => server.stop());
  t.equal(await checkAt(whole), 0);
  await server.stop();
  // Its operations port alone: whole starts take seconds.
  const parts = { port, orAnyPort: false, reserved: [], log: createLog('error'), metrics: createMetrics() };
  for (const host of ['::', '::1', '127.0.0.1', 'localhost']) {
    t.equal(await checkAt(host), 1, 'nobody is there');
    const operations = await openOperations({ ...parts, host, readiness: async () => ({}) });
    t.equal(await checkAt(host), 0, host);
    await operations.close();
  }
});

t.test('packages: each is pinned by its hash, none may run a script, and all are told', async (t) => {
  const lock = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { name?: string; version?: string; integrity?: string; resolved?: string }>;
  };
  const ofOthers = ([path]: [string, unknown]) =>
    path !== '' && !/^(node_modules\/@countersign|packages)\//.test(path);
  const packages = Object.entries(lock.packages).filter(ofOthers);
  t.ok(packages.length > 500);
  const loose = packages.filter(
    ([, { version, integrity, resolved }]) =>
      !version || !integrity?.startsWith('sha512-') || resolved !== undefined,
  );
  t.strictSame(loose, [], 'version and hash of each, and no address of a registry');
  t.match(read('.npmrc'), /^ignore-scripts=true$/m);
  t.ok(
    of(build, 'COPY').some(({ words }) => words.includes('.npmrc')),
    'in the image as well',
  );
  const sbom = startProcess('npm', ['sbom', '--sbom-format', 'cyclonedx'], { cwd: root });
  t.match(await sbom.exited, { code: 0 });
  const { components } = JSON.parse(sbom.stdout()) as { components: { name: string; version: string }[] };
  const told = new Set(components.map(({ name, version }) => `${name}@${version}`));
  // With `--omit dev` it also leaves out what development and the authority have in common.
  const untold = packages.filter(([path, { name: real, version }]) => {
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    // One that is installed under another name is told by either.
    return existsSync(join(root, path)) && ![name, real].some((each) => told.has(`${each}@${version}`));
  });
  t.strictSame(untold, []);
});

t.test('compose: the time to stop is that of the image and of the authority', async (t) => {
  const [grace = ''] = block(compose, 'x-authority').flatMap(
    (line) => /^stop_grace_period: (\w+)$/.exec(line)?.[1] ?? [],
  );
  const delay = of(run, 'ENV').flatMap(({ words }) =>
    words.flatMap((word) => /^DRAIN_DELAY=(.*)/.exec(word)?.[1] ?? []),
  );
  const needed = (parseDuration(delay[0] ?? '') ?? Number.NaN) + transportLimits.stopMilliseconds;
  t.ok((parseDuration(grace) ?? 0) > needed);
});

t.test('compose: the settings are ours, and server mode is complete', async (t) => {
  const environment = block(compose, 'x-authority', 'environment');
  const names = environment.map((line) => line.split(':')[0] ?? '');
  t.strictSame(
    names.filter((name) => !(settingNames as string[]).includes(name)),
    [],
  );
  for (const name of ['DATABASE_URL', 'REDIS_URL', 'KEY_ENCRYPTION_KEY', 'ISSUER']) {
    t.ok(names.includes(name), `${name} is set`);
  }
});

t.test('compose: secrets are required from outside, none is in the file', async (t) => {
  const secret = /PASSWORD|SECRET|TOKEN|_KEY$|_URL$|_AUTH$/;
  const lines = [
    ...block(compose, 'x-authority', 'environment'),
    ...['postgres', 'redis'].flatMap((service) => block(compose, 'services', service, 'environment')),
  ];
  const secrets = lines.filter((line) => secret.test(line.split(':')[0] ?? ''));
  t.equal(secrets.length, 5);
  for (const line of secrets) t.match(line, /\$\{[A-Z_]+:\?[^}]+\}/, `${line.split(':')[0]} is required`);
  // What stands for a password that is not set is no password.
  const withoutChecker = compose.replace(checkerPassword, '');
  t.not(withoutChecker, compose);
  t.notMatch(withoutChecker, /\$\{\w*(PASSWORD|KEY|SECRET|TOKEN)\w*:?[-=+]/, 'no secret has a default');
});

t.test('compose: waits for what it needs, publishes to this machine only', async (t) => {
  const services = ['postgres', 'redis'];
  const waits = block(compose, 'x-authority', 'depends_on');
  for (const service of services) {
    t.ok(waits.includes(`${service}:`));
    t.ok(block(compose, 'services', service, 'healthcheck').some((line) => line.startsWith('test: ["CMD"')));
    t.strictSame(block(compose, 'services', service, 'ports'), [], `${service} is not published`);
  }
  t.equal(waits.filter((line) => line === 'condition: service_healthy').length, services.length);
  t.match(block(compose, 'services', 'redis').join('\n'), '--maxmemory-policy noeviction');
  for (const node of nodesOfCompose) {
    const lines = block(compose, 'services', node);
    t.equal(lines[0], '<<: *authority');
    t.strictSame(block(compose, 'services', node, 'ports'), [], `${node} is reached through the proxy`);
  }
  t.strictSame(
    block(compose, 'services', 'proxy', 'ports'),
    // What is for operators stays inside.
    [settings.HTTP_PORT.default, settings.GRPC_PORT.default].map((port) => `- "127.0.0.1:${port}:${port}"`),
  );
});

/** The command of the service, as Compose makes it of these variables: only the forms that the file uses. */
function redisCommand(env: Readonly<Record<string, string>>): readonly string[] {
  const text = /\n {4}command: >-\n((?: {6}.*\n)+)/.exec(compose)?.[1] ?? '';
  const filledIn = text.replaceAll(/\$\{(\w+)(:[?+-])([^}]*)\}/g, (_, name, form, other) => {
    const value = env[name] ?? '';
    if (form === ':+') return value === '' ? '' : other;
    return value === '' && form === ':-' ? other : value;
  });
  return [...filledIn.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare = '']) => {
    // Compose would end the command there.
    if (quoted === undefined && /[;&|<>]/.test(bare)) throw new Error(`${bare} must be quoted`);
    return quoted ?? bare;
  });
}

t.test('compose: Redis has the users of docs/redis.md, and nobody else gets in', async (t) => {
  const passwords = { REDIS_PASSWORD: 'ofTheAuthority1', REDIS_CHECKER_PASSWORD: 'ofTheChecker1' };
  for (const [what, env] of [
    ['both', passwords],
    ['without a checker', { ...passwords, REDIS_CHECKER_PASSWORD: '' }],
  ] as const) {
    const [program, ...args] = redisCommand(env);
    t.equal(program, 'redis-server');
    const place = args.indexOf('--appendonly');
    const server = await startRedis({ args: args.toSpliced(place, 2) });
    t.teardown(() => server.stop());
    const as = (user: string, password: string) => `redis://${user}:${password}@127.0.0.1:${server.port}`;
    await t.rejects(server.command('PING'), { message: /NOAUTH/ }, `${what}: nobody without a login`);
    const authority = await openRedis({
      address: addressOf(as('countersign-authority', passwords.REDIS_PASSWORD)),
      clock: systemClock,
    });
    await authority.claim(randomUUID());
    authority.close();
    const checker = new Redis(as('countersign-checker', passwords.REDIS_CHECKER_PASSWORD), {
      retryStrategy: () => null,
      enableReadyCheck: false,
    });
    checker.on('error', () => {});
    const answer = await checker.get('countersign:deployment').catch((error: Error) => error.message);
    t.match(answer, env.REDIS_CHECKER_PASSWORD === '' ? /./ : /^[0-9a-f-]{36}$/, what);
    t.equal(/^[0-9a-f-]{36}$/.test(String(answer)), env.REDIS_CHECKER_PASSWORD !== '', what);
    checker.disconnect();
  }
  const asInDocs = [...userLines.values()].map((line) => line.replace('ACL SETUSER', '--user').split(' '));
  const words = redisCommand({ REDIS_PASSWORD: 'PASSWORD', REDIS_CHECKER_PASSWORD: 'PASSWORD' });
  for (const user of asInDocs) t.ok(words.join(' ').includes(user.join(' ')), `${user[1]}`);
});

t.test('compose: builds from here, and every volume that is used is declared', async (t) => {
  t.ok(block(compose, 'x-authority').includes('build: .'));
  const declared = block(compose, 'volumes').map((line) => line.replace(':', ''));
  const used = declared.flatMap((service) => block(compose, 'services', service, 'volumes'));
  t.equal(used.length, declared.length);
  for (const [index, volume] of declared.entries()) t.match(used[index], `- ${volume}:/`);
  for (const node of nodesOfCompose) t.ok(used.includes(`- ${node}:${last('VOLUME').text}`));
});

t.test('compose: two nodes are one authority behind its proxy', async (t) => {
  const [database, redis] = await Promise.all([createTestDatabase(), startRedis()]);
  const folder = await mkdtemp(join(tmpdir(), 'compose-'));
  t.teardown(async () => {
    await Promise.all([database.drop(), redis.stop()]);
    await rm(folder, { recursive: true, force: true });
  });
  const KEY_ENCRYPTION_KEY = randomBytes(32).toString('base64');
  const shared = { DATABASE_URL: database.url, REDIS_URL: redis.url, KEY_ENCRYPTION_KEY };
  let configuration = block(compose, 'configs', 'nginx', 'content').join('\n').replaceAll('$$', '$');
  const replace = (was: string, is: string) => {
    if (!configuration.includes(was)) throw new Error(`compose.yaml: no ${was}`);
    configuration = configuration.replaceAll(was, is);
  };
  const nodes: TestServer[] = [];
  const proxy = '127.0.0.1';
  for (const name of nodesOfCompose) {
    const node = await startServer(join(folder, name), { ...shared, TRUSTED_PROXIES: proxy });
    t.teardown(() => node.stop());
    nodes.push(node);
    const [address = ''] = block(compose, 'services', name, 'networks', 'default').flatMap(
      (line) => /^ipv4_address: (.*)$/.exec(line)?.[1] ?? [],
    );
    replace(`${address}:8080`, `127.0.0.1:${node.httpPort}`);
    replace(`${address}:50051`, `127.0.0.1:${node.grpcPort}`);
  }
  const [httpPort, grpcPort] = [await freePort(), await freePort()];
  replace('listen 8080', `listen 127.0.0.1:${httpPort}`);
  replace('listen 50051', `listen 127.0.0.1:${grpcPort}`);
  const nginx = await startNginx(configuration);
  t.teardown(() => nginx.stop());
  const trusted = block(compose, 'x-authority', 'environment').find((line) => line.startsWith('TRUSTED'));
  t.ok(
    block(compose, 'services', 'proxy', 'networks', 'default').includes(
      `ipv4_address: ${trusted?.replace('TRUSTED_PROXIES: ', '')}`,
    ),
    'the nodes believe the proxy',
  );

  const call = createHttpClient(`http://127.0.0.1:${httpPort}`);
  const body = { email: 'ada@example.com', password };
  t.equal((await call('POST', '/auth/register', { body })).status, 201);
  const token = (await call('POST', '/auth/login', { body })).body.access_token as string;
  t.equal((await call('POST', '/auth/logout', { token })).status, 204);
  for (const node of nodes) t.equal((await node.call('GET', '/auth/me', { token })).status, 401);
  const grpc = createGrpcClient(`127.0.0.1:${grpcPort}`, 'not a token');
  t.teardown(() => grpc.close());
  t.equal(await statusOf(grpc.introspect(token)), 'UNAUTHENTICATED', 'gRPC is passed on');
  await nodes[0]?.stop();
  t.equal((await call('POST', '/auth/login', { body })).status, 200, 'one of them may go');
});
