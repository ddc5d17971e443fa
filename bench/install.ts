/** What the image installs: the packages of `package-lock.json` that run, as the Dockerfile leaves them. */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inCheckout } from '../test/support/checkout.ts';
import { sizeOf } from '../test/support/packed.ts';
import type { Say } from './main.ts';
import { atMost, type Effort, type Row } from './measure.ts';

const packages = ['verifier', 'guard', 'pages'];
const files = ['package.json', 'package-lock.json', '.npmrc'];
/** Before Prisma's packages were bundled (ADR 40). */
const earlierMegabytes = 414;
const reachMegabytes = 120;

export async function installRows(_effort: Effort, say: Say): Promise<readonly Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'install-'));
  try {
    const manifests = packages.map((name) => `packages/${name}/package.json`);
    for (const file of [...files, ...manifests]) await cp(inCheckout(file), join(folder, file));
    say('npm ci --omit=dev');
    await install(folder);
    const megabytes = sizeOf(join(folder, 'node_modules')) / 2 ** 20;
    return [
      {
        what: 'production install (`node_modules` of the image)',
        yardstick: `${earlierMegabytes} MB (before ADR 40)`,
        ours: `${megabytes.toFixed(0)} MB`,
        ratio: (megabytes / earlierMegabytes).toFixed(2),
        reach: `≤ ${reachMegabytes} MB`,
        verdict: atMost(megabytes, reachMegabytes),
      },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function install(folder: string): Promise<void> {
  const parameters = ['ci', '--omit=dev', '--prefer-offline', '--no-audit', '--no-fund'];
  try {
    await promisify(execFile)('npm', parameters, { cwd: folder });
  } catch (cause) {
    throw new Error('The packages cannot be installed: run "npm ci --omit=dev" in a copy to see why.', {
      cause,
    });
  }
}
