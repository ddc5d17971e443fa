/** Runs an installed tool from the root of the repository. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Rejects when the tool fails. A `quiet` tool prints nothing; what it said is then in the error.
 * @param {string} name a command in node_modules/.bin
 * @param {readonly string[]} parameters
 * @param {{ quiet?: boolean, env?: Record<string, string>, signal?: AbortSignal }} [options]
 */
export function runTool(name, parameters, { quiet = false, env = {}, signal } = {}) {
  const child = spawn(join(root, 'node_modules/.bin', name), parameters, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', ...(quiet ? ['pipe', 'pipe'] : ['inherit', 'inherit'])],
    signal,
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (said += chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, killed) => {
      if (code === 0) resolve();
      else reject(new Error(`${said}${name} ${parameters[0]} failed (${killed ?? `exit code ${code}`})`));
    });
  });
}
