/** A login that succeeds after many refusals: what is noted, who is told, and what the setting makes of it. */
import t, { type Test } from 'tap';
import { loginLimits } from '../../src/login/limits.ts';
import { sessionLimits } from '../../src/sessions/limits.ts';
import { password, startAuthority } from '../support/authority.ts';
import { startWithCodes } from '../support/codeUsers.ts';
import { behindProxy, brief, from, triesAt } from '../support/loginTries.ts';
import { mailSettings, startMailServer } from '../support/mailServer.ts';
import { claimsIn, enrolled, secondStepAt, totpAt } from '../support/secondFactor.ts';
import { createShiftedClock } from '../support/shiftedClock.ts';

const alice = 'alice@example.com';
const [home, stranger] = ['192.0.2.7', '198.51.100.1'];
const subject = 'Login after many wrong tries';
const many = sessionLimits.manyRefusals;
const longest = loginLimits.passwordDelayMilliseconds;
const signals = ['many_refusals'];

async function begin(t: Test, env: Readonly<Record<string, string>> = {}, { hasApp = false } = {}) {
  const mail = await startMailServer();
  t.teardown(() => mail.stop());
  const clock = createShiftedClock();
  const node = await startAuthority({ clock, env: { ...mailSettings(mail), ...behindProxy, ...env } });
  t.teardown(() => node.stop());
  const tries = triesAt(node, alice);
  const app = hasApp ? await enrolled(node, alice, clock.now, from(home)) : undefined;
  if (!hasApp) {
    await node.register(alice);
    t.equal(brief(await tries.right(home)), '200', 'the first login');
  }
  const guess = async (count: number, place = stranger) => {
    for (let number = 0; number < count; number += 1) {
      t.equal(brief(await tries.wrong(place)), '401 invalid_credentials');
      clock.shift(longest);
    }
  };
  const changeOf = async (token: string) => {
    const { sessions } = (await node.call('GET', '/auth/sessions', { token })).body;
    return sessions.find(({ current }: { current: boolean }) => current).context_change;
  };
  /** Whatever came before another mail. */
  const subjects = async () => {
    await node.call('POST', '/auth/recovery', { body: { email: alice } });
    const all = [(await mail.mailTo(alice)).subject];
    while (all.at(-1) !== 'Set a new password') all.push((await mail.mailTo(alice)).subject);
    return all.slice(0, -1);
  };
  const noted = async () =>
    (await node.authority.operations.listAudit({ type: 'session_context_changed' })).map(
      ({ reason, detail }) => ({ reason, detail }),
    );
  return { ...node, ...tries, mail, clock, app, guess, changeOf, subjects, noted };
}

t.test('the owner is told, once for that login, and its link ends the session', async (t) => {
  const { guess, right, mail, changeOf, noted, operations, log, call, subjects } = await begin(t);
  await guess(many);
  const guessed = await right(stranger);
  t.equal(brief(guessed), '200');
  const token = guessed.body.access_token;
  t.match(claimsIn(token), { acr: '1fa' });
  t.match(await changeOf(token), { signals, score: 50, at: String });
  t.strictSame(await noted(), [{ reason: 'notify', detail: { signals, score: 50 } }]);
  const { body: metrics } = await operations('GET', '/metrics');
  t.match(metrics, /countersign_session_context_signals_total\{signal="many_refusals",action="notify"\} 1\n/);
  t.match(log(), /"signals":\["many_refusals"\].*the context of a session has changed/);

  const { subject: said, text, token: link } = await mail.mailTo(alice);
  t.equal(said, subject, 'and not that the device is new, too');
  t.match(text, /From: 198\.51\.100\.1 \(IP address\)[\s\S]*The session goes on\.[\s\S]*set a new password/);
  const again = await right(stranger);
  t.equal(await changeOf(again.body.access_token), null, 'the count begins anew');
  t.equal((await call('POST', '/auth/not-me', { body: { token: link } })).status, 204);
  t.equal((await call('GET', '/auth/me', { token })).status, 401);
  t.equal((await call('GET', '/auth/me', { token: again.body.access_token })).status, 200);
  t.strictSame(await subjects(), []);
});

