/** `countersign backup`: a folder that an authority can be started on, made while another one works; under load in test/soak. */
import { existsSync } from 'node:fs';
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { password } from '../../support/authority.ts';
import { aDataFolder, countersign, emailOf, emptyFolder } from '../../support/backups.ts';
import { startServer } from '../../support/server.ts';

// Starts take two seconds on a machine that has nothing else to do, and ten on one that has.
t.setTimeout(400_000);

t.test('of an authority that runs', async (t) => {
  const dataDir = await aDataFolder(t);
  const server = await startServer(dataDir);
  t.teardown(() => server.stop());
  await t.test('everything in it is for the owner only, and it is all that a start needs', (t) =>
    isPrivate(t, dataDir),
  );
  await t.test('where it cannot be made, nothing is left of it', async (t) => {
    await leavesNothing(t, dataDir);
    t.equal((await server.call('GET', '/health/ready')).status, 200);
  });
});

async function isPrivate(t: Test, dataDir: string): Promise<void> {
  const folder = await emptyFolder(t);
  const copy = join(folder, 'copy');
  const { code, out } = await countersign(dataDir, ['backup', copy]);
  t.strictSame([code, out], [0, `${copy}\n`]);
  t.strictSame((await readdir(copy)).sort(), [
    ...['backup.json', 'key-encryption-key', 'postgres', 'service-token'],
  ]);
  for (const name of ['', ...(await readdir(copy, { recursive: true }))]) {
    const about = await stat(join(copy, name));
    const mode = about.mode & 0o777;
    if (mode !== (about.isDirectory() ? 0o700 : 0o600)) t.fail(`${name}: ${mode.toString(8)}`);
  }
  const [key, kept] = [await readFile(join(dataDir, 'key-encryption-key')), join(copy, 'key-encryption-key')];
  t.ok(key.equals(await readFile(kept)));
}

async function leavesNothing(t: Test, dataDir: string): Promise<void> {
  const folder = await emptyFolder(t);
  const full = join(folder, 'full');
  await countersign(dataDir, ['backup', full]);
  const before = await readFile(join(full, 'backup.json'), 'utf8');
  const file = join(folder, 'file');
  await writeFile(file, '');
  for (const [what, path, said] of [
    ['a folder that is not empty', full, /it exists already, and is not empty\.$/],
    ['a file', file, /cannot be made: ENOTDIR/],
    ['in a folder that is not there', join(folder, 'no/copy'), /cannot be made: ENOENT/],
    ['in itself', join(dataDir, 'copy'), /cannot be inside DATA_DIR\.$/],
    ['itself', dataDir, /cannot be inside DATA_DIR\.$/],
  ] as const) {
    const { code, out, err } = await countersign(dataDir, ['backup', path]);
    t.strictSame([code, out], [1, ''], what);
    t.match(err.trimEnd(), said, what);
    t.notMatch(err, /\n./, `${what}: one line`);
  }
  t.strictSame((await readdir(folder)).sort(), ['file', 'full']);
  t.equal(await readFile(join(full, 'backup.json'), 'utf8'), before);
  for (const wrong of [['backup'], ['backup', 'a', 'b'], ['backup', '--all']])
    t.equal((await countersign(dataDir, wrong)).code, 2, wrong.join(' '));
}

t.test('of an authority that does not run, and by one whose key was given', async (t) => {
  const [dataDir, folder] = [await aDataFolder(t), await emptyFolder(t)];
  const env = { KEY_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64') };
  const nothing = await countersign(await emptyFolder(t), ['backup', join(folder, 'nothing')]);
  t.match(nothing, { code: 1, err: /^DATA_DIR: there is no authority in / });

  const server = await startServer(dataDir, env);
  const credentials = { email: emailOf(0), password };
  await server.call('POST', '/auth/register', { body: credentials });
  // As a crash leaves it.
  await server.stop();
  // An existing folder will do, if it is empty.
  const copy = await emptyFolder(t);
  await chmod(copy, 0o755);
  const { code, err } = await countersign(dataDir, ['backup', copy], { env });
  t.equal(code, 0, err);
  t.match(err, /does not contain your KEY_ENCRYPTION_KEY/);
  t.notOk(existsSync(join(copy, 'key-encryption-key')));
  t.match(await countersign(copy, ['restored'], { env }), { code: 0 });
  const restored = await startServer(copy, env);
  t.equal((await restored.call('POST', '/auth/login', { body: credentials })).status, 200);
  await restored.stop();
});

t.test('with a database server, PostgreSQL does it', async (t) => {
  const env = {
    ...{ DATABASE_URL: 'postgresql://u:hidden-password@127.0.0.1:1/x', REDIS_URL: 'redis://127.0.0.1:1' },
    KEY_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
  };
  const { code, err } = await countersign(await emptyFolder(t), ['backup', '/nowhere/at/all'], { env });
  t.equal(code, 1);
  t.match(err, /^With DATABASE_URL, back up with the tools of PostgreSQL: see docs\/backup\.md\./);
  t.notMatch(err, /hidden-password/);
});
