/**
 * The process: start → serve → drain → close, and its exit code: 0 after a stop, 1 for what keeps it from starting (one clear
 * line), for a stop that takes too long, and for one that is asked for again.
 */
import { systemClock, withDeadline } from '@countersign/verifier/clock';
import { StartupError } from '@countersign/verifier/errors';
import { ignoreClosedPipes } from './platform/closedPipes.ts';
import { createStop, type StopSignal } from './platform/stop.ts';
import type { Started } from './start.ts';
import { transportLimits } from './transport/limits.ts';

const print = (line: string) => void process.stdout.write(`${line}\n`);
const complain = (line: string) => void process.stderr.write(`${line}\n`);
const described = (error: unknown) => (error as Error).stack ?? String(error);

ignoreClosedPipes([process.stdout, process.stderr]);

/** What a stop has to close: it grows while the process starts. */
const opened: (() => Promise<void>)[] = [];
let ending: Promise<never> | undefined;

// First of all: process number 1 of a container does not get a signal that it has no handler for.
const stop = createStop({ clock: systemClock, onImpatience: () => process.exit(1) });
for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => stop.signalled(name));

const starting = start();
void stop.asked.then(stopOn);

async function start(): Promise<Started | undefined> {
  try {
    // Only now, since loading all of it takes a while.
    const { startAuthority } = await import('./start.ts');
    return await startAuthority({ stop, opened, print, complain, onDefect, onWarning });
  } catch (error) {
    complain(error instanceof StartupError ? error.message : described(error));
    return end(1, transportLimits.stopMilliseconds);
  }
}

function onDefect(tell: (defect: unknown) => void): void {
  process.on('uncaughtException', (defect) => {
    tell(defect);
    process.exit(1);
  });
}

/** In place of lines on standard error, which belong to no log. */
function onWarning(tell: (name: string, message: string) => void): void {
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => tell(name, message.replaceAll(/\s+/g, ' ')));
}

/** A start that is under way is waited for, so that what it has opened can be closed; it goes no further. */
async function stopOn(name: StopSignal): Promise<never> {
  const late = () => new StartupError('the start takes too long to wait for');
  const started = await withDeadline(systemClock, transportLimits.drainMilliseconds, starting, late).catch(
    () =>
      // Nobody was served yet, and what is being written is whole or not there at the next start.
      process.exit(0),
  );
  // Who stops it by hand does not want to wait for proxies.
  const delayMs = name === 'SIGTERM' ? (started?.drainDelayMs ?? 0) : 0;
  return end(0, delayMs + transportLimits.stopMilliseconds, () => started?.drain(delayMs));
}

/** Closes everything and ends the process; after `milliseconds` at the latest, and then with 1. */
function end(code: number, milliseconds: number, before?: () => Promise<void> | undefined): Promise<never> {
  ending ??= (async () => {
    systemClock.after(milliseconds, () => process.exit(1));
    await before?.();
    // What has been opened is given back, so that no other node waits for this one.
    for (const close of opened.splice(0).reverse())
      await close().catch((fault) => complain(described(fault)));
    return process.exit(code);
  })();
  return ending;
}
