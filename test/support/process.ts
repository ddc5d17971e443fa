/**
 * Real processes in tests. Whoever starts one stops it: `t.teardown(() => started.stop())`. What still runs when the
 * test process ends is killed; what outlives even that is killed, and named, at the end of `npm test`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inCheckout } from './checkout.ts';
import { eventually } from './eventually.ts';

export interface StartOptions {
  /** All that the process finds in its environment, but for the few variables that any program needs. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** The user to run as. */
  readonly uid?: number;
  readonly gid?: number;
  /** In a process group of its own, as a terminal and systemd start it. */
  readonly ownGroup?: boolean;
}

export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface StartedProcess {
  readonly pid: number;
  /** Everything printed so far. */
  stdout(): string;
  stderr(): string;
  /** Resolves with the match in either output; rejects when the process ends, or the time is over, before that. */
  waitForOutput(pattern: RegExp, milliseconds?: number): Promise<RegExpMatchArray>;
  signal(name: NodeJS.Signals): void;
  /** To all of its group, which it must have of its own. */
  signalGroup(name: NodeJS.Signals): void;
  readonly exited: Promise<ProcessEnd>;
  /** Kills it, unless it has ended already, and waits for its end. */
  stop(): Promise<void>;
}

/** Parameters for Node.js, before the program. None with LONG_LIVED, which the bench sets: it measures what users start. */
export const shortLived: readonly string[] =
  process.env['LONG_LIVED'] === undefined ? [`--require=${inCheckout('test/support/shortLived.cjs')}`] : [];

export function startProcess(
  command: string,
  parameters: readonly string[] = [],
  { ownGroup = false, ...options }: StartOptions = {},
): StartedProcess {
  // The test runner puts its hooks into NODE_OPTIONS of every child; env(1) takes them out again, so that the process
  // runs as it does outside of tests. env(1) becomes the command: the pid is the command's.
  const child = spawn('/usr/bin/env', [`NODE_OPTIONS=${shortLived.join(' ')}`, command, ...parameters], {
    ...options,
    detached: ownGroup,
    env: { ...basicEnvironment(), ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${command} cannot be started`);
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const kill = () => (ownGroup ? process.kill(-pid, 'SIGKILL') : child.kill('SIGKILL'));
  const forget = remember(pid, command, kill);
  let end: ProcessEnd | undefined;
  // `close` comes after the last output; `exit` may come before it.
  const exited = once(child, 'close').then(([code, signal]): ProcessEnd => {
    forget();
    end = { code, signal };
    return end;
  });

  return {
    pid,
    stdout,
    stderr,
    async waitForOutput(pattern, milliseconds = 30_000) {
      const find = () => stdout().match(pattern) ?? stderr().match(pattern) ?? end;
      const found = await eventually(`${command} prints ${pattern}`, find, milliseconds);
      if (Array.isArray(found)) return found;
      throw new Error(`${command} ended without printing ${pattern}:\n${stdout()}${stderr()}`);
    },
    signal: (name) => void child.kill(name),
    signalGroup: (name) => void process.kill(-pid, name),
    exited,
    async stop() {
      if (end === undefined) kill();
      await exited;
    },
  };
}

function basicEnvironment(): Record<string, string> {
  const names = ['PATH', 'HOME', 'TMPDIR', 'LANG'];
  return Object.fromEntries(
    names.map((name) => [name, process.env[name] ?? '']).filter(([, value]) => value),
  );
}

function collect(stream: NodeJS.ReadableStream): () => string {
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return () => text;
}

/** Two nets for a process that nobody stopped: the end of this process, and a note for the end of `npm test`. */
function remember(pid: number, command: string, kill: () => void): () => void {
  const forget = noteProcess(pid, command);
  process.once('exit', kill);
  return () => {
    process.off('exit', kill);
    forget();
  };
}

/** Has it killed, and named, at the end of `npm test`, unless what this answers is called before. */
export function noteProcess(pid: number, command: string): () => void {
  const folder = process.env['TEST_PROCESSES'];
  if (folder === undefined) return () => {};
  const note = join(folder, String(pid));
  writeFileSync(note, command);
  return () => rmSync(note, { force: true });
}
