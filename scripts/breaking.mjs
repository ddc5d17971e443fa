/**
 * Whether proto/ is compatible with clients built from the contract on branch `main`. A clone without that branch has
 * nothing to compare with, and says so; it never asks another machine.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root, runTool } from './tool.mjs';

const run = promisify(execFile);

/** @param {{ signal?: AbortSignal, folder?: string, say?: (line: string) => void }} [options] */
export async function checkBreaking({ signal, folder = root, say = console.log } = {}) {
  const git = (...parameters) =>
    run('git', parameters, { cwd: folder, env: { ...process.env, GIT_NO_LAZY_FETCH: '1' }, signal });
  const base = await branchMain(git);
  if (base === undefined) return say('  nothing to compare with: this clone has no branch main');
  const temporary = await mkdtemp(join(tmpdir(), 'countersign-contract-'));
  try {
    const archive = join(temporary, 'main.tar');
    const made = await git('archive', '--format=tar', '-o', archive, base, 'buf.yaml', 'proto').catch(
      (error) => error,
    );
    signal?.throwIfAborted();
    if (made instanceof Error) return say(`  nothing to compare with: ${base} has no contract here`);
    await runTool('buf', ['breaking', folder, '--against', archive], { quiet: true, signal });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** The local branch first, then the last fetched ones. */
async function branchMain(git) {
  const listed = await git('for-each-ref', '--format=%(refname)', 'refs/heads/main', 'refs/remotes').catch(
    () => ({ stdout: '' }),
  );
  const names = listed.stdout.split('\n').filter((name) => /^refs\/(heads|remotes\/[^/]+)\/main$/.test(name));
  const main = names.find((name) => name.startsWith('refs/heads/')) ?? names[0];
  if (main === undefined) return undefined;
  // Compares with the merge base: what main got since is not removed by this branch. A shallow clone may not know it.
  const { stdout } = await git('merge-base', 'HEAD', main).catch(() => ({ stdout: '' }));
  return stdout.trim() || main;
}
