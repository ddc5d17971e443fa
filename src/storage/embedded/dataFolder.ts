/**
 * DATA_DIR: the files of a single process. In embedded mode the database, the key that seals secrets, the first service token,
 * and leases of an earlier run's subscribers; in every mode the socket for the command line. Only the owner has access (0700,
 * 0600).
 */
import { randomBytes } from 'node:crypto';
import { access, link, mkdir, open, readFile, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { StartupError } from '@countersign/verifier/errors';
import { propagationLimits } from '../../revocation/propagation/limits.ts';

const keyBytes = 32;

/** Files beside the embedded database that belong in its backup. */
export const keptFiles = ['key-encryption-key', 'service-token', 'edge-lease'] as const;

export interface DataFolder {
  /** Absolute. */
  readonly path: string;
  readonly serviceTokenPath: string;
  /** The 32-byte KEY_ENCRYPTION_KEY from the first start; creates it if missing. */
  keyEncryptionKey(): Promise<Buffer>;
  /** The service token from the first start; stores `fresh` if missing. */
  serviceToken(fresh: string): Promise<string>;
  /** The longest lease, in milliseconds, that an earlier run's subscriber may hold; 0 when none can. */
  subscriberLeaseMs(): Promise<number>;
  /** Resolves once durable; 0 means that no subscriber holds a lease. */
  setSubscriberLeaseMs(milliseconds: number): Promise<void>;
}

/** Creates the folder if missing. Throws `StartupError` when it is unusable. */
export async function openDataFolder(dataDir: string): Promise<DataFolder> {
  const path = resolve(dataDir);
  await usable(path, () => mkdir(path, { recursive: true, mode: 0o700 }));
  const keyPath = join(path, 'key-encryption-key');
  const serviceTokenPath = join(path, 'service-token');
  const subscriberLeasePath = join(path, 'edge-lease');

  return {
    path,
    serviceTokenPath,
    async keyEncryptionKey() {
      const text = await usable(keyPath, () => keep(keyPath, randomBytes(keyBytes).toString('base64')));
      const key = Buffer.from(text, 'base64');
      if (key.length === keyBytes) return key;
      throw new StartupError(
        `DATA_DIR: ${keyPath} does not hold 32 bytes in base64; restore it from a backup.`,
      );
    },
    serviceToken: (fresh) => usable(serviceTokenPath, () => keep(serviceTokenPath, fresh)),
    async subscriberLeaseMs() {
      const text = await readFile(subscriberLeasePath, 'utf8').catch((error: NodeJS.ErrnoException) =>
        error.code === 'ENOENT' ? '0\n' : '',
      );
      // An unreadable value means an unknown lease: assume the longest.
      const most = propagationLimits.leaseMaximumMilliseconds;
      return /^\d+\n$/.test(text) ? Math.min(Number(text), most) : most;
    },
    setSubscriberLeaseMs: (milliseconds) =>
      usable(subscriberLeasePath, () =>
        milliseconds === 0
          ? rm(subscriberLeasePath, { force: true })
          : replace(subscriberLeasePath, `${milliseconds}\n`),
      ),
  };
}

/** Whether the folder, which may not exist, has an embedded database. */
export function hasEmbeddedDatabase(dataDir: string): Promise<boolean> {
  return access(join(dataDir, 'postgres/PG_VERSION')).then(
    () => true,
    () => false,
  );
}

/** Resolves once durable; after a crash the file has either the old or the new text. */
async function replace(path: string, text: string): Promise<void> {
  const unfinished = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(unfinished, text, { mode: 0o600, flag: 'wx', flush: true });
  await rename(unfinished, path);
  // Syncs the folder: a machine that restarts within a lease must not find the old file.
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Writes the text unless the file exists; returns the file's content. Atomic. */
async function keep(path: string, text: string): Promise<string> {
  const unfinished = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(unfinished, `${text}\n`, { mode: 0o600, flag: 'wx', flush: true });
  try {
    await link(unfinished, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await unlink(unfinished);
  }
  await refuseKeyOfOthers(path);
  return (await readFile(path, 'utf8')).trim();
}

/** A user who can write the key knows what it seals. Read access is the operator's decision: containers use groups. */
async function refuseKeyOfOthers(path: string): Promise<void> {
  const own = process.geteuid?.();
  // Windows has other permissions.
  if (own === undefined) return;
  const { uid, mode } = await stat(path);
  if (uid !== own && uid !== 0) throw new Error('it belongs to another user, who may know the key');
  if ((mode & 0o022) !== 0) throw new Error('others can write it; remove that right (chmod go-w)');
}

async function usable<T>(path: string, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (cause) {
    throw new StartupError(`DATA_DIR: ${path} cannot be used: ${(cause as Error).message}`, { cause });
  }
}
