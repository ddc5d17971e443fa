/** The folder of somebody who has cloned the repository and followed the README: what is in it, and no ./data yet. */
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { checkout } from './checkout.ts';

const root = checkout;

export async function newcomersFolder(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'readme-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  for (const name of ['node_modules', 'package.json', 'proto', 'scripts', 'dist']) {
    await symlink(join(root, name), join(folder, name));
  }
  return folder;
}
