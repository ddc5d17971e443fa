/**
 * A backup of the embedded mode: a folder that works as DATA_DIR unchanged. It gets its name only when complete, and is readable
 * only by its owner. Owns its content, and the marker by which a start recognises a restored backup.
 */
import { randomBytes } from 'node:crypto';
import { chmod, copyFile, lstat, mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { type Clock, rfc3339 } from '@countersign/verifier/clock';
import { StartupError } from '@countersign/verifier/errors';
import { keptFiles } from './dataFolder.ts';

/** In a backup's folder: one line of JSON, a `BackupMarker`. A DATA_DIR with it was restored from a backup. */
export const backupMarkerName = 'backup.json';

export interface BackupMarker {
  /** RFC 3339 in UTC. Later changes are not in it. */
  readonly made_at: string;
  /** The id created with the database; null for an older database without one. */
  readonly deployment_id: string | null;
}

export interface BackupParts {
  /** The DATA_DIR, claimed by this process. */
  readonly folder: string;
  /** Copies the database, as at one moment, to a new folder. */
  readonly copyDatabase: (target: string) => Promise<void>;
  readonly deploymentId: () => Promise<string | null>;
  readonly clock: Pick<Clock, 'now'>;
}

export interface Backup extends BackupMarker {
  /** Whether the key that opens it is in it; otherwise KEY_ENCRYPTION_KEY is needed. */
  readonly hasKey: boolean;
}

/** `target` is absolute. Throws `StartupError`, leaving nothing behind, when the backup cannot be made there. */
export async function backUp(parts: BackupParts, target: string): Promise<Backup> {
  if (!relative(parts.folder, target).startsWith('..'))
    throw new StartupError(`${target}: a backup cannot be inside DATA_DIR.`);
  // Beside the target: renaming is atomic only there.
  const unfinished = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}`);
  try {
    await refuseFull(target);
    await mkdir(unfinished, { mode: 0o700 });
    const backup = await fill(parts, unfinished);
    await rename(unfinished, target);
    await sync(dirname(target));
    return backup;
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    if (error instanceof StartupError || (error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw new StartupError(`${target}: the backup cannot be made: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

async function refuseFull(target: string): Promise<void> {
  const inside = await readdir(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  if (inside.length > 0) throw new StartupError(`${target}: it exists already, and is not empty.`);
}

async function fill({ folder, copyDatabase, deploymentId, clock }: BackupParts, unfinished: string) {
  // Before the copy: everything until the marker's time must be in it.
  const marker: BackupMarker = { made_at: rfc3339(clock.now()), deployment_id: await deploymentId() };
  await copyDatabase(join(unfinished, 'postgres'));
  const present = await readdir(folder);
  const kept = keptFiles.filter((name) => present.includes(name));
  for (const name of kept) await copyFile(join(folder, name), join(unfinished, name));
  await writeFile(join(unfinished, backupMarkerName), `${JSON.stringify(marker)}\n`);
  await secure(unfinished);
  return { ...marker, hasKey: kept.includes('key-encryption-key') };
}

/** Readable only by the owner, and flushed to disk. */
async function secure(path: string): Promise<void> {
  const isFolder = (await lstat(path)).isDirectory();
  await chmod(path, isFolder ? 0o700 : 0o600);
  if (isFolder) for (const name of await readdir(path)) await secure(join(path, name));
  await sync(path);
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
