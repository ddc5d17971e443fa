/**
 * DATA_DIR: what a single process keeps for itself. In embedded mode the database, the key that seals secrets and the
 * first service token, and whether subscribers of an earlier run may still hold leases; the socket on which the command line reaches a running authority in every mode.
 * Everything in it is for the owner only (0700, 0600).
 */
import { randomBytes } from 'node:crypto';
import { access, link, mkdir, open, readFile, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { StartupError } from '@countersign/verifier/errors';
import { propagationLimits } from '../../revocation/propagation/limits.ts';

const keyBytes = 32;

/** What is kept here beside the embedded database, and belongs into a backup of it. */
export const keptFiles = ['key-encryption-key', 'service-token', 'edge-lease'] as const;

export interface DataFolder {
  /** Absolute. */
  readonly path: string;
  readonly serviceTokenPath: string;
  /** The 32 bytes of KEY_ENCRYPTION_KEY that were made on the first start; makes them when there are none. */
  keyEncryptionKey(): Promise<Buffer>;
  /** The service token that was made on the first start; keeps `fresh` when there is none. */
  serviceToken(fresh: string): Promise<string>;
  /** The longest lease that a subscriber of an earlier run may hold, in milliseconds; 0 when none can. */
  subscriberLeaseMs(): Promise<number>;
  /** Resolves when that is durable; 0 when no subscriber holds one any more. */
  setSubscriberLeaseMs(milliseconds: number): Promise<void>;
}

/** Makes the folder when there is none. Throws `StartupError` when it cannot be used. */
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
      // Something that nobody can read is some lease all the same; none is longer than the longest.
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

/** Whether there is an embedded database in the folder, which need not be there. */
export function hasEmbeddedDatabase(dataDir: string): Promise<boolean> {
  return access(join(dataDir, 'postgres/PG_VERSION')).then(
    () => true,
    () => false,
  );
}

/** Resolves when it is durable; until then the file holds the old text or the new one, whenever the machine stops. */
async function replace(path: string, text: string): Promise<void> {
  const unfinished = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(unfinished, text, { mode: 0o600, flag: 'wx', flush: true });
  await rename(unfinished, path);
  // A machine that is up again within a lease must not have the name of before.
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Writes the text, unless the file is there already; answers what the file holds. It is there whole, or not at all. */
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

/** Whoever can write it knows what it seals. Who may read it is for the operator to say: groups of containers do. */
async function refuseKeyOfOthers(path: string): Promise<void> {
  const own = process.geteuid?.();
  // Windows has other rights.
  if (own === undefined) return;
  const { uid, mode } = await stat(path);
  if (uid !== own && uid !== 0) throw new Error('it belongs to another user, who could have chosen it');
  if ((mode & 0o022) !== 0) throw new Error('others can write it; remove that right (chmod go-w)');
}

async function usable<T>(path: string, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (cause) {
    throw new StartupError(`DATA_DIR: ${path} cannot be used: ${(cause as Error).message}`, { cause });
  }
}
