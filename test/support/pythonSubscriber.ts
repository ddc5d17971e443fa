/** The second client of the gRPC interface: test/support/subscriber.py, which shares no code with this project. */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { checkout } from './checkout.ts';

const root = checkout;

export interface PythonSubscriber {
  /** One command, as described at the top of subscriber.py. */
  // biome-ignore lint/suspicious/noExplicitAny: answers of every shape
  ask(command: Readonly<Record<string, unknown>>): Promise<any>;
  /** It holds its lease, and does not answer. */
  freeze(): void;
  thaw(): void;
  /** It goes without a word. */
  kill(): void;
  stop(): Promise<void>;
}

/** The caller stops it. */
export async function startPythonSubscriber(
  address: string,
  serviceToken: string,
): Promise<PythonSubscriber> {
  const folder = await mkdtemp(join(tmpdir(), 'python-edge-'));
  const descriptors = join(folder, 'contract.binpb');
  await promisify(execFile)(join(root, 'node_modules/.bin/buf'), ['build', '-o', descriptors], { cwd: root });
  const python = spawn(
    pythonWith('grpc, google.protobuf'),
    [join(root, 'test/support/subscriber.py'), descriptors, address, serviceToken],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
  return {
    async ask(command) {
      python.stdin.write(`${JSON.stringify(command)}\n`);
      const line = await lines.next();
      if (line.done === true) throw new Error('the Python client has ended');
      return JSON.parse(line.value);
    },
    freeze: () => void python.kill('SIGSTOP'),
    thaw: () => void python.kill('SIGCONT'),
    kill: () => void python.kill('SIGKILL'),
    async stop() {
      await ended(python);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Debian's own has its packages, yet another one may come first in PATH. */
export function pythonWith(modules: string): string {
  const has = (python: string) => spawnSync(python, ['-c', `import ${modules}`]).status === 0;
  return has('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.stdin?.end();
  await exit;
}
