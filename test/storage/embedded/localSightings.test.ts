/** What was seen, beside an embedded database: a folder that was copied or put back is known, one that goes on is not taken for it. */
import { cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { createLocalSightings } from '../../../src/storage/embedded/sightings.ts';

const sighting = (savedAt: number) => ({ deployment: 'A', decisions: [], savedAt });

t.test('a folder that is copied, or put back', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'seen-'));
  t.teardown(() => rm(root, { recursive: true, force: true }));
  const folder = join(root, 'data');
  const backup = join(root, 'backup');
  await mkdir(folder);
  const store = createLocalSightings({ folder, besideDatabase: true });
  t.strictSame(await store.load(), [], 'nothing was seen yet');
  t.equal(await store.putBack?.(), undefined);
  await store.save(sighting(1));
  t.match(await store.load(), [{ savedAt: 1 }]);
  t.equal(await store.putBack?.(), undefined, 'it is the file that it says it is');
  await cp(folder, backup, { recursive: true, preserveTimestamps: true });
  for (let time = 2; time < 12; time += 1) await store.save(sighting(time));
  t.equal(await store.putBack?.(), undefined, 'however often it is written');
  await rename(folder, join(root, 'moved'));
  await rename(join(root, 'moved'), folder);
  t.equal(await store.putBack?.(), undefined, 'a folder that gets another name is the same');

  await rm(folder, { recursive: true });
  await cp(backup, folder, { recursive: true, preserveTimestamps: true });
  t.match(await store.putBack?.(), /copied or restored/, 'a copy in its place is not');
  await store.save(sighting(13));
  t.equal(await store.putBack?.(), undefined, 'until it is decided, and written again');
  await cp(backup, folder, { recursive: true, preserveTimestamps: true, force: true });
  t.match(await store.putBack?.(), /copied or restored/, 'nor one that was copied over it');
  await rm(folder, { recursive: true });
  await rename(backup, folder);
  t.match(await store.putBack?.(), /copied or restored/, 'nor the copy itself');

  const server = createLocalSightings({ folder, besideDatabase: false });
  t.equal(await server.putBack?.(), undefined, 'with a server, the folder is no witness of itself');
  await store.save(sighting(14));
  await writeFile(join(folder, 'backup.json'), '{}');
  t.match(await store.putBack?.(), /from a backup/, 'what the backup command made says so');
  await store.save(sighting(15));
  t.equal(await store.putBack?.(), undefined);
  await writeFile(join(folder, 'seen'), 'not JSON');
  t.strictSame(await store.load(), [], 'a file that says nothing is none');
});
