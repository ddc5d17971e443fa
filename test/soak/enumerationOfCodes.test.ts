/**
 * The try of a wrong code and a change of the e-mail take as long for an e-mail that a user has as for one that nobody has; so does a
 * code to a phone.
 */
import t from 'tap';
import { loginLimits } from '../../src/login/limits.ts';
import { startAuthority } from '../support/authority.ts';
import { adaPhone, codesAt, startSenders } from '../support/codeUsers.ts';
import { brief } from '../support/loginTries.ts';
import { createShiftedClock } from '../support/shiftedClock.ts';
import { compare, known, samples, startCodeLogin, startQuiet, unknown, unlimited } from './compareTimes.ts';

t.setTimeout(600_000);

t.test('times of wrong codes, and of a change of the e-mail', async (t) => {
  const { mail, sms, env } = await startSenders(t);
  const clock = createShiftedClock();
  const node = await startAuthority({ clock, env: { ...env, CODE_LOGIN: 'mail' } });
  t.teardown(() => node.stop());
  const { proved, begin, finishCode, post, done } = codesAt(node, { mail, sms });
  // No account gets so many wrong codes that it must be recovered.
  const users = Math.ceil((samples + 10) / (loginLimits.passwordFailuresMaximum - 1));
  for (let user = 0; user < users; user += 1) await proved(`${user}.${known}`);
  const tokens = new Map<string, string>();
  const prepare = async (count: number) => {
    clock.shift(loginLimits.passwordDelayMilliseconds);
    for (const kind of [known, unknown]) {
      const { body } = await done(begin({ email: `${(count + 10) % users}.${kind}` }));
      tokens.set(kind, String(body.login_token));
    }
  };
  const answers = new Set<string>();
  const ask = async (kind: string) => {
    answers.add(brief(await finishCode(tokens.get(kind) ?? '', '000000')));
  };
  await t.test('a wrong code', (t) => compare(t, { ask, prepare }));
  t.strictSame(answers, new Set(['401 invalid_code']));

  const { access_token: token } = await node.login(`0.${known}`);
  const change = (email: string) => done(post('/auth/email', { email }, {}, token));
  await t.test('a change of the e-mail', (t) =>
    compare(t, { ask: change, addresses: [`1.${known}`, 'free@example.com'] }),
  );
});

t.test('times of phones', async (t) => {
  const { mail, sms, env } = await startSenders(t);
  const { node, quiet } = await startQuiet(t, () => mail.mails.length + sms.messages.length, {
    env: { ...env, CODE_LOGIN: 'sms' },
    rateLimits: unlimited,
  });
  await codesAt(node, { mail, sms }).withPhone(known, adaPhone);
  const ask = (phone: string) => startCodeLogin(node, { phone });
  await compare(t, { quiet, ask, addresses: [adaPhone, '+4915112345679'] });
});
