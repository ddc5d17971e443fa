/**
 * What was seen of the database, in DATA_DIR/seen. With the embedded database that file lies beside what it is a witness of:
 * a folder that is put back puts both back. So the file says which file it is, by what the file system gives to no copy.
 */
import { randomBytes } from 'node:crypto';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Sighting, SightingStore } from '../../truth/sighting.ts';

/** What `countersign backup` leaves in a copy. */
export const backupMarker = 'backup.json';

interface Kept extends Sighting {
  readonly file: string;
}

/** `besideDatabase`: the database lies in the folder, too. */
export function createLocalSightings(parts: { folder: string; besideDatabase: boolean }): SightingStore {
  const { folder, besideDatabase } = parts;
  const path = join(folder, 'seen');

  const read = async (): Promise<Kept | undefined> => {
    try {
      return JSON.parse(await readFile(path, 'utf8')) as Kept;
    } catch {
      // There is none, or none that says anything.
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
      if (await stat(join(folder, backupMarker)).catch(() => undefined)) return 'was put back from a backup';
      const kept = await read();
      if (kept === undefined || kept.file === (await identityOf(path))) return undefined;
      return 'lies in a folder that was copied or put back';
    },

    async save(sighting) {
      const unfinished = `${path}.${randomBytes(6).toString('hex')}`;
      const file = await open(unfinished, 'wx', 0o600);
      try {
        const kept: Kept = { ...sighting, file: await identityOf(unfinished) };
        await file.writeFile(`${JSON.stringify(kept)}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(unfinished, path);
      const parent = await open(dirname(path), 'r');
      await parent.sync().finally(() => parent.close());
      await rm(join(folder, backupMarker), { force: true });
    },
  };
}

/**
 * The number of the file and when it was made: renaming and writing change neither, a copy has others. The number alone will
 * not do, since the next file that is made may get one that has become free. Where a file system does not know when a file was
 * made, that is 0.
 */
async function identityOf(path: string): Promise<string> {
  const { ino, birthtimeNs } = await stat(path, { bigint: true });
  return `${ino}-${birthtimeNs}`;
}
