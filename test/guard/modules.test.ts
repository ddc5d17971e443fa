/** The packed guard in whatever services are written in and run as: each says what it makes of a good token and a bad one. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import t, { type Test } from 'tap';
import { anAuthority, serviceToken } from '../support/guards.ts';
import { guard, install, pack, runTool, temporaryFolder, tool, verifier } from '../support/packed.ts';
import { startProcess } from '../support/process.ts';
import { type ScriptedAuthority, serve } from '../support/scriptedAuthority.ts';
import { audience } from '../support/tokenForge.ts';

const esm = `import { createGuard } from '@countersign/guard';`;
const commonJs = `const { createGuard } = require('@countersign/guard');`;
const settings = `const { AUTHORITY = '', AUDIENCE = '', SERVICE_TOKEN = '', TOKEN = '' } = process.env;`;
/** Is JavaScript and strict TypeScript. */
const verifyTwo = `
  const guard = createGuard({ authority: AUTHORITY, audience: AUDIENCE, serviceToken: SERVICE_TOKEN, withoutLease: 'refuse' });
  await guard.ready();
  const { sub } = await guard.verify(TOKEN);
  const other = await guard.verify(TOKEN + 'x').then(() => 'accepted', ({ status, code }) => status + ' ' + code);
  await guard.close();
`;
const service = `
${settings}
async function main() {
  ${verifyTwo}
  console.log('caller ' + sub + ', other ' + other);
  // A worker of a cluster lives for as long as it is connected to it.
  process.disconnect?.();
}
main();
`;
const jestTest = `
${esm}
${settings}
test('a guard', async () => {
  ${verifyTwo}
  expect([sub, other]).toEqual([process.env.SUBJECT, '401 invalid_token']);
});
`;

/** How a service is started; everything that it needs has been made. */
interface Start {
  readonly file: string;
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** What it prints when all is well, instead of the caller. */
  readonly prints?: RegExp;
}

interface Place {
  readonly t: Test;
  /** A folder of its own below the one in which the packages are installed. */
  readonly inside: string;
}

async function written(place: Place, name: string, text: string): Promise<string> {
  const file = join(place.inside, name);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  return file;
}

const plain = (place: Place) => written(place, 'service.mjs', esm + service);

async function bundled(place: Place, format: 'esm' | 'cjs', name: string): Promise<Start> {
  // Where no package is to be found.
  const file = join(temporaryFolder(place.t, 'elsewhere'), name);
  // As bundlers are told for packages that still use require.
  const require = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`;
  const { warnings } = await build({
    entryPoints: [await plain(place)],
    ...{ bundle: true, platform: 'node', format, outfile: file, logLevel: 'silent' },
    ...(format === 'esm' ? { banner: { js: require } } : {}),
  });
  place.t.strictSame(warnings, []);
  return { file };
}

/** Compiles the service with every declaration checked, and runs what comes out. */
async function typed(place: Place, type: 'module' | 'commonjs', options: object): Promise<Start> {
  await written(place, 'package.json', JSON.stringify({ type }));
  await written(place, 'service.ts', esm + service);
  const strict = { strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, types: ['node'] };
  const compilerOptions = { target: 'es2023', rootDir: '.', outDir: 'out', ...strict, ...options };
  await written(place, 'tsconfig.json', JSON.stringify({ compilerOptions, files: ['service.ts'] }));
  place.t.strictSame(await runTool(tool('tsc'), ['-p', place.inside]), { code: 0, output: '' });
  return { file: join(place.inside, 'out/service.js') };
}

const starts: Readonly<Record<string, (place: Place) => Promise<Start>>> = {
  'an ES module': async (place) => ({ file: await plain(place) }),
  'CommonJS, by require': async (place) => ({
    file: await written(place, 'service.cjs', commonJs + service),
  }),
  'TypeScript, nodenext, an ES module': (place) => typed(place, 'module', { module: 'nodenext' }),
  'TypeScript, nodenext, CommonJS': (place) => typed(place, 'commonjs', { module: 'nodenext' }),
  'TypeScript, bundler': (place) => typed(place, 'module', { module: 'esnext', moduleResolution: 'bundler' }),
  'bundled by esbuild, an ES module': (place) => bundled(place, 'esm', 'bundle.mjs'),
  'bundled by esbuild, CommonJS': (place) => bundled(place, 'cjs', 'bundle.cjs'),
  'under Jest': async (place) => {
    await written(place, 'package.json', '{"type":"module","jest":{"transform":{}}}');
    await written(place, 'guard.test.js', jestTest);
    return {
      file: tool('jest'),
      // As docs/sdk.md says.
      flags: ['--experimental-vm-modules'],
      cwd: place.inside,
      prints: /^Tests: +1 passed, 1 total$/m,
    };
  },
  'in production, behind a proxy that nobody answers for': async (place) => {
    const nobody = 'http://127.0.0.1:1';
    const proxies = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'grpc_proxy'];
    const env = { NODE_ENV: 'production', ...Object.fromEntries(proxies.map((name) => [name, nobody])) };
    return { file: await plain(place), env };
  },
  'in a worker thread': async (place) => {
    const url = JSON.stringify(`file://${await plain(place)}`);
    const text = `import { Worker } from 'node:worker_threads';\nnew Worker(new URL(${url}));\n`;
    return { file: await written(place, 'worker.mjs', text) };
  },
  'in a cluster': async (place) => {
    const worker = JSON.stringify(await plain(place));
    const text = `import cluster from 'node:cluster';\ncluster.setupPrimary({ exec: ${worker} });\ncluster.fork();\n`;
    return { file: await written(place, 'cluster.mjs', text) };
  },
};

function begin(t: Test, authority: ScriptedAuthority, { file, flags = [], env = {}, cwd }: Start) {
  const { good, claims } = authority.forge;
  const started = startProcess(process.execPath, [...flags, file], {
    ...(cwd === undefined ? {} : { cwd }),
    env: {
      ...{ AUTHORITY: authority.address, AUDIENCE: audience, SERVICE_TOKEN: serviceToken },
      ...{ TOKEN: good, SUBJECT: claims.sub },
      ...env,
    },
  });
  t.teardown(() => started.stop());
  return started;
}

const home = temporaryFolder(t, 'modules');
const packed = await pack(t, [verifier, guard]);
await install(home, packed.values(), { '@types/node': '@types/node' });

for (const [name, make] of Object.entries(starts)) {
  t.test(name, async (t) => {
    const inside = join(home, name.replaceAll(/\W/g, ''));
    await mkdir(inside);
    const start = await make({ t, inside });
    const authority = await anAuthority(t);
    const started = begin(t, authority, start);
    const early = started.exited.then(() => {
      throw new Error(`It ended before it asked for a stream:\n${started.stdout()}${started.stderr()}`);
    });
    early.catch(() => {});
    serve(await Promise.race([authority.stream(0), early]), authority);
    const { code } = await started.exited;
    const said = `caller ${authority.forge.claims.sub}, other 401 invalid_token\n`;
    if (start.prints === undefined) t.equal(started.stdout(), said, started.stderr());
    else t.match(started.stderr(), start.prints, started.stdout());
    t.equal(code, 0, 'and it ends when the guard is closed');
  });
}
