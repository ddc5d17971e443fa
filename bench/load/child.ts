/** A process of the bench that is told and answers by messages. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface Child {
  readonly pid: number;
  send(message: object | number): void;
  /** The next message. Rejects when the process ends first, with what it wrote to stderr. */
  next<Message>(): Promise<Message>;
  kill(): void;
}

/** `program`: the URL of a file. It ends by itself when this process does (`disconnect`). */
export function startChild(
  program: URL,
  { parameters = [], env = {} }: { parameters?: readonly string[]; env?: NodeJS.ProcessEnv } = {},
): Child {
  const child = fork(fileURLToPath(program), parameters, {
    execArgv: [],
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const name = program.pathname.split('/').at(-1);
  // `close` comes after the last of stderr; `exit` may come before it.
  const ended = once(child, 'close').then(([code, signal]) => {
    throw new Error(`${name} ended (${signal ?? code}): ${said.trim()}`);
  });
  ended.catch(() => {});
  return {
    pid: child.pid ?? 0,
    send: (message) => void child.send(message, () => {}),
    next: <Message>() =>
      Promise.race([once(child, 'message').then(([message]) => message as Message), ended]),
    kill: () => void child.kill(),
  };
}
