/** A one-time password, set by support: one login, which must choose a new password, with the second factor as ever. */
import t, { type Test } from 'tap';
import { password, startAuthority } from '../support/authority.ts';
import { eventually } from '../support/eventually.ts';
import { said } from '../support/guards.ts';
import { mailSettings, startMailServer } from '../support/mailServer.ts';
import { enrolled, totpAt } from '../support/secondFactor.ts';
import { createShiftedClock } from '../support/shiftedClock.ts';
import { guardOf } from '../support/twoNodes.ts';

const ada = 'ada@example.com';
const chosen = `another ${password}`;
const operator = { name: 'operator:alice(1000)' };

async function begin(t: Test, env: Readonly<Record<string, string>> = {}) {
  const mail = await startMailServer();
  t.teardown(() => mail.stop());
  const clock = createShiftedClock();
  const node = await startAuthority({ clock, env: { ...mailSettings(mail), ...env } });
  t.teardown(() => node.stop());
  const { call, authority } = node;
  const set = () => authority.operations.setOneTimePassword({ email: ada }, operator);
  const logIn = async (given: string) => {
    const { status, body } = await call('POST', '/auth/login', { body: { email: ada, password: given } });
    return { status, body, brief: `${status} ${body.code ?? ''}`.trim() };
  };
  const choose = (token: string, next = chosen) =>
    call('POST', '/auth/recovery/complete', { body: { token, new_password: next } });
  return { ...node, mail, clock, set, logIn, choose };
}

t.test('a stranger who asks for a recovery mail voids nothing that support gave', async (t) => {
  const { mail, set, logIn, choose, register, call, authority } = await begin(t);
  await register(ada);
  const askForMail = async () => {
    t.equal((await call('POST', '/auth/recovery', { body: { email: ada } })).status, 202);
    return eventually('the mail', () => mail.mails.find(({ subject }) => subject === 'Set a new password'));
  };
  const { password: oneTime } = await set();
  const { password_token: ticket } = (await logIn(oneTime)).body;
  const mailed = await askForMail();
  t.equal((await choose(ticket)).status, 204);
  t.equal((await choose(mailed.token)).status, 400, 'the new password voids the mail');
  const link = new URL(await authority.operations.makeRecoveryLink({ email: ada }, operator));
  await askForMail();
  t.equal((await choose(link.searchParams.get('token') ?? '')).status, 204, 'a link of the operator');
});

t.test('set, told, used once, and a new password chosen', async (t) => {
  const { mail, set, logIn, choose, register, login, authority, call, ...node } = await begin(t);
  const guard = guardOf(t, { ...node, authority, register, login, call });
  await guard.ready();
  await register(ada);
  const { access_token: token } = await login(ada);
  t.equal(await said(guard, token), 'accepted');
  const { password: oneTime, endedSessions } = await set();
  t.match(oneTime, /^([0-9A-HJKMNP-TV-Z]{4}-){5}[0-9A-HJKMNP-TV-Z]{4}$/, '120 bits, readable');
  t.equal(endedSessions, 1);
  t.equal(await said(guard, token), '401 invalid_token revoked');
  t.match(await mail.mailTo(ada), { subject: 'Support set a one-time password' });
  t.equal((await logIn(password)).brief, '401 invalid_credentials', 'the earlier password is gone');
  const first = await logIn(oneTime.toLowerCase().replaceAll('-', ' '));
  t.match(first, { brief: '403 password_change_required', body: { expires_in: 900 } });
  t.notOk('access_token' in first.body);
  t.equal((await logIn(oneTime)).brief, '401 invalid_credentials', 'used');
  const { password_token: ticket } = first.body;
  t.equal((await choose(ticket, 'short')).status, 400);
  t.equal((await choose(ticket)).status, 204, 'a refused password leaves the token good');
  t.equal((await choose(ticket)).status, 400, 'once');
  t.equal((await logIn(chosen)).brief, '200');
  t.match(await mail.mailTo(ada), { subject: 'Your password was changed' });
  const events = async (type: string) =>
    (await authority.operations.listAudit({ type })).map(({ actor, reason }) =>
      `${actor} ${reason ?? ''}`.trim(),
    );
  t.strictSame(await events('one_time_password_set'), [operator.name]);
  t.strictSame(await events('one_time_password_used'), ['user']);
  t.strictSame(await events('account_recovered'), ['user one_time_password']);
  t.match(await authority.operations.showUser({ email: ada }), { emailVerified: false }, 'no mail was read');
});

