/**
 * The process: environment → configuration → authority → listen → drain. It waits for a database or Redis that does not
 * answer; anything else that keeps it from starting is one clear line and exit code 1. After a graceful stop it is 0.
 */
import { type Authority, type AuthorityParts, openAuthority } from './authority.ts';
import { runCommand } from './cli/commands.ts';
import { claimDataFolder } from './cli/control.ts';
import { welcome } from './cli/welcome.ts';
import { readConfig } from './config/config.ts';
import { processEnvironment } from './config/env.ts';
import { systemClock } from './core/clock.ts';
import { StartupError, UnreachableError } from './core/errors.ts';
import { limits } from './core/limits.ts';
import { openStartingApp } from './http/startingApp.ts';
import { createLog } from './observability/log.ts';
import { openDataFolder } from './storage/local/dataFolder.ts';

const print = (line: string) => void process.stdout.write(`${line}\n`);
const complain = (line: string) => void process.stderr.write(`${line}\n`);

/** What a stop has to close: it grows while the process starts. */
const opened: (() => Promise<void>)[] = [];

async function start(): Promise<void> {
  const { config, secrets } = readConfig(processEnvironment());
  const log = createLog(config.logLevel);
  const dataFolder = await openDataFolder(config.storage.dataDir);
  const claim = await claimDataFolder(dataFolder.path);
  opened.push(async () => log.info('stopped'), claim.release);
  process.on('uncaughtException', (err) => {
    log.fatal({ err }, 'a defect: the process stops rather than go on in an unknown state');
    process.exit(1);
  });

  let waitingFor = 'starting';
  const starting = await openStartingApp({ ...config.http, log, waitingFor: () => waitingFor });
  const parts = { config, secrets, dataFolder, log, clock: systemClock };
  const authority = await openWhenReachable(parts, (why) => {
    waitingFor = why;
  });
  opened.push(authority.close, async () => log.info('stopping'));
  claim.serve((request, output) => runCommand(authority.flows, request, output, authority.doubt()));
  await starting.close();
  const ports = await authority.listen();

  const { firstServiceToken } = authority;
  for (const line of welcome({ config, dataFolder, firstServiceToken, ...ports })) print(line);
  log.info({ ...ports }, 'ready');
}

/** Tries for as long as it takes: who starts everything at the same time should not have to start us again. */
async function openWhenReachable(parts: AuthorityParts, onWait: (why: string) => void): Promise<Authority> {
  while (true) {
    try {
      const authority = await openAuthority(parts);
      await authority.prove().catch(async (error) => {
        await authority.close();
        throw error;
      });
      return authority;
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error;
      complain(`${error.message}; trying again in ${limits.startRetrySeconds} s`);
      onWait(error.message);
      await new Promise<void>((resolve) => {
        systemClock.after(limits.startRetrySeconds * 1000, resolve);
      });
    }
  }
}

async function closeAll(): Promise<void> {
  for (const close of opened.splice(0).reverse()) await close();
}

/** The first signal drains and closes; a second one, or too long a wait, exits at once. */
function stopOnSignals(): void {
  let stopping = false;
  const onSignal = async () => {
    if (stopping) process.exit(1);
    stopping = true;
    systemClock.after(limits.stopMilliseconds, () => process.exit(1));
    await closeAll();
    process.exit(0);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

stopOnSignals();
try {
  await start();
} catch (error) {
  complain(error instanceof StartupError ? error.message : ((error as Error).stack ?? String(error)));
  // What has been opened is given back, so that no other node waits for this one.
  systemClock.after(limits.stopMilliseconds, () => process.exit(1));
  await closeAll().catch(() => {});
  process.exit(1);
}
