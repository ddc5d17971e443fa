/**
 * J23: the clock of a machine runs an hour ahead for a while, and is set right. What was revoked before is then live
 * again by its `exp`, and must still be revoked, whatever was forgotten meanwhile. The database goes by both clocks
 * (storage/postgres/clocks.test.ts); so must memory.
 */

import { type Clock, systemClock } from '@countersign/verifier/clock';
import t from 'tap';
import { platformLimits } from '../../src/platform/limits.ts';
import { startAuthority } from '../support/authority.ts';
import { readingDoors } from '../support/transports.ts';

t.test('a clock that is set back revives nothing that was revoked', async (t) => {
  let ahead = 0;
  const forgetting: (() => Promise<void> | void)[] = [];
  const clock: Clock = {
    ...systemClock,
    now: () => systemClock.now() + ahead,
    every(milliseconds, task) {
      if (milliseconds === platformLimits.pruneIntervalMilliseconds) forgetting.push(task);
      return systemClock.every(milliseconds, task);
    },
  };
  const authority = await startAuthority({ clock });
  t.teardown(() => authority.stop());
  await authority.register('alice@example.com');
  const { access_token: token } = await authority.login('alice@example.com');
  const everyDoorRefuses = async (when: string) => {
    for (const door of readingDoors(authority))
      t.equal(await door.says(token), 'refused', `${when}: ${door.name}`);
  };

  t.equal((await authority.call('POST', '/auth/logout', { token })).status, 204);
  await everyDoorRefuses('logged out');
  ahead = 3_600_000;
  t.ok(forgetting.length > 0, 'something is forgotten regularly');
  for (const forget of forgetting) await forget();
  await everyDoorRefuses('an hour ahead');
  ahead = 0;
  await everyDoorRefuses('set right again');
});
