/**
 * A start: environment → configuration → operations port → authority → listeners. It waits for a database or Redis that does not
 * answer and reports the reason on the operations port; HTTP and gRPC listen only when they can serve.
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
  /** Reports "not ready" and keeps serving for the drain delay. */
  drain(delayMs: number): Promise<void>;
}

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

/** Undefined when stopped before it served. Throws `StartupError` for a fault an operator can fix. */
export async function startAuthority(parts: StartParts): Promise<Started | undefined> {
  const { stop, opened, print } = parts;
  const { config, secrets, settings } = readConfig(processEnvironment());
  const log = createLog(config.logLevel);
  parts.onWarning((warning, message) => log.warn({ warning }, message));
  for (const line of plaintextWarnings(config, secrets)) log.warn(line);
  const dataFolder = await openDataFolder(config.storage.dataDir);
  const claim = await claimDataFolder(dataFolder.path);
  opened.push(async () => log.info('stopped'), claim.release);
  parts.onDefect((err) => log.fatal({ err }, 'a defect: the process stops, because its state is unknown'));

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

  const authorityParts = { config, secrets, settings, dataFolder, log, metrics, clock: systemClock };
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
  // When the database is older than what was seen, the operator's command arrives on the control socket.
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

/** Retries without limit: starting everything at once must not require starting this process again. */
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
