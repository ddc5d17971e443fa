/**
 * Sightings of the database, in DATA_DIR/seen. With the embedded database this file lies beside the database it witnesses, and a
 * restored folder restores both. So the file records its own identity, which no copy has.
 */
import { randomBytes } from 'node:crypto';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Sighting, SightingStore } from '../../truth/sighting.ts';
import { backupMarkerName } from './backup.ts';

interface Kept extends Sighting {
  /** Undefined when the file system does not distinguish a file from its copy. */
  readonly file?: string;
}

/** `besideDatabase`: the folder also holds the database. */
export function createLocalSightings(parts: { folder: string; besideDatabase: boolean }): SightingStore {
  const { folder, besideDatabase } = parts;
  // Separate names: a folder once used for the embedded mode can serve a node.
  const path = join(folder, besideDatabase ? 'seen' : 'seen-of-server');

  const read = async (): Promise<Kept | undefined> => {
    try {
      return JSON.parse(await readFile(path, 'utf8')) as Kept;
    } catch {
      // Missing or unreadable.
      return undefined;
    }
  };

  return {
    async load() {
      const kept = await read();
      return kept === undefined ? [] : [kept];
    },

    async putBack() {
      if (!besideDatabase) return undefined;
      if (await stat(join(folder, backupMarkerName)).catch(() => undefined))
        return 'was restored from a backup';
      const kept = await read();
      if (kept?.file === undefined || kept.file === (await identityOf(path))) return undefined;
      return 'is in a folder that was copied or restored';
    },

    async save(sighting) {
      const file = await replace(path, (identity) => ({ ...sighting, file: identity }));
      // If renaming changed the identity, the file would look like a copy at the next start.
      if (file !== (await identityOf(path))) await replace(path, () => sighting);
      await rm(join(folder, backupMarkerName), { force: true });
    },
  };
}

/** Resolves once durable; the file has either the old or the new contents. Returns the new file's identity. */
async function replace(path: string, contents: (identity: string) => Kept): Promise<string> {
  const unfinished = `${path}.${randomBytes(6).toString('hex')}`;
  const file = await open(unfinished, 'wx', 0o600);
  let identity: string;
  try {
    identity = await identityOf(unfinished);
    await file.writeFile(`${JSON.stringify(contents(identity))}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(unfinished, path);
  const parent = await open(dirname(path), 'r');
  await parent.sync().finally(() => parent.close());
  return identity;
}

/**
 * The file's number and creation time: renaming and writing change neither, and a copy differs. The number alone is not enough: a
 * new file may reuse a free one. Some file systems have no creation time, and report 0 or a changing value.
 */
async function identityOf(path: string): Promise<string> {
  const { ino, birthtimeNs } = await stat(path, { bigint: true });
  return `${ino}-${birthtimeNs}`;
}
