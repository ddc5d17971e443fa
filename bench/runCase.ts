/**
 * Runs one case in a process, a process group and a folder of its own. A case that throws, ends or takes too long is a row that says
 * so; whatever it started ends with it, and the others go on.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ofTestRun } from '../test/support/testRun.ts';
import type { Say } from './main.ts';
import type { Effort, Row } from './measure.ts';

export interface OneCase {
  readonly name: string;
  readonly effort: Effort;
}

export type FromCase =
  | { readonly line: string }
  | { readonly rows: readonly Row[] }
  | { readonly failed: string };

export interface CaseResult {
  readonly rows: readonly Row[];
  readonly failed: boolean;
}

export interface CaseParts {
  readonly milliseconds: number;
  readonly say: Say;
  /** Ends the case. */
  readonly signal: AbortSignal;
  /** Of tests: another program than caseProcess.ts. */
  readonly program?: URL | undefined;
}

const keptOfStderr = 2_000;
const longestReason = 300;

export async function runCase(one: OneCase, parts: CaseParts): Promise<CaseResult> {
  const { milliseconds, signal, program = new URL('caseProcess.js', import.meta.url) } = parts;
  const folder = await newFolder();
  const child = fork(fileURLToPath(program), [JSON.stringify(one)], {
    execArgv: [],
    detached: true,
    env: { ...process.env, TMPDIR: folder, TEST_PROCESSES: join(folder, 'processes') },
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
  const exited = once(child, 'exit');
  const kill = () => killGroup(child);
  signal.addEventListener('abort', kill);
  process.once('exit', kill);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const why = new Error(`not done in ${Math.round(milliseconds / 1000)} s`);
    timer = setTimeout(() => reject(why), milliseconds);
  });
  try {
    return { rows: await Promise.race([rowsOf(child, parts.say), late]), failed: false };
  } catch (error) {
    return { rows: [failedRow(one.name, (error as Error).message)], failed: true };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', kill);
    process.off('exit', kill);
    kill();
    await exited;
    // What remains goes with the folder of the run.
    await rm(folder, { recursive: true, force: true, maxRetries: 10 }).catch(() => {});
  }
}

/** On a disk, beside PostgreSQL's programs: tests have their data in memory, where a commit costs nothing. */
async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(dirname(ofTestRun('TEST_POSTGRES_HOME')), 'case-'));
  // PostgreSQL runs as another user, which must reach its own folder.
  await chmod(folder, 0o711);
  await mkdir(join(folder, 'processes'));
  return folder;
}

/** Rejects with why there are none. */
function rowsOf(child: ChildProcess, say: Say): Promise<readonly Row[]> {
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    process.stderr.write(chunk);
    said = (said + chunk.toString()).slice(-keptOfStderr);
  });
  return new Promise((resolve, reject) => {
    child.on('message', (message: FromCase) => {
      if ('line' in message) say(message.line);
      else if ('rows' in message) resolve(message.rows);
      else reject(new Error(message.failed));
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const why = /^\w*Error.*$/m.exec(said)?.[0] ?? said.trim();
      reject(new Error(`its process ended (${signal ?? code}) ${why}`));
    });
  });
}

/** With all that it started and that has no group of its own. */
function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it has ended.
  }
}

export function failedRow(what: string, why: string): Row {
  const reason = why.replaceAll(/\s+/g, ' ').replaceAll('|', '/').trim().slice(0, longestReason);
  return { what, yardstick: '–', ours: '–', ratio: '–', reach: '–', verdict: `failed: ${reason}` };
}
