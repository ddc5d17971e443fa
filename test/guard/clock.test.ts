/** A guard whose clock is set: what it has forgotten by a clock that hurried stays expired when that is set right. */

import { sliceEnd } from '@countersign/verifier/revocation/slicedFilter';
import { parseJti } from '@countersign/verifier/tokens/jti';
import t from 'tap';
import { aLeasedGuard, said } from '../support/guards.ts';
import { createManualClock } from '../support/manualClock.ts';
import { filterOf, started } from '../support/scriptedAuthority.ts';

const halfAnHour = 1_800_000;

t.test(
  'an idle guard that began with a clock ahead accepts nothing revoked when that is set back',
  async (t) => {
    const now = Date.now();
    const clock = createManualClock(now + halfAnHour);
    const expiresAt = now + 900_000;
    const { authority, guard, stream } = await aLeasedGuard(t, {
      surroundings: { clock },
      now,
      serving: { filters: filterOf(true, sliceEnd(expiresAt, started.sliceMs)) },
    });
    const subject = Buffer.from(parseJti(authority.forge.claims.jti)?.subjects[1] ?? []);
    stream.send({ revocations: { position: 11, entries: [{ subject, expireTimeMs: expiresAt }] } });
    await stream.next('acknowledge');
    t.equal(guard.state().revocations, 2);
    // No token is verified meanwhile.
    await clock.advance(started.renewalIntervalMs);
    t.equal(guard.state().revocations, 0, 'they are forgotten');
    clock.stepWall(-halfAnHour);
    await clock.advance(started.renewalIntervalMs);
    t.not(guard.state().leaseMs, 0);
    t.equal(await said(guard, authority.forge.good), '401 invalid_token expired');
  },
);

t.test('a clock that hurries for a moment expires nothing that was not forgotten', async (t) => {
  const clock = createManualClock(Date.now());
  const { authority, guard } = await aLeasedGuard(t, { surroundings: { clock }, now: clock.now() });
  clock.stepWall(halfAnHour);
  await clock.advance(started.renewalIntervalMs);
  clock.stepWall(-halfAnHour);
  await clock.advance(started.renewalIntervalMs);
  t.equal(await said(guard, authority.forge.good), 'accepted');
});
