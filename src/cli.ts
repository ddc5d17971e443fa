#!/usr/bin/env node
/**
 * The command line: `countersign COMMAND`. Asks a running authority where there is one, else works by itself.
 * Data goes to standard output, words for people to standard error.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { systemClock } from '@countersign/verifier/clock';
import { StartupError } from '@countersign/verifier/errors';
import { type Config, readConfig } from './platform/config/config.ts';
import { processEnvironment } from './platform/config/env.ts';
import { settingsHelp } from './platform/config/settingsText.ts';
import { createLog } from './platform/observability/log.ts';
import { hasEmbeddedDatabase, openDataFolder } from './storage/embedded/dataFolder.ts';
import { backUpStopped, backupUsage, readBackup, refuseBackupOfServer } from './transport/cli/backup.ts';
import { UsageError } from './transport/cli/command.ts';
import { commands, findCommand, runCommand } from './transport/cli/commands.ts';
import { askRunning, type CommandRequest, claimDataFolder, type Output } from './transport/cli/control.ts';
import { operatorName } from './transport/cli/operator.ts';

const output: Output = {
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
};

async function main(argv: readonly string[]): Promise<number> {
  const [first] = argv;
  if (first === undefined || first === 'help' || argv.includes('--help'))
    return help(first === undefined ? 2 : 0);
  if (first === '--version') return version();
  if (first === 'serve') {
    if (argv.length > 1)
      throw new UsageError('serve takes no arguments; its settings are environment variables.');
    await import('./main.ts');
    return new Promise<never>(() => {});
  }
  if (first === 'migrate') return migrate(argv.slice(1));
  if (first === 'backup') return backup(argv);
  const { command } = findCommand(argv);
  const input = command.readsInput?.(argv) ? await text(process.stdin) : undefined;
  const request = { argv, input, operator: operatorName(processEnvironment()) };
  return runHereOrThere(request, !command.begins);
}

function help(code: number): number {
  const lines = [
    'Usage: countersign COMMAND',
    '',
    '  serve',
    '      Run the authority until it is told to stop.',
    '  migrate',
    '      Bring the database to the version of this code; print what was applied.',
    ...backupUsage,
    ...Object.values(commands).flatMap(({ usage, summary }) => [`  ${usage}`, `      ${summary}`]),
    '',
    '  --json prints data as JSON, one object a line. --version, --help.',
    '',
    settingsHelp().trimEnd(),
  ];
  for (const line of lines) (code === 0 ? output.out : output.err)(line);
  return code;
}

function version(): number {
  const file = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  output.out((JSON.parse(file) as { version: string }).version);
  return 0;
}

async function runHereOrThere(request: CommandRequest, mustBeBegun: boolean): Promise<number> {
  const { config, secrets } = readConfig(processEnvironment());
  if (mustBeBegun) await refuseEmptyFolder(config);
  const dataFolder = await openDataFolder(config.storage.dataDir);
  const there = await askRunning(dataFolder.path, request, output);
  if (there !== undefined) return there;
  const claim = await claimDataFolder(dataFolder.path);
  try {
    // Loaded only now: asking a running authority, the usual case, needs none of it.
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
      return await runCommand(authority.operations, request, output, authority.doubt());
    } finally {
      await authority.close();
    }
  } finally {
    await claim.release();
  }
}

/** A job that has lost a setting must not find everything in order in an authority of its own. */
async function refuseEmptyFolder({ storage: { mode, dataDir } }: Config): Promise<void> {
  if (mode === 'server' || (await hasEmbeddedDatabase(dataDir))) return;
  throw new StartupError(
    `DATA_DIR: there is no authority in ${resolve(dataDir)}, and DATABASE_URL is not set; which one is meant?`,
  );
}

async function backup(argv: readonly string[]): Promise<number> {
  const request = readBackup(argv);
  const { config } = readConfig(processEnvironment());
  if (config.storage.mode === 'server') refuseBackupOfServer();
  await refuseEmptyFolder(config);
  const dataFolder = await openDataFolder(config.storage.dataDir);
  const there = await askRunning(dataFolder.path, request, output);
  if (there !== undefined) return there;
  const claim = await claimDataFolder(dataFolder.path);
  return backUpStopped(dataFolder.path, systemClock, request, output).finally(claim.release);
}

/** Prints the name of each migration that was applied; nothing when there was none to apply. */
async function migrate(options: readonly string[]): Promise<number> {
  if (options.some((option) => option !== '--json'))
    throw new UsageError('migrate takes no argument but --json.');
  const json = options.length > 0;
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

// Who reads may stop reading, as `head` does. What was asked for is done all the same, and nobody is told.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof UsageError) output.err(error.message);
  else if (error instanceof StartupError) output.err(error.message);
  else output.err(`Something went wrong here: ${(error as Error).stack ?? String(error)}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
