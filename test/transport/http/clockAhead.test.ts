/** An authority that started while its clock ran ahead: what it left out as expired stays so when that is set right. */
import t from 'tap';
import { keptFolder, startAuthority } from '../../support/authority.ts';
import { createShiftedClock } from '../../support/shiftedClock.ts';

t.test('J23: a token that was taken back before is not accepted', async (t) => {
  const clock = createShiftedClock();
  const { dataDir } = await keptFolder(t);
  const before = await startAuthority({ dataDir, clock });
  await before.register('alice@example.com');
  const { access_token: token } = await before.login('alice@example.com');
  t.equal((await before.call('POST', '/auth/logout', { token })).status, 204);
  await before.stop();

  clock.shift(1_800_000);
  const after = await startAuthority({ dataDir, clock });
  t.teardown(() => after.stop());
  // Nobody asks anything meanwhile.
  clock.shift(-1_800_000);
  t.equal((await after.call('GET', '/auth/sessions', { token })).status, 401);
  t.match(await after.grpc.introspect(token), { active: false });
});