t.test('one refusal fewer says nothing; nor does an owner at home while strangers guess', async (t) => {
  const { guess, right, changeOf, noted, subjects } = await begin(t);
  await guess(many - 1);
  const late = await right(stranger);
  t.equal(await changeOf(late.body.access_token), null);
  await guess(many, '203.0.113.1');
  const owner = await right(home);
  t.equal(await changeOf(owner.body.access_token), null, 'nobody guessed there');
  t.strictSame(await noted(), []);
  t.strictSame(await subjects(), ['New device']);
});

t.test('wrong passwords count for a login with a second factor', async (t) => {
  const { guess, right, changeOf, app, clock, ...steps } = await begin(t, {}, { hasApp: true });
  await guess(many);
  t.equal(brief(await right(stranger)), '403 second_factor_required');
  const { begin: asks, finish } = secondStepAt(steps);
  const code = totpAt(app?.secret ?? '', clock.now());
  const opened = await finish(await asks(alice, from(stranger)), { totp: code }, from(stranger));
  t.equal(brief(opened), '200');
  t.match(await changeOf(opened.body.access_token), { signals });
});

t.test('and for a login with a code', async (t) => {
  const { proved, mailed, finishCode, call, clock, ...node } = await startWithCodes(t);
  await proved(alice);
  const { wrong } = triesAt({ call }, alice);
  for (let count = 0; count < many; count += 1) {
    t.equal(brief(await wrong(stranger)), '401 invalid_credentials');
    clock.shift(longest);
  }
  const { loginToken, code } = await mailed(alice);
  t.equal(brief(await finishCode(loginToken, code, {}, from(stranger))), '200');
  const noted = await node.authority.operations.listAudit({ type: 'session_context_changed' });
  t.match(noted, [{ reason: 'notify', detail: { signals } }]);
});

t.test('step_up: the session begins in doubt, until the user steps up', async (t) => {
  const { guess, right, mail, noted, call } = await begin(t, { ON_MANY_REFUSALS: 'step_up' });
  await guess(many);
  const { body: tokens } = await right(stranger);
  t.match(claimsIn(tokens.access_token), { acr: '0' });
  t.match((await mail.mailTo(alice)).text, /you may have to prove again/);
  t.match(await noted(), [{ reason: 'step_up' }]);
  const change = { token: tokens.access_token, body: { email: 'mallory@example.com' } };
  t.equal(brief(await call('POST', '/auth/email', change)), '401 insufficient_user_authentication');
  const proof = { token: tokens.access_token, body: { password } };
  t.match(claimsIn((await call('POST', '/auth/step-up', proof)).body.access_token), { acr: '1fa' });
});

t.test('note and ignore tell nobody', async (t) => {
  for (const action of ['note', 'ignore']) {
    const { guess, right, changeOf, noted, subjects } = await begin(t, { ON_MANY_REFUSALS: action });
    await guess(many);
    const { body } = await right(stranger);
    const isNoted = action === 'note';
    t.match(await changeOf(body.access_token), isNoted ? { signals } : null);
    t.equal((await noted()).length, isNoted ? 1 : 0);
    t.strictSame(await subjects(), ['New device']);
  }
});

t.test('end: then no password is checked any more, as usually after a hundred', async (t) => {
  const { guess, right, wrong, noted, clock, authority, log } = await begin(t, { ON_MANY_REFUSALS: 'end' });
  await guess(many - 1);
  t.equal(brief(await right(stranger)), '200', 'one before');
  await guess(many, '203.0.113.1');
  for (let count = 0; count < 3; count += 1) {
    const answers = [await right('203.0.113.1'), await wrong('203.0.113.1'), await right('203.0.113.99')];
    t.strictSame(new Set(answers.map(brief)), new Set(['403 recovery_required']), 'right or wrong');
  }
  clock.shift(longest);
  t.equal(brief(await right('203.0.113.1')), '403 recovery_required');
  t.equal(brief(await right(home)), '200', 'at home nothing has changed');
  t.equal((await authority.operations.listAudit({ type: 'password_locked' })).length, 1);
  t.match(log(), /"code":"recovery_required","reason":"password_failures"/);
  t.strictSame(await noted(), [], 'so there is no such login');
  await authority.operations.unlockUser({ email: alice }, { name: 'operator' });
  t.equal(brief(await right('203.0.113.1')), '200');
});
