#!/usr/bin/env node
/**
 * The command line: `countersign COMMAND`. Asks a running authority if there is one, and otherwise opens the database itself.
 * Owns the process and the commands that need it; each slice's `cli.ts` has the others.
 */
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { systemClock } from '@countersign/verifier/clock';
import { StartupError } from '@countersign/verifier/errors';
import { ignoreClosedPipes } from './platform/closedPipes.ts';
import { type Config, readConfig } from './platform/config/config.ts';
import { processEnvironment } from './platform/config/env.ts';
import { createLog } from './platform/observability/log.ts';
import { optimiseWebAssemblyLate } from './platform/webAssembly.ts';
import { hasEmbeddedDatabase, openDataFolder } from './storage/embedded/dataFolder.ts';
import { backUpStopped, backupRequest, refuseBackupOfServer } from './transport/cli/backup.ts';
import { runBatches } from './transport/cli/batches.ts';
import { UsageError } from './transport/cli/command.ts';
import { type Invocation, readCommand, runCommand } from './transport/cli/commands.ts';
import { askRunning, claimDataFolder, isRunning, type RunCommand } from './transport/cli/control.ts';
import { mountOperate } from './transport/cli/operate.ts';
import { operatorName } from './transport/cli/operator.ts';
import { createTerminalOutput } from './transport/cli/terminal.ts';

const { stdout, stderr, stdin } = process;
const output = createTerminalOutput(stdout, stderr, systemClock);

/** Returns the exit code, or undefined while the authority runs: it ends the process itself. */
async function main(argv: readonly string[]): Promise<number | undefined> {
  let here: (() => Promise<number | undefined>) | undefined;
  const invocation = readCommand(argv, output, (program) =>
    mountOperate(program, { serve, migrate, backup, print: output.out }, (run) => {
      here = run;
    }),
  );
  if (here !== undefined) return here();
  if (invocation === undefined || typeof invocation === 'number') return invocation;
  return manage(argv, invocation);
}

async function serve(): Promise<undefined> {
  await import('./main.ts');
}

async function manage(argv: readonly string[], invocation: Invocation): Promise<number> {
  const { begins = false, readsInput, batches, columns = [], json } = invocation;
  const input = readsInput ? await text(stdin) : undefined;
  const operator = operatorName(processEnvironment());
  output.titles(columns);
  output.begin();
  const request = { argv, input, operator, progress: stderr.isTTY === true };
  return thereOrHere(!begins, (run) =>
    batches === undefined ? run(request, output) : runBatches(batches, request, { run, output, json, stdin }),
  );
}

/** `use` gets what runs a command in the running authority, or else in this process. */
async function thereOrHere(mustBeBegun: boolean, use: (run: RunCommand) => Promise<number>): Promise<number> {
  const { config, secrets } = readConfig(processEnvironment());
  if (mustBeBegun) await refuseEmptyFolder(config);
  const dataFolder = await openDataFolder(config.storage.dataDir);
  if (await isRunning(dataFolder.path))
    return use(async (request, to) => (await askRunning(dataFolder.path, request, to)) ?? stoppedMeanwhile());
  const claim = await claimDataFolder(dataFolder.path);
  try {
    // Loaded late: the usual command asks a running authority and does not need it.
    const { openAuthority } = await import('./authority.ts');
    const log = createLog('error');
    const authority = await openAuthority({
      config,
      secrets,
      dataFolder,
      log,
      clock: systemClock,
      mustBeBegun,
    });
    try {
      return await use((request, to) => runCommand(authority.operations, request, to, authority.doubt()));
    } finally {
      await authority.close();
    }
  } finally {
    await claim.release();
  }
}

function stoppedMeanwhile(): never {
  throw new StartupError('The authority stopped before the command was done.');
}

/** A job that lost its DATABASE_URL must not report success on a new, empty authority. */
async function refuseEmptyFolder({ storage: { mode, dataDir } }: Config): Promise<void> {
  if (mode === 'server' || (await hasEmbeddedDatabase(dataDir))) return;
  throw new StartupError(
    `DATA_DIR: there is no authority in ${resolve(dataDir)}, and DATABASE_URL is not set; set the right one`,
  );
}

async function backup(path: string, json: boolean): Promise<number> {
  const request = backupRequest(path, json);
  const { config } = readConfig(processEnvironment());
  if (config.storage.mode === 'server') refuseBackupOfServer();
  await refuseEmptyFolder(config);
  const dataFolder = await openDataFolder(config.storage.dataDir);
  const there = await askRunning(dataFolder.path, request, output);
  if (there !== undefined) return there;
  const claim = await claimDataFolder(dataFolder.path);
  return backUpStopped(dataFolder.path, systemClock, request, output).finally(claim.release);
}

/** Prints the name of each applied migration, or nothing. */
async function migrate(json: boolean): Promise<number> {
  const { config, secrets } = readConfig(processEnvironment());
  const dataFolder = await openDataFolder(config.storage.dataDir);
  const claim = await claimDataFolder(dataFolder.path);
  try {
    const { openEngine } = await import('./storage/postgres/engine.ts');
    const { migrateStorage } = await import('./storage/postgres/storage.ts');
    const engine = await openEngine(dataFolder.path, secrets.databaseUrl);
    try {
      for (const name of await migrateStorage(engine))
        output.out(json ? JSON.stringify({ migration: name }) : name);
      return 0;
    } finally {
      await engine.close();
    }
  } finally {
    await claim.release();
  }
}

ignoreClosedPipes([stdout, stderr]);
optimiseWebAssemblyLate();

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof UsageError) output.err(error.message);
  else if (error instanceof StartupError) output.err(error.message);
  else output.err(`Something went wrong here: ${(error as Error).stack ?? String(error)}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
} finally {
  output.end();
}
