/** Refusals of a login say by their time no more than by their words. */
import type { Test } from 'tap';
import { loginLimits } from '../../src/login/limits.ts';
import { password, type TestAuthority } from '../support/authority.ts';
import type { createShiftedClock } from '../support/shiftedClock.ts';
import { mean, mostT, welch, withoutOutliers } from '../support/welch.ts';

/** So many logins of each kind, in milliseconds. */
export async function timesOfRefusals(
  t: Test,
  authority: TestAuthority,
  clock: ReturnType<typeof createShiftedClock>,
  samples: number,
): Promise<Record<'wrongPassword' | 'unknownUser' | 'disabledUser', readonly number[]>> {
  await authority.register('timed@example.com');
  await authority.register('off@example.com');
  const { login, disableUser } = authority.authority.operations;
  await disableUser({ email: 'off@example.com' }, { name: 'operator' });
  const wrong = 'wrong horse battery staple';
  const kinds = {
    wrong: { email: 'timed@example.com', password: wrong },
    unknown: { email: 'nobody@example.com', password: wrong },
    disabled: { email: 'off@example.com', password },
  };
  const times = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, [] as number[]]));
  const answers = new Set<string>();
  for (let count = -3; count < samples; count += 1) {
    // Each is looked at, and not told to wait.
    clock.shift(loginLimits.passwordDelayMilliseconds);
    // By turns, so that whatever else the machine does meets all of them.
    for (const [kind, input] of Object.entries(kinds)) {
      const begun = performance.now();
      answers.add(await login(input, { name: 'user' }).then(String, ({ code }) => code));
      if (count >= 0) times[kind]?.push(performance.now() - begun);
    }
  }
  t.strictSame(answers, new Set(['invalid_credentials']));
  const { wrong: wrongPassword = [], unknown: unknownUser = [], disabled: disabledUser = [] } = times;
  return { wrongPassword, unknownUser, disabledUser };
}

/** No two means differ for a reason. */
export async function comparesLoginTimes(
  t: Test,
  authority: TestAuthority,
  clock: ReturnType<typeof createShiftedClock>,
  samples: number,
): Promise<void> {
  const times = await timesOfRefusals(t, authority, clock, samples);
  const [wrongPassword = [], unknownUser = [], disabledUser = []] = withoutOutliers(Object.values(times));
  for (const [kind, others] of Object.entries({ unknownUser, disabledUser })) {
    const value = welch(wrongPassword, others);
    t.ok(Math.abs(value) < mostT, `${kind}: t = ${value.toFixed(2)}, ${mean(others).toFixed(1)} ms`);
  }
  const shorter = unknownUser.map((milliseconds) => milliseconds * 0.6);
  t.ok(welch(wrongPassword, shorter) > mostT, 'a shorter way would be seen');
}
