/**
 * The process: environment → configuration → authority → listen → drain. Exit code 0 after a graceful stop, 1 with one
 * clear line when it cannot start.
 */
import { openAuthority } from './authority.ts';
import { runCommand } from './cli/commands.ts';
import { claimDataFolder } from './cli/control.ts';
import { welcome } from './cli/welcome.ts';
import { readConfig } from './config/config.ts';
import { processEnvironment } from './config/env.ts';
import { systemClock } from './core/clock.ts';
import { StartupError } from './core/errors.ts';
import { limits } from './core/limits.ts';
import { createLog } from './observability/log.ts';
import { openDataFolder } from './storage/local/dataFolder.ts';

const print = (line: string) => void process.stdout.write(`${line}\n`);
const clock = systemClock;

async function start(): Promise<() => Promise<void>> {
  const { config, secrets } = readConfig(processEnvironment());
  const log = createLog(config.logLevel);
  const dataFolder = await openDataFolder(config.storage.dataDir);
  const claim = await claimDataFolder(dataFolder.path);
  const authority = await openAuthority({ config, secrets, dataFolder, log, clock });
  claim.serve((request, output) => runCommand(authority.flows, request, output));
  const ports = await authority.listen();
  const { firstServiceToken } = authority;
  for (const line of welcome({ config, dataFolder, firstServiceToken, ...ports })) print(line);
  log.info({ ...ports }, 'ready');

  process.on('uncaughtException', (err) => {
    log.fatal({ err }, 'a defect: the process stops rather than go on in an unknown state');
    process.exit(1);
  });
  return async () => {
    log.info('stopping');
    await authority.close();
    await claim.release();
    log.info('stopped');
  };
}

/** The first signal drains and closes; a second one, or too long a wait, exits at once. */
function stopOnSignals(started: Promise<() => Promise<void>>): void {
  let stopping = false;
  const onSignal = async () => {
    if (stopping) process.exit(1);
    stopping = true;
    clock.after(limits.stopMilliseconds, () => process.exit(1));
    await (await started)();
    process.exit(0);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

const started = start();
stopOnSignals(started);
try {
  await started;
} catch (error) {
  const text = error instanceof StartupError ? error.message : ((error as Error).stack ?? String(error));
  process.stderr.write(`${text}\n`);
  process.exit(1);
}
