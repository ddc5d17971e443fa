/** SECOND_FACTOR_MAX_AGE: how long a second factor counts. */
import t from 'tap';
import { startAuthority } from '../../support/authority.ts';
import { claimsIn, enrolled, secondStepAt, totpAt } from '../../support/secondFactor.ts';
import { createShiftedClock } from '../../support/shiftedClock.ts';

const ada = 'ada@example.com';

t.test('after it, tokens say one factor, until a step-up', async (t) => {
  const clock = createShiftedClock();
  const node = await startAuthority({ clock, env: { SECOND_FACTOR_MAX_AGE: '1h' } });
  t.teardown(() => node.stop());
  const { secret, firstSession } = await enrolled(node, ada, clock.now);
  const { begin, finish } = secondStepAt(node);
  clock.shift(60_000);
  const { body: opened } = await finish(await begin(ada), { totp: totpAt(secret, clock.now()) });
  const acrOf = (token: string) => claimsIn(token).acr;
  t.equal(acrOf(opened.access_token), '2fa');
  clock.shift(59 * 60_000);
  const { body: fresh } = await node.refresh(opened.refresh_token);
  t.equal(acrOf(fresh.access_token), '2fa');
  clock.shift(2 * 60_000);
  const { body: old } = await node.refresh(fresh.refresh_token);
  t.equal(acrOf(old.access_token), '1fa', 'the session goes on');
  const stepUp = { token: old.access_token, body: { totp: totpAt(secret, clock.now()) } };
  const { body: proved } = await node.call('POST', '/auth/step-up', stepUp);
  t.equal(acrOf(proved.access_token), '2fa');
  t.equal(acrOf((await node.refresh(old.refresh_token)).body.access_token), '2fa');
  t.equal(acrOf((await node.refresh(firstSession.refresh_token)).body.access_token), '1fa');
});
