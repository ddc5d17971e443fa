/** `backup PATH`: in the running authority, otherwise from the folder of a stopped one. */
import { resolve } from 'node:path';
import type { Clock } from '@countersign/verifier/clock';
import { StartupError } from '@countersign/verifier/errors';
import { type Backup, backUp } from '../../storage/embedded/backup.ts';
import type { CommandRequest, Output } from './control.ts';

/** Makes a backup in a folder given by its absolute path. */
export type BackUp = (target: string) => Promise<Backup>;

/** Sends the path as this process sees it: the authority may run in another directory. */
export function backupRequest(path: string, json: boolean): CommandRequest {
  return { argv: ['backup', resolve(path), ...(json ? ['--json'] : [])], input: undefined };
}

/** Returns the exit code. */
export async function runBackup(
  backUp: BackUp,
  { argv: [, target = '', ...options] }: CommandRequest,
  { out, err }: Pick<Output, 'out' | 'err'>,
): Promise<number> {
  try {
    const { hasKey, made_at, deployment_id } = await backUp(target);
    if (options.includes('--json')) out(JSON.stringify({ path: target, made_at, deployment_id }));
    else {
      err(
        `Everything until ${made_at} is in the backup. It contains its own key: protect it like a password.`,
      );
      if (!hasKey) err('It does not contain your KEY_ENCRYPTION_KEY: back that up, too.');
      out(target);
    }
    return 0;
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    err(error.message);
    return 1;
  }
}

export function refuseBackupOfServer(): never {
  throw new StartupError(
    'With DATABASE_URL, back up with the tools of PostgreSQL: see docs/backup.md. Back up KEY_ENCRYPTION_KEY, too.',
  );
}

/** From a stopped authority's folder; does not migrate it, whatever its version. */
export async function backUpStopped(
  folder: string,
  clock: Clock,
  request: CommandRequest,
  output: Pick<Output, 'out' | 'err'>,
): Promise<number> {
  // Loaded late: the usual command asks a running authority and does not need it.
  const { openEngine } = await import('../../storage/postgres/engine.ts');
  const { createStorage } = await import('../../storage/postgres/storage.ts');
  const engine = await openEngine(folder, undefined);
  try {
    const deploymentId = () =>
      createStorage(engine)
        .deploymentId()
        .catch(() => null);
    const parts = { folder, copyDatabase: engine.copyTo, deploymentId, clock };
    return await runBackup((target) => backUp(parts, target), request, output);
  } finally {
    await engine.close();
  }
}
