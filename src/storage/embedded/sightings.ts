/**
 * What was seen of the database, in DATA_DIR/seen. With the embedded database that file lies beside what it is a witness of:
 * a folder that is put back puts both back. So the file says which file it is, by what the file system gives to no copy.
 */
import { randomBytes } from 'node:crypto';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Sighting, SightingStore } from '../../truth/sighting.ts';
import { backupMarkerName } from './backup.ts';

interface Kept extends Sighting {
  /** Undefined where the file system does not tell a file from its copy. */
  readonly file?: string;
}

/** `besideDatabase`: the database lies in the folder, too. */
export function createLocalSightings(parts: { folder: string; besideDatabase: boolean }): SightingStore {
  const { folder, besideDatabase } = parts;
  // Apart, so that a folder in which somebody tried the embedded mode can serve a node.
  const path = join(folder, besideDatabase ? 'seen' : 'seen-of-server');

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
      if (await stat(join(folder, backupMarkerName)).catch(() => undefined))
        return 'was put back from a backup';
      const kept = await read();
      if (kept?.file === undefined || kept.file === (await identityOf(path))) return undefined;
      return 'lies in a folder that was copied or put back';
    },

    async save(sighting) {
      const file = await replace(path, (identity) => ({ ...sighting, file: identity }));
      // Where renaming changes it, it would look like a copy at the next start.
      if (file !== (await identityOf(path))) await replace(path, () => sighting);
      await rm(join(folder, backupMarkerName), { force: true });
    },
  };
}

/** Durable when it resolves; the file has the old contents or the new ones. Answers the identity of the new file. */
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
 * The number of the file and when it was made: renaming and writing change neither, a copy has others. The number alone will
 * not do, since the next file that is made may get one that has become free. Some file systems do not know when a file was
 * made, and say 0 or something that changes.
 */
async function identityOf(path: string): Promise<string> {
  const { ino, birthtimeNs } = await stat(path, { bigint: true });
  return `${ino}-${birthtimeNs}`;
}
