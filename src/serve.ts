/** Opens an authority and serves: in the only process, or in each worker. It waits for a database or Redis that does not answer. */
import { systemClock } from '@countersign/verifier/clock';
import { UnreachableError } from '@countersign/verifier/errors';
import { type Authority, type AuthorityParts, openAuthority } from './authority.ts';
import type { Stop } from './platform/stop.ts';
import { runBackup } from './transport/cli/backup.ts';
import { runCommand } from './transport/cli/commands.ts';
import type { RunCommand } from './transport/cli/control.ts';
import { transportLimits } from './transport/limits.ts';
import type { Ports } from './transport/listeners.ts';

/** What the process needs of a start. */
export interface StartParts {
  /** Once a stop is asked for, the start goes no further. */
  readonly stop: Pick<Stop, 'asked' | 'isAsked'>;
  /** Collects closing steps, in the order of opening. */
  readonly opened: (() => Promise<void>)[];
  readonly print: (line: string) => void;
  readonly complain: (line: string) => void;
  /** Receives the function that logs a defect before the process ends. */
  readonly onDefect: (tell: (defect: unknown) => void) => void;
  /** Receives the function that logs one-line warnings of Node.js or a library, by name. */
  readonly onWarning: (tell: (name: string, message: string) => void) => void;
}

export interface Started {
  readonly drainDelayMs: number;
  /** Reports "not ready" and keeps serving for the drain delay. */
  drain(delayMs: number): Promise<void>;
}

/** An open authority, before it listens. */
export interface Serving extends Pick<Authority, 'readiness' | 'warnings'> {
  /** Runs a command of the operator. */
  readonly run: RunCommand;
}

export interface Served extends Pick<Authority, 'drain' | 'firstServiceToken'> {
  readonly ports: Ports;
}

export interface ServeParts extends Omit<AuthorityParts, 'clock'>, Pick<StartParts, 'stop' | 'opened'> {
  readonly onWait: (why: string) => void;
  readonly onOpened: (serving: Serving) => void;
}

/** Undefined when stopped before it listened. Throws `StartupError` for a fault an operator can fix. */
export async function serve(parts: ServeParts): Promise<Served | undefined> {
  const { stop, opened, log } = parts;
  const authority = await openWhenReachable(parts);
  if (authority === undefined) return undefined;
  opened.push(authority.close, async () => log.info('stopping'));
  if (stop.isAsked()) return undefined;
  const { operations, firstServiceToken, drain, backUp, doubt, whenTrusted, readiness, warnings } = authority;
  const run: RunCommand = (request, output) =>
    request.argv[0] === 'backup'
      ? runBackup(backUp, request, output)
      : runCommand(operations, request, output, doubt());
  parts.onOpened({ readiness, warnings, run });
  // When the database is older than what was seen, the operator's command comes now.
  await Promise.race([whenTrusted(), stop.asked]);
  if (stop.isAsked()) return undefined;
  return { ports: await authority.listen(), firstServiceToken, drain };
}

/** Retries without limit: starting everything at once must not require starting this process again. */
async function openWhenReachable({ stop, onWait, ...parts }: ServeParts): Promise<Authority | undefined> {
  while (!stop.isAsked()) {
    try {
      const authority = await openAuthority({ ...parts, clock: systemClock });
      await authority.prove().catch(async (error) => {
        await authority.close();
        throw error;
      });
      return authority;
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error;
      onWait(error.message);
      const waited = new Promise<void>((resolve) => {
        systemClock.after(transportLimits.startRetrySeconds * 1000, resolve);
      });
      await Promise.race([waited, stop.asked]);
    }
  }
  return undefined;
}
