/**
 * The control socket in DATA_DIR. Its holder owns the folder: the embedded database allows one process. The command line sends
 * commands through it to the running authority, so that their revocations are in effect when it returns. One JSON line asks, JSON
 * lines answer. Only the folder's owner can connect.
 */
import { chmod, mkdir, rmdir, stat, unlink } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { systemClock, withDeadline } from '@countersign/verifier/clock';
import { StartupError } from '@countersign/verifier/errors';
import { cliLimits } from './limits.ts';

/** A command's output: data, one item per line, to `out`; messages for people to `err`. */
export interface Output {
  out(line: string): void;
  err(line: string): void;
  /** Progress of a long command; replaces the previous text. Shown on a terminal only. */
  progress?(words: string): void;
}

export interface CommandRequest {
  readonly argv: readonly string[];
  /** The command's standard input, if it reads any. */
  readonly input: string | undefined;
  /** The number of the input's first line in its file. */
  readonly firstLine?: number;
  /** The caller, as from `operatorName`. */
  readonly operator?: string;
  /** Whether to send progress. */
  readonly progress?: boolean;
}

/** Runs a command and returns its exit code. */
export type RunCommand = (request: CommandRequest, output: Output) => Promise<number>;

export interface Claim {
  /** Starts running others' commands. */
  serve(run: RunCommand): void;
  release(): Promise<void>;
}

type Answer =
  | { readonly out: string }
  | { readonly err: string }
  | { readonly progress: string }
  | { readonly exit: number };

/** A socket path has about 100 bytes (sun_path). */
const longestPath = 100;

/** The shorter of the absolute and relative path, so that a deep folder works from nearby. */
function socketPath(folder: string): string {
  const absolute = join(folder, 'control.sock');
  const near = relative(process.cwd(), absolute);
  const path = near.length < absolute.length ? near : absolute;
  if (Buffer.byteLength(path) <= longestPath) return path;
  throw new StartupError(
    `DATA_DIR: ${folder} is too long a path for the socket in it; at most about 85 bytes.`,
  );
}

/** Claims the folder for this process. Throws `StartupError` when a running authority holds it. */
export async function claimDataFolder(folder: string): Promise<Claim> {
  const path = socketPath(folder);
  let run: RunCommand | undefined;
  const callers = new Set<Socket>();
  const server = createServer((socket) => {
    callers.add(socket.once('close', () => callers.delete(socket)));
    if (callers.size > cliLimits.controlCommands) refuse(socket);
    else void answer(socket, run);
  });
  await oneAtATime(folder, async () => {
    if (await isAnswered(path)) {
      throw new StartupError(`DATA_DIR: ${folder} is in use by an authority that is running.`);
    }
    // Nobody answers, so the socket was left by a killed process.
    await unlink(path).catch(() => {});
    await listen(server, path, folder);
    await chmod(path, 0o600);
  });
  return {
    serve(handler) {
      run = handler;
    },
    release: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // A mere connection must not keep the process alive.
        for (const socket of callers) socket.destroy();
      }),
  };
}

/**
 * Checking for an owner and taking over must be one act, or two starting processes would both take over. Only one can create a
 * folder; an old one was left by a crash.
 */
async function oneAtATime(folder: string, work: () => Promise<void>): Promise<void> {
  const lock = join(folder, 'control.lock');
  const age = await stat(lock).then(
    ({ mtimeMs }) => systemClock.now() - mtimeMs,
    () => 0,
  );
  if (age > cliLimits.controlLockMilliseconds) await rmdir(lock).catch(() => {});
  try {
    await mkdir(lock);
  } catch (cause) {
    throw new StartupError(`DATA_DIR: ${folder} is being opened by another process; try again.`, { cause });
  }
  try {
    await work();
  } finally {
    await rmdir(lock).catch(() => {});
  }
}

function listen(server: Server, path: string, folder: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new StartupError(`DATA_DIR: ${folder} cannot be used: ${cause.message}`, { cause })),
    );
    server.listen(path, resolve);
  });
}

/** Whether an authority runs on the folder. */
export function isRunning(folder: string): Promise<boolean> {
  return isAnswered(socketPath(folder));
}

async function isAnswered(path: string): Promise<boolean> {
  const socket = await connectTo(path);
  socket?.destroy();
  return socket !== undefined;
}

function createSend(socket: Socket): (message: Answer) => void {
  return (message) => void (socket.writable && socket.write(`${JSON.stringify(message)}\n`));
}

function refuse(socket: Socket): void {
  socket.on('error', () => {});
  const send = createSend(socket);
  send({ err: `More than ${cliLimits.controlCommands} commands at once; try again.` });
  send({ exit: 1 });
  // Its command is not read.
  socket.destroySoon();
}

async function answer(socket: Socket, run: RunCommand | undefined): Promise<void> {
  const send = createSend(socket);
  // A disconnecting caller does not stop its command: its revocations must still take effect.
  socket.on('error', () => {});
  try {
    const late = () => new Error('it did not arrive in time');
    const line = await withDeadline(systemClock, cliLimits.controlLineMilliseconds, firstLine(socket), late);
    if (line === undefined) return;
    const request = JSON.parse(line) as CommandRequest;
    if (run === undefined) {
      send({ err: 'The authority is still starting; try again.' });
      send({ exit: 1 });
      return;
    }
    const output: Output = {
      out: (text) => send({ out: text }),
      err: (text) => send({ err: text }),
      progress: (text) => void (request.progress && send({ progress: text })),
    };
    send({ exit: await run(request, output) });
  } catch (error) {
    send({ err: `The command failed: ${error instanceof Error ? error.message : String(error)}` });
    send({ exit: 1 });
  } finally {
    // A caller that keeps its side open must not keep its place.
    socket.destroySoon();
  }
}

/** The first line; `undefined` when the caller only checked for an answer. */
function firstLine(socket: Socket): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.length > cliLimits.controlLineBytes) {
        socket.pause();
        reject(new Error('the command is too long'));
      }
      const end = text.indexOf('\n');
      if (end >= 0) resolve(text.slice(0, end));
    });
    socket.once('end', () => resolve(undefined));
    socket.once('error', () => resolve(undefined));
  });
}

/** Asks the folder's running authority to run a command. Returns its exit code; `undefined` when none runs. */
export async function askRunning(
  folder: string,
  request: CommandRequest,
  output: Output,
): Promise<number | undefined> {
  const socket = await connectTo(socketPath(folder));
  if (socket === undefined) return undefined;
  socket.write(`${JSON.stringify(request)}\n`);
  let exit: number | undefined;
  try {
    for await (const line of createInterface({ input: socket })) {
      const message = JSON.parse(line) as Answer;
      if ('out' in message) output.out(message.out);
      else if ('err' in message) output.err(message.err);
      else if ('progress' in message) output.progress?.(message.progress);
      else exit = message.exit;
    }
  } catch {
    // The connection broke; reported below.
  }
  if (exit === undefined) output.err('The authority stopped before the command was done.');
  return exit ?? 1;
}

/** Returns `undefined` when nobody listens; any other fault does not prove that and is a `StartupError`. */
function connectTo(path: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket));
    socket.on('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT' || cause.code === 'ECONNREFUSED') resolve(undefined);
      else reject(new StartupError(`DATA_DIR: ${path} does not answer: ${cause.message}`, { cause }));
    });
  });
}
