/** A data folder that was put back (F10): nothing of it is served before an operator has decided; then it is as he said. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { copyOfEmbeddedDatabase } from '../support/pglite.ts';
import {
  command,
  login,
  logout,
  me,
  refresh,
  register,
  startInDoubt,
  startsAgain,
  stop,
  user,
} from '../support/puttingBack.ts';
import { startServer } from '../support/server.ts';

t.setTimeout(170_000);

for (const keep of [false, true]) {
  t.test(
    `a data folder that is put back, and ${keep ? 'its sessions are kept' : 'everybody signs in again'}`,
    async (t) => {
      const [dataDir, copy] = [await copyOfEmbeddedDatabase(), await mkdtemp(join(tmpdir(), 'copy-'))];
      for (const folder of [dataDir, copy]) t.teardown(() => rm(folder, { recursive: true, force: true }));
      const first = await startServer(dataDir);
      await register(first);
      const [ended, kept] = [await login(first), await login(first)];
      await stop(first);
      await cp(dataDir, copy, { recursive: true, preserveTimestamps: true });
      const second = await startServer(dataDir);
      t.equal(await logout(second, ended), 204);
      const later = await login(second);
      await stop(second);

      await rm(dataDir, { recursive: true });
      await cp(copy, dataDir, { recursive: true, preserveTimestamps: true });
      const doubtful = await startInDoubt(t, dataDir);
      const refused = await command(dataDir, {}, 'users', 'disable', user.email);
      t.match(refused, { code: 1, err: /older than what was seen/ }, 'commands are refused as well');
      await doubtful.stop();
      if (keep) await startInDoubt(t, dataDir).then((again) => again.stop());
      const decided = await command(dataDir, {}, 'restored', ...(keep ? ['--keep-sessions'] : []));
      t.match(decided, { code: 0 }, decided.err);

      const third = await startServer(dataDir);
      t.teardown(() => third.stop());
      for (const tokens of [ended, kept, later])
        t.equal(await me(third, tokens), 401, 'no earlier token is good');
      t.equal(await refresh(third, kept), keep ? 200 : 401, 'a session goes on where that was said');
      t.equal(
        await refresh(third, ended),
        keep ? 200 : 401,
        'so does one that was ended since, as is said of it',
      );
      t.equal(await refresh(third, later), 401, 'what came after the copy is not there');
      t.equal(await me(third, await login(third)), 200, 'and one signs in');
      await stop(third);
      const fourth = await startServer(dataDir);
      t.teardown(() => fourth.stop());
      t.equal(await me(fourth, await login(fourth)), 200, 'nothing is asked again');
    },
  );
}

t.test('a folder that nothing was put into starts again after kill -9', (t) => startsAgain(t, ['SIGKILL']));