t.test('it opens nothing else, lives for a day, and the next one replaces it', async (t) => {
  const { set, logIn, register, clock, mail, call, choose } = await begin(t);
  await register(ada);
  const { password: first } = await set();
  const { password: second } = await set();
  t.equal((await logIn(first)).brief, '401 invalid_credentials');
  clock.shift(24 * 60 * 60_000);
  t.equal((await logIn(second)).brief, '401 invalid_credentials', 'too late');
  t.equal((await logIn('x')).brief, '401 invalid_credentials', 'nor does any other form');
  await call('POST', '/auth/recovery', { body: { email: ada } });
  const sent = () => mail.mails.find(({ subject }) => subject === 'Set a new password');
  const { token } = await eventually('the link', sent);
  t.equal((await choose(token)).status, 204, 'recovery by mail is still a way in');
  t.equal((await logIn(chosen)).brief, '200');
});

t.test('of two logins at once, one gets the token', async (t) => {
  const { set, logIn, register } = await begin(t);
  await register(ada);
  const { password: oneTime } = await set();
  const answers = await Promise.all([logIn(oneTime), logIn(oneTime)]);
  t.strictSame(answers.map(({ brief }) => brief).sort(), [
    '401 invalid_credentials',
    '403 password_change_required',
  ]);
});

t.test('the second factor is still asked for; in a session it is no proof', async (t) => {
  const { set, logIn, choose, clock, call, mail, ...node } = await begin(t);
  const { secret } = await enrolled({ ...node, call }, ada, clock.now);
  const { password: oneTime } = await set();
  const { body } = await logIn(oneTime);
  await choose(body.password_token);
  const again = await logIn(chosen);
  t.match(again, { brief: '403 second_factor_required', body: { factors: ['totp', 'recovery_code'] } });
  clock.shift(60_000);
  const proof = { login_token: again.body.login_token, totp: totpAt(secret, clock.now()) };
  t.equal((await call('POST', '/auth/login/factor', { body: proof })).status, 200);

  // A session that began with a code by mail while a one-time password is set.
  const bob = 'bob@example.com';
  await node.register(bob);
  await node.authority.operations.markEmailVerified({ email: bob }, operator);
  const { password: ofBob } = await node.authority.operations.setOneTimePassword({ email: bob }, operator);
  await mail.mailTo(bob);
  const started = await call('POST', '/auth/login/code/start', { body: { email: bob } });
  const { code } = await mail.mailTo(bob);
  const opened = await call('POST', '/auth/login/code', {
    body: { login_token: started.body.login_token, code },
  });
  t.equal(opened.status, 200);
  const { access_token: token } = opened.body;
  const change = { current_password: ofBob, new_password: chosen };
  t.equal((await call('POST', '/auth/password', { token, body: change })).status, 401);
  t.equal((await call('POST', '/auth/step-up', { token, body: { password: ofBob } })).status, 401);
});

t.test('whom it is not for', async (t) => {
  const { set, register, authority, logIn } = await begin(t, { REQUIRE_VERIFIED_EMAIL: 'on' });
  await t.rejects(set(), { code: 'not_found' });
  await register(ada);
  await authority.operations.register({ email: ada, password }, operator);
  const { password: oneTime } = await set();
  t.equal((await logIn(oneTime)).brief, '401 invalid_credentials', 'the e-mail is not proved');
  await authority.operations.markEmailVerified({ email: ada }, operator);
  t.equal((await logIn(oneTime)).brief, '403 password_change_required');
  await authority.operations.disableUser({ email: ada }, operator);
  await t.rejects(set(), { code: 'permission_denied' });
});
