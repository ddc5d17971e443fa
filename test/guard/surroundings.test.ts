/** The guard where services run it: bundled, in a worker, in a cluster, in production, behind a proxy. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import t, { type Test } from 'tap';
import { inCheckout } from '../support/checkout.ts';
import { anAuthority, serviceToken } from '../support/guards.ts';
import { startProcess } from '../support/process.ts';
import { serve } from '../support/scriptedAuthority.ts';
import { audience } from '../support/tokenForge.ts';

/** A service in a few lines: says what it makes of a good token, and of another one, from memory. */
const service = `
import { createGuard } from '@countersign/guard';
const { AUTHORITY, AUDIENCE, SERVICE_TOKEN, TOKEN } = process.env;
async function main() {
  const guard = createGuard({ authority: AUTHORITY, audience: AUDIENCE, serviceToken: SERVICE_TOKEN, withoutLease: 'refuse' });
  await guard.ready();
  const { sub } = await guard.verify(TOKEN);
  const other = await guard.verify(TOKEN + 'x').catch(({ status, code }) => status + ' ' + code);
  await guard.close();
  console.log('caller ' + sub + ', other ' + other);
  // A worker of a cluster lives for as long as it is connected to it.
  process.disconnect?.();
}
main();
`;

interface Place {
  /** Inside of the repository, where the package is found by its name. */
  readonly inside: string;
  /** Anywhere else: no package is there. */
  readonly outside: string;
}

type Start = (place: Place) => Promise<{ file: string; env?: Readonly<Record<string, string>> }>;

const plain = async ({ inside }: Place) => {
  const file = join(inside, 'service.mjs');
  await writeFile(file, service);
  return file;
};

const bundled = async (place: Place, format: 'esm' | 'cjs', name: string) => {
  const file = join(place.outside, name);
  // As bundlers are told for packages that still use require.
  const require = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`;
  const { warnings } = await build({
    entryPoints: [await plain(place)],
    ...{ bundle: true, platform: 'node', format, outfile: file, logLevel: 'silent' },
    ...(format === 'esm' ? { banner: { js: require } } : {}),
  });
  return { file, warnings };
};

const starts: Readonly<Record<string, Start>> = {
  'in production, behind a proxy that nobody answers for': async (place) => {
    const nobody = 'http://127.0.0.1:1';
    const proxies = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'grpc_proxy'];
    const env = { NODE_ENV: 'production', ...Object.fromEntries(proxies.map((name) => [name, nobody])) };
    return { file: await plain(place), env };
  },
  'bundled, as an ES module': (place) => bundled(place, 'esm', 'bundle.mjs'),
  'bundled, as CommonJS': (place) => bundled(place, 'cjs', 'bundle.cjs'),
  'in a worker thread': async (place) => {
    const file = join(place.inside, 'worker.mjs');
    const url = JSON.stringify(`file://${await plain(place)}`);
    await writeFile(file, `import { Worker } from 'node:worker_threads';\nnew Worker(new URL(${url}));\n`);
    return { file };
  },
  'in a cluster': async (place) => {
    const file = join(place.inside, 'cluster.mjs');
    const worker = JSON.stringify(await plain(place));
    await writeFile(
      file,
      `import cluster from 'node:cluster';\ncluster.setupPrimary({ exec: ${worker} });\ncluster.fork();\n`,
    );
    return { file };
  },
};

for (const [name, start] of Object.entries(starts)) {
  t.test(name, async (t) => {
    const authority = await anAuthority(t);
    const { file, env = {} } = await start(await places(t));
    const { good, claims } = authority.forge;
    const options = { AUTHORITY: authority.address, AUDIENCE: audience, SERVICE_TOKEN: serviceToken };
    const process_ = startProcess(process.execPath, [file], { env: { ...options, TOKEN: good, ...env } });
    t.teardown(() => process_.stop());
    serve(await authority.stream(0), authority);
    const { code } = await process_.exited;
    t.equal(process_.stdout(), `caller ${claims.sub}, other 401 invalid_token\n`, process_.stderr());
    t.equal(code, 0, 'and it ends when the guard is closed');
  });
}

async function places(t: Test): Promise<Place> {
  const inside = join(inCheckout('.tap/'), `surroundings-${process.pid}-${t.name.replaceAll(/\W/g, '')}`);
  await mkdir(inside, { recursive: true });
  const outside = await mkdtemp(join(tmpdir(), 'elsewhere-'));
  t.teardown(async () => {
    await rm(inside, { recursive: true, force: true });
    await rm(outside, { recursive: true, force: true });
  });
  return { inside, outside };
}
