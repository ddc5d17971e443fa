/**
 * A start: environment → configuration → operations port → authority → doors. It waits for a database or Redis that does not
 * answer, and tells on the operations port what it waits for; HTTP and gRPC listen only when they can be served.
 */

import { systemClock } from '@countersign/verifier/clock';
import { UnreachableError } from '@countersign/verifier/errors';
import { type Authority, type AuthorityParts, openAuthority } from './authority.ts';
import { readConfig } from './platform/config/config.ts';
import { processEnvironment } from './platform/config/env.ts';
import { plaintextWarnings } from './platform/config/plaintext.ts';
import { createLog } from './platform/observability/log.ts';
import { createMetrics } from './platform/observability/metrics.ts';
import type { Stop } from './platform/stop.ts';
import { openDataFolder } from './storage/embedded/dataFolder.ts';
import { runBackup } from './transport/cli/backup.ts';
import { runCommand } from './transport/cli/commands.ts';
import { claimDataFolder } from './transport/cli/control.ts';
import { welcome } from './transport/cli/welcome.ts';
import { openOperations } from './transport/http/operations.ts';
import { refuseTakenPort } from './transport/http/takenPort.ts';
import { transportLimits } from './transport/limits.ts';

export interface Started {
  readonly drainDelayMs: number;
  /** Says "not ready", and goes on serving for so long. */
  drain(delayMs: number): Promise<void>;
}

export interface StartParts {
  /** Once it is asked for, the start goes no further. */
  readonly stop: Pick<Stop, 'asked' | 'isAsked'>;
  /** Gets what has to be closed, in the order of opening. */
  readonly opened: (() => Promise<void>)[];
  readonly print: (line: string) => void;
  readonly complain: (line: string) => void;
  /** Is given what logs a defect, before the process ends. */
  readonly onDefect: (tell: (defect: unknown) => void) => void;
  /** Is given what logs a warning of Node.js or of a library, by its name and in one line. */
  readonly onWarning: (tell: (name: string, message: string) => void) => void;
}

/** Undefined when it was stopped before it served. Throws `StartupError` for what an operator can mend. */
export async function startAuthority(parts: StartParts): Promise<Started | undefined> {
  const { stop, opened, print } = parts;
  const { config, secrets } = readConfig(processEnvironment());
  const log = createLog(config.logLevel);
  parts.onWarning((warning, message) => log.warn({ warning }, message));
  for (const line of plaintextWarnings(config, secrets)) log.warn(line);
  const dataFolder = await openDataFolder(config.storage.dataDir);
  const claim = await claimDataFolder(dataFolder.path);
  opened.push(async () => log.info('stopped'), claim.release);
  parts.onDefect((err) =>
    log.fatal({ err }, 'a defect: the process stops rather than go on in an unknown state'),
  );

  let waitingFor = 'starting';
  let authority: Authority | undefined;
  const metrics = createMetrics();
  const operations = await openOperations({
    ...config.operations,
    log,
    metrics,
    readiness: async () => authority?.readiness() ?? { process: stop.isAsked() ? 'draining' : waitingFor },
    warnings: () => authority?.warnings() ?? [],
    reserved: [config.http.port, config.grpc.port],
  });
  opened.push(operations.close);
  log.info({ operationsPort: operations.port }, 'starting');
  await refuseTakenPort('HTTP_PORT', config.http);
  await refuseTakenPort('GRPC_PORT', config.grpc);

  const authorityParts = { config, secrets, dataFolder, log, metrics, clock: systemClock };
  authority = await openWhenReachable(authorityParts, parts, (why) => {
    waitingFor = why;
  });
  if (authority === undefined) return undefined;
  opened.push(authority.close, async () => log.info('stopping'));
  if (stop.isAsked()) return undefined;
  const { operations: ownOperations, firstServiceToken, drain, backUp } = authority;
  const { doubt, whenTrusted } = authority;
  claim.serve((request, output) =>
    request.argv[0] === 'backup'
      ? runBackup(backUp, request, output)
      : runCommand(ownOperations, request, output, doubt()),
  );
  // A database that is older than what was seen waits for its operator's command, which comes by the socket.
  await Promise.race([whenTrusted(), stop.asked]);
  if (stop.isAsked()) return undefined;
  const ports = { ...(await authority.listen()), operationsPort: operations.port };

  for (const line of welcome({ config, dataFolder, firstServiceToken, ...ports })) print(line);
  log.info({ ...ports }, 'ready');
  return {
    drainDelayMs: config.drainDelayMs,
    async drain(delayMs) {
      log.info({ delayMs }, 'draining');
      await drain(delayMs);
    },
  };
}

/** Tries for as long as it takes: who starts everything at the same time should not have to start us again. */
async function openWhenReachable(
  authorityParts: AuthorityParts,
  { stop, complain }: StartParts,
  onWait: (why: string) => void,
): Promise<Authority | undefined> {
  while (!stop.isAsked()) {
    try {
      const authority = await openAuthority(authorityParts);
      await authority.prove().catch(async (error) => {
        await authority.close();
        throw error;
      });
      return authority;
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error;
      complain(`${error.message}; trying again in ${transportLimits.startRetrySeconds} s`);
      onWait(error.message);
      const waited = new Promise<void>((resolve) => {
        systemClock.after(transportLimits.startRetrySeconds * 1000, resolve);
      });
      await Promise.race([waited, stop.asked]);
    }
  }
  return undefined;
}
