/**
 * The process, or one of its workers: start → serve → drain → close. Exit code 0 after a stop; 1 when the start fails (one clear
 * line), when the stop takes too long, and when a second signal asks for it.
 */
import { systemClock, withDeadline } from '@countersign/verifier/clock';
import { StartupError } from '@countersign/verifier/errors';
import { ignoreClosedPipes } from './platform/closedPipes.ts';
import { createStop, type StopSignal } from './platform/stop.ts';
import { optimiseWebAssemblyLate } from './platform/webAssembly.ts';
import type { Started } from './serve.ts';
import { transportLimits } from './transport/limits.ts';
import { type MainProcess, type ToWorker, workerParameter } from './workers/messages.ts';

const print = (line: string) => void process.stdout.write(`${line}\n`);
const [, , parameter, place] = process.argv;
/** In a worker, the link to the main process, which speaks for it. */
const main = parameter === workerParameter && process.send !== undefined ? linkToMain() : undefined;
const complain = (line: string) =>
  main === undefined ? void process.stderr.write(`${line}\n`) : main.say({ failed: line });
const described = (error: unknown) => (error as Error).stack ?? String(error);

ignoreClosedPipes([process.stdout, process.stderr]);
optimiseWebAssemblyLate();

/** Steps a stop must run; grows while the process starts. */
const opened: (() => Promise<void>)[] = [];
let ending: Promise<never> | undefined;

// Must come first: process 1 of a container does not receive a signal without a handler.
const stop = createStop({ clock: systemClock, onImpatience: () => process.exit(1) });
for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => stop.signalled(name));
// A worker that drains alone is not made to hurry by the stop of the whole.
main?.hear((message) => 'stop' in message && !stop.isAsked() && stop.signalled(message.stop));

const starting = start();
void stop.asked.then(stopOn);

async function start(): Promise<Started | undefined> {
  try {
    // Imported here because loading it takes a while.
    const parts = { stop, opened, onDefect, onWarning };
    if (main !== undefined) {
      const { startWorker } = await import('./workers/worker.ts');
      return await startWorker(Number(place), main, parts);
    }
    const { startAuthority } = await import('./start.ts');
    return await startAuthority({ ...parts, print, complain });
  } catch (error) {
    complain(error instanceof StartupError ? error.message : described(error));
    return end(1, transportLimits.stopMilliseconds);
  }
}

function linkToMain(): MainProcess {
  return {
    say: (message) => void process.send?.(message),
    hear: (listener) => void process.on('message', (message) => listener(message as ToWorker)),
  };
}

function onDefect(tell: (defect: unknown) => void): void {
  process.on('uncaughtException', (defect) => {
    tell(defect);
    process.exit(1);
  });
}

/** Replaces the lines that Node.js would write to standard error, outside the log. */
function onWarning(tell: (name: string, message: string) => void): void {
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => tell(name, message.replaceAll(/\s+/g, ' ')));
}

/** Waits for a start in progress, so that its parts can be closed; the start then goes no further. */
async function stopOn(name: StopSignal): Promise<never> {
  const late = () => new StartupError('the start takes too long; the stop does not wait for it');
  const started = await withDeadline(systemClock, transportLimits.drainMilliseconds, starting, late).catch(
    () =>
      // Safe: no client was served yet, and unfinished writes are absent at the next start.
      process.exit(0),
  );
  // An operator who presses Ctrl-C does not want to wait for proxies.
  const delayMs = name === 'SIGTERM' ? (started?.drainDelayMs ?? 0) : 0;
  return end(0, delayMs + transportLimits.stopMilliseconds, () => started?.drain(delayMs));
}

/** Closes everything and ends the process. Exits with 1 after `milliseconds` at the latest. */
function end(code: number, milliseconds: number, before?: () => Promise<void> | undefined): Promise<never> {
  ending ??= (async () => {
    systemClock.after(milliseconds, () => process.exit(1));
    const isClean = await (before?.() ?? Promise.resolve()).then(
      () => true,
      (fault) => {
        complain(described(fault));
        return false;
      },
    );
    // Closes opened parts, so that no other node waits for this one.
    for (const close of opened.splice(0).reverse())
      await close().catch((fault) => complain(described(fault)));
    return process.exit(isClean ? code : 1);
  })();
  return ending;
}
