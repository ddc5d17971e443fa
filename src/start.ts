/**
 * A start: environment → configuration → operations port → authority, here or in workers → listeners. It waits for a database or Redis
 * that does not answer and reports the reason on the operations port; HTTP and gRPC listen only when they can serve.
 */

import { systemClock } from '@countersign/verifier/clock';
import { readConfig } from './platform/config/config.ts';
import { processEnvironment } from './platform/config/env.ts';
import { plaintextWarnings } from './platform/config/plaintext.ts';
import { createLog } from './platform/observability/log.ts';
import { createMetrics } from './platform/observability/metrics.ts';
import type { Served, ServeParts, Serving, Started, StartParts } from './serve.ts';
import { openDataFolder } from './storage/embedded/dataFolder.ts';
import { claimDataFolder } from './transport/cli/control.ts';
import { welcome } from './transport/cli/welcome.ts';
import { openOperations } from './transport/http/operations.ts';
import { refuseTakenPort } from './transport/http/takenPort.ts';
import { transportLimits } from './transport/limits.ts';
import { createWorkers, type Workers } from './workers/workers.ts';

/** Undefined when stopped before it served. Throws `StartupError` for a fault an operator can fix. */
export async function startAuthority(parts: StartParts): Promise<Started | undefined> {
  const { stop, opened, print, complain } = parts;
  const { config, secrets, settings } = readConfig(processEnvironment());
  const log = createLog(config.logLevel);
  parts.onWarning((warning, message) => log.warn({ warning }, message));
  for (const line of plaintextWarnings(config, secrets)) log.warn(line);
  const dataFolder = await openDataFolder(config.storage.dataDir);
  const claim = await claimDataFolder(dataFolder.path);
  opened.push(async () => log.info('stopped'), claim.release);
  parts.onDefect((err) => log.fatal({ err }, 'a defect: the process stops, because its state is unknown'));

  let waitingFor = 'starting';
  let serving: Pick<Serving, 'readiness' | 'warnings'> | undefined;
  const metrics = createMetrics();
  const onOpened = (opened: Serving) => {
    serving = opened;
    claim.serve(opened.run);
  };
  const onWait = (why: string) => {
    complain(`${why}; trying again in ${transportLimits.startRetrySeconds} s`);
    waitingFor = why;
  };
  const workers =
    config.workers > 1
      ? createWorkers({ count: config.workers, clock: systemClock, log, metrics, onWait, onOpened })
      : undefined;
  const operations = await openOperations({
    ...config.operations,
    log,
    metrics: workers?.metrics ?? metrics,
    readiness: async () =>
      (await serving?.readiness()) ?? { process: stop.isAsked() ? 'draining' : waitingFor },
    warnings: () => serving?.warnings() ?? [],
    reserved: [config.http.port, config.grpc.port],
  });
  opened.push(operations.close);
  log.info({ operationsPort: operations.port }, 'starting');
  await refuseTakenPort('HTTP_PORT', config.http);
  await refuseTakenPort('GRPC_PORT', config.grpc);

  const here = { config, secrets, settings, dataFolder, log, metrics, onWait, onOpened, stop, opened };
  const served = await (workers === undefined ? serveHere(here) : serveByWorkers(workers, here));
  if (served === undefined) return undefined;
  const ports = { ...served.ports, operationsPort: operations.port };
  const { firstServiceToken } = served;
  for (const line of welcome({ config, dataFolder, firstServiceToken, ...ports })) print(line);
  log.info({ ...ports }, 'ready');
  return {
    drainDelayMs: config.drainDelayMs,
    async drain(delayMs) {
      log.info({ delayMs }, 'draining');
      await served.drain(delayMs);
    },
  };
}

async function serveHere(parts: ServeParts): Promise<Served | undefined> {
  // Imported here because the main process of workers does not need it: it would double its memory.
  const { serve } = await import('./serve.ts');
  return serve(parts);
}

/** They drain and close by themselves as soon as a stop is asked for. */
async function serveByWorkers(
  workers: Workers,
  { stop, opened }: Pick<StartParts, 'stop' | 'opened'>,
): Promise<Served | undefined> {
  opened.push(() => workers.stop('SIGINT'));
  const stopped = stop.asked.then(workers.stop);
  stopped.catch(() => {});
  try {
    const ports = await workers.start();
    return { ports, firstServiceToken: false, drain: () => stopped };
  } catch (error) {
    if (!stop.isAsked()) throw error;
    await stopped;
    return undefined;
  }
}
