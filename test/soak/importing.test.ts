/** 100,000 users from JSON lines: the import is killed in the middle, twice, and resumed; none is there twice. */
import { rm } from 'node:fs/promises';
import t, { type Test } from 'tap';
import { countersign } from '../support/commandLine.ts';
import { eventually } from '../support/eventually.ts';
import { importedPassword } from '../support/importedHashes.ts';
import { fileWith, importing, rowsOf } from '../support/importing.ts';
import { copyOfEmbeddedDatabase } from '../support/pglite.ts';
import { startProcess } from '../support/process.ts';
import { distFolder, startServer } from '../support/server.ts';

const users = 100_000;
t.setTimeout(20 * 60_000);

t.test('into a running authority, which is killed the second time', async (t) => {
  const dataDir = await copyOfEmbeddedDatabase();
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const file = fileWith(t, rowsOf(users));
  const began = performance.now();

  const first = await startServer(dataDir);
  t.teardown(() => first.stop());
  await killedWhen(t, dataDir, file, 15_000, async (command) => command.stop());
  await killedWhen(t, dataDir, file, 40_000, async (command) => {
    first.process.signal('SIGKILL');
    t.match(await command.exited, { code: 1 });
    t.match(command.stderr(), /Run the same command again|authority stopped/);
  });
  await first.stop();

  const second = await startServer(dataDir);
  t.teardown(() => second.stop());
  const before = await usersIn(dataDir);
  t.ok(before >= 40_000 && before < users, `${before} users when it is resumed`);
  const { code, result } = await importing(dataDir, file);
  t.strictSame([code, result], [0, { created: users - before, present: before, refused: 0, left_out: {} }]);
  const seconds = (performance.now() - began) / 1000;
  t.comment(`${users} users, killed twice: ${seconds.toFixed(1)} s, ${Math.round(users / seconds)} users/s`);

  const again = await importing(dataDir, file);
  t.strictSame(again.result, { created: 0, present: users, refused: 0, left_out: {} });
  t.equal(await usersIn(dataDir), users);
  const body = { email: `user${users - 1}@example.com`, password: importedPassword };
  t.equal((await second.call('POST', '/auth/login', { body })).status, 200);
  const { rss } = await memoryOf(second.process.pid);
  t.comment(`the authority has ${Math.round(rss / 1024)} MB`);
});

type Command = ReturnType<typeof startProcess>;

/** Runs `kill` once so many users are there. */
async function killedWhen(
  t: Test,
  dataDir: string,
  file: string,
  reached: number,
  kill: (command: Command) => Promise<void>,
): Promise<void> {
  const command = startProcess(process.execPath, [`${distFolder}cli.js`, 'users', 'import', file], {
    env: { DATA_DIR: dataDir },
  });
  t.teardown(() => command.stop());
  // From the last user that was seen: listing all of them again and again would be most of the work.
  let seen = nobody;
  const areThere = async () => {
    seen = await listUsers(dataDir, seen);
    return seen.count >= reached;
  };
  await eventually(`${reached} users`, areThere, 300_000);
  await kill(command);
}

const nobody = { count: 0, last: '' };

/** By pages, as an operator would. Goes on where an earlier list ended. */
async function listUsers(dataDir: string, { count, last } = nobody): Promise<typeof nobody> {
  const after = last === '' ? [] : ['--after', last];
  const { lines } = await countersign(dataDir, 'users', 'list', '--json', '--limit', '10000', ...after);
  if (lines.length === 0) return { count, last };
  const seen = { count: count + lines.length, last: JSON.parse(lines.at(-1) ?? '{}').user_id };
  return lines.length < 10_000 ? seen : listUsers(dataDir, seen);
}

async function usersIn(dataDir: string): Promise<number> {
  return (await listUsers(dataDir)).count;
}

async function memoryOf(pid: number): Promise<{ readonly rss: number }> {
  const ps = startProcess('ps', ['-o', 'rss=', '-p', String(pid)]);
  await ps.exited;
  return { rss: Number(ps.stdout()) };
}
