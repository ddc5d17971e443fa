/**
 * 10,000 random codes against one account, by somebody who knows the password, or the number that codes go to: nobody gets in, and the
 * owner is not locked out.
 */
import { randomInt } from 'node:crypto';
import t from 'tap';
import { loginLimits } from '../../src/login/limits.ts';
import { password, startAuthority } from '../support/authority.ts';
import { adaPhone, codesAt, startSenders } from '../support/codeUsers.ts';
import { eventually } from '../support/eventually.ts';
import { behindProxy, brief, from } from '../support/loginTries.ts';
import { enrolled, secondStepAt, totpAt } from '../support/secondFactor.ts';
import { createShiftedClock } from '../support/shiftedClock.ts';

const alice = 'alice@example.com';
const guesses = 10_000;
const randomCode = () => String(randomInt(1_000_000)).padStart(6, '0');

t.test('random codes of an app from everywhere', async (t) => {
  const clock = createShiftedClock();
  const authority = await startAuthority({ clock, env: behindProxy });
  t.teardown(() => authority.stop());
  const { call } = authority;
  const home = from('192.0.2.7');
  const { secret } = await enrolled(authority, alice, clock.now, home);
  const { begin, finish } = secondStepAt(authority);
  let [checked, opened] = [0, 0];
  for (let count = 0; count < guesses; count += 1) {
    const headers = from(`${1 + (count % 9)}.${count % 250}.${count % 199}.1`);
    const login = await call('POST', '/auth/login', { body: { email: alice, password }, headers });
    const totp = randomCode();
    if (login.body.login_token === undefined) t.equal(brief(login), '403 recovery_required');
    else {
      const { status } = await finish(login.body.login_token, { totp }, headers);
      if (status === 200) opened += 1;
      if (status === 401) checked += 1;
    }
    clock.shift(loginLimits.passwordDelayMilliseconds);
  }
  // A hundred codes, of which two are right at each moment: 1 in 5,000.
  t.equal(opened, 0);
  t.equal(checked, loginLimits.passwordFailuresMaximum);
  const totp = totpAt(secret, clock.now());
  t.equal(brief(await finish(await begin(alice, home), { totp }, home)), '200', 'the owner, at home');
});

t.test('random codes of a login by phone from everywhere', async (t) => {
  const { mail, sms, env } = await startSenders(t);
  const clock = createShiftedClock();
  const limits = { RATE_LIMITS: '1', CODE_LOGIN: 'sms' };
  const authority = await startAuthority({ clock, env: { ...behindProxy, ...env, ...limits } });
  t.teardown(() => authority.stop());
  const { withPhone, begin, finishCode, post } = codesAt(authority, { mail, sms });
  await withPhone(alice, adaPhone);
  const home = from('192.0.2.7');
  // By the password: nobody logged in with the number yet.
  const asked = await post('/auth/login', { email: alice, password }, home);
  const started = { login_token: asked.body.login_token, factor: 'sms_code' };
  t.equal(brief(await post('/auth/login/factor/start', started, home)), '202');
  const second = { login_token: asked.body.login_token, code: (await sms.smsTo(adaPhone)).code };
  t.equal(brief(await post('/auth/login/factor', second, home)), '200');
  const answers = new Map<string, number>();
  for (let count = 0; count < guesses; count += 1) {
    const headers = from(`${1 + (count % 9)}.${count % 250}.${count % 199}.1`);
    const { body } = await begin({ phone: adaPhone }, headers);
    const answer = brief(await finishCode(body.login_token, randomCode(), {}, headers));
    answers.set(answer, (answers.get(answer) ?? 0) + 1);
    clock.shift(loginLimits.passwordDelayMilliseconds);
  }
  const checked = loginLimits.passwordFailuresMaximum;
  t.strictSame(Object.fromEntries(answers), {
    '401 invalid_code': checked,
    '403 recovery_required': guesses - checked,
  });
  const seen = sms.messages.length;
  const { body } = await begin({ phone: adaPhone }, home);
  const { code } = await eventually('the code of the owner', () => sms.messages[seen]);
  t.equal(brief(await finishCode(body.login_token, code, {}, home)), '200', 'the owner, at home');
});
