/**
 * `users import`, as an operator runs it: from a file and from standard input, with an authority that runs and without one. One that is
 * killed and resumed is in test/soak/importing.test.ts.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { openEngine } from '../../src/storage/postgres/engine.ts';
import { countersign, countersignProcess } from '../support/commandLine.ts';
import { importedPassword } from '../support/importedHashes.ts';
import { fileWith, importing, rowsOf } from '../support/importing.ts';

import { copyOfEmbeddedDatabase } from '../support/pglite.ts';
import { startProcess } from '../support/process.ts';
import { distFolder, startServer } from '../support/server.ts';

async function newFolder(t: Test, options = {}) {
  const dataDir = await copyOfEmbeddedDatabase(options);
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  return dataDir;
}

/** In the database, which no authority has open. */
async function usersIn(dataDir: string): Promise<number> {
  const engine = await openEngine(dataDir, undefined);
  const count = await engine.prisma.user.count({ where: { email: { endsWith: '@example.com' } } });
  await engine.close();
  return count;
}

t.test('without an authority that runs', async (t) => {
  const dataDir = await newFolder(t, { empty: true });
  const file = fileWith(t, rowsOf(450));
  t.match(await countersignProcess(dataDir, 'users', 'import', file), {
    code: 1,
    words: /^There is no authority in the database/,
  });
  await countersign(dataDir, 'migrate');
  const dry = await importing(dataDir, file, '--dry-run');
  t.match(dry, {
    code: 0,
    result: { created: 450, present: 0, refused: 0 },
    words: 'Nothing was changed.\n',
  });
  t.equal(await usersIn(dataDir), 0);
  t.match(await importing(dataDir, file), { code: 0, result: { created: 450, present: 0 } });
  t.match(await importing(dataDir, file), { code: 0, result: { created: 0, present: 450 } });
  t.equal(await usersIn(dataDir), 450);
});

t.test('in the running authority', async (t) => {
  const dataDir = await newFolder(t);
  const server = await startServer(dataDir);
  t.teardown(() => server.stop());

  t.test(
    'rows are named by their line in the file, and the exit code says that some were refused',
    async (t) => {
      const rows = rowsOf(301).split('\n');
      rows[0] = 'first';
      rows[299] = '{"email":"x@example.com","shoe":44}';
      const file = fileWith(t, `\uFEFF${rows.join('\r\n')}`);
      const { code, lines, words } = await countersignProcess(dataDir, 'users', 'import', file);
      t.strictSame(lines, ['created\t299', 'present\t0', 'refused\t2']);
      t.equal(code, 1);
      t.equal(
        words,
        'line 1: row: must be one JSON object whose names are all different\nline 300: shoe: is no field of this format\n',
      );
      const body = { email: 'user300@example.com', password: importedPassword };
      t.equal((await server.call('POST', '/auth/login', { body })).status, 200);
    },
  );

  t.test('from standard input, in a format of others', async (t) => {
    const user = { username: 'kit', email: 'kit@example.com', attributes: { shoe: ['44'] }, credentials: [] };
    const file = fileWith(t, JSON.stringify(user));
    const command = `exec ${process.execPath} ${join(distFolder, 'cli.js')} users import - --format keycloak < ${file}`;
    const shell = startProcess('bash', ['-c', command], { env: { DATA_DIR: dataDir } });
    t.teardown(() => shell.stop());
    t.strictSame(await shell.exited, { code: 0, signal: null });
    t.equal(shell.stdout(), 'created\t1\npresent\t0\nrefused\t0\nleft out: attributes\t1\n');
  });

  t.test('what is not understood', async (t) => {
    const file = fileWith(t, rowsOf(1));
    const missing = await countersignProcess(dataDir, 'users', 'import', `${file}.not`);
    t.match(missing, { code: 1, lines: [], words: /^FILE: .* cannot be read: ENOENT/ });
    for (const argv of [[], [file, file], [file, '--format', 'okta'], [file, '--force']])
      t.match(
        await countersignProcess(dataDir, 'users', 'import', ...argv),
        { code: 2, lines: [] },
        argv.join(' '),
      );
    const empty = await importing(dataDir, fileWith(t, ''));
    t.match(empty, { code: 0, result: { created: 0, present: 0, refused: 0 } });
  });
});
