/** A worker: an authority that serves the ports of the main process, and answers its questions. It owns no folder and no port. */
import { systemClock } from '@countersign/verifier/clock';
import { readConfig } from '../platform/config/config.ts';
import { processEnvironment } from '../platform/config/env.ts';
import { createLog } from '../platform/observability/log.ts';
import { createMetrics } from '../platform/observability/metrics.ts';
import { type Serving, type Started, type StartParts, serve } from '../serve.ts';
import { openDataFolder } from '../storage/embedded/dataFolder.ts';
import { workerLimits } from './limits.ts';
import type { MainProcess, Output, ToWorker, WorkerHealth } from './messages.ts';

type WorkerParts = Omit<StartParts, 'print' | 'complain'>;

/** `number`: its place among the workers, from 1; a worker that replaces another has the same. */
export async function startWorker(
  number: number,
  main: MainProcess,
  parts: WorkerParts,
): Promise<Started | undefined> {
  const { config, secrets, settings } = readConfig(processEnvironment());
  const log = createLog(config.logLevel).child({ worker: number });
  parts.onWarning((warning, message) => log.warn({ warning }, message));
  parts.onDefect((err) => log.fatal({ err }, 'a defect: the worker ends, because its state is unknown'));
  const dataFolder = await openDataFolder(config.storage.dataDir);
  const metrics = createMetrics();
  // One file for all: each node sees what the others revoke, and Redis keeps what each has seen.
  const keepsSightings = number === 1;
  const served = await serve({
    ...{ ...parts, config, secrets, settings, dataFolder, log, metrics, keepsSightings },
    onWait: (why) => main.say({ waiting: why }),
    onOpened(serving) {
      main.hear((message) => void answer(main, message, { serving, metrics: metrics.values }));
      main.say({ opened: true });
    },
  });
  if (served === undefined) return undefined;
  main.say({ listening: served.ports });
  log.info(served.ports, 'ready');
  return {
    drainDelayMs: config.drainDelayMs,
    async drain(delayMs) {
      log.info({ delayMs }, 'draining');
      await served.drain(delayMs, () => leave(main));
    },
  };
}

/** Resolves when no connection is on its way from the main process, unless other workers take those. */
async function leave(main: MainProcess): Promise<void> {
  const mayLeave = new Promise<void>((resolve) => {
    main.hear((message) => 'mayLeave' in message && resolve());
  });
  main.say({ leaving: true });
  await mayLeave;
  await new Promise<void>((resolve) => void systemClock.after(workerLimits.handedOverMilliseconds, resolve));
}

async function answer(
  main: MainProcess,
  message: ToWorker,
  parts: { readonly serving: Serving; readonly metrics: () => Promise<unknown> },
): Promise<void> {
  if (!('id' in message)) return;
  const { id } = message;
  const { readiness, warnings, run } = parts.serving;
  const print = (output: Output) => main.say({ id, output });
  const health = async (): Promise<WorkerHealth> => ({ readiness: await readiness(), warnings: warnings() });
  const find = () => {
    if ('ask' in message) return message.ask === 'health' ? health() : parts.metrics();
    return run(message.run, {
      out: (out) => print({ out }),
      err: (err) => print({ err }),
      progress: (progress) => print({ progress }),
    });
  };
  try {
    main.say({ id, answer: await find() });
  } catch (error) {
    main.say({ id, fault: error instanceof Error ? error.message : String(error) });
  }
}
