/** L1: the login takes as long for nobody as for somebody whose password is wrong. */
import t from 'tap';
import { comparesLoginTimes } from '../login/loginTimes.ts';
import { startAuthority } from '../support/authority.ts';
import { createShiftedClock } from '../support/shiftedClock.ts';

t.test('times of refused logins', async (t) => {
  const clock = createShiftedClock();
  const authority = await startAuthority({ clock, usualHashing: true });
  t.teardown(() => authority.stop());
  await comparesLoginTimes(t, authority, clock, 80);
});
