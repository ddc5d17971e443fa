/** DATA_DIR: a key that somebody else could have chosen is not used. */
import { randomBytes } from 'node:crypto';
import { chmod, chown, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { openDataFolder } from '../../../src/storage/embedded/dataFolder.ts';

t.test('whose key is used', async (t) => {
  const path = t.testdir();
  const file = join(path, 'key-encryption-key');
  const table: [string, () => Promise<unknown>, RegExp | undefined][] = [
    ['that others may read', () => chmod(file, 0o644), undefined],
    ['that a group may read, as in a container', () => chmod(file, 0o440), undefined],
    ['that a group may write', () => chmod(file, 0o660), /others can write it/],
    ['that everybody may write', () => chmod(file, 0o602), /others can write it/],
    [
      'by a link to such a one',
      async () => {
        await rename(file, join(path, 'elsewhere'));
        await chmod(join(path, 'elsewhere'), 0o666);
        await symlink('elsewhere', file);
      },
      /others can write it/,
    ],
  ];
  if (process.geteuid?.() === 0)
    table.push(['of another user', () => chown(file, 1000, 1000), /belongs to another user/]);
  for (const [what, change, refusal] of table) {
    await rm(file, { force: true });
    await writeFile(file, randomBytes(32).toString('base64'), { mode: 0o600 });
    await change();
    const folder = await openDataFolder(path);
    if (refusal === undefined) t.equal((await folder.keyEncryptionKey()).length, 32, what);
    else await t.rejects(folder.keyEncryptionKey(), { name: 'StartupError', message: refusal }, what);
  }
});

t.test('the same of the first service token', async (t) => {
  const path = t.testdir({ 'service-token': 'planted' });
  await chmod(join(path, 'service-token'), 0o622);
  const folder = await openDataFolder(path);
  await t.rejects(folder.serviceToken('fresh'), {
    message: /^DATA_DIR: .*service-token cannot be used: others can write it/,
  });
});
