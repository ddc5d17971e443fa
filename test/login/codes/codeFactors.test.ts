/** Codes that are sent as a second factor: at login and in step-up. */
import t from 'tap';
import { keptFolder, password, startAuthority } from '../../support/authority.ts';
import type { Answer } from '../../support/clients.ts';
import {
  ada,
  adaPhone,
  bob,
  codesAt,
  startSenders,
  startWithCodes,
  wrongCode,
} from '../../support/codeUsers.ts';
import { eventually } from '../../support/eventually.ts';
import { brief, from } from '../../support/loginTries.ts';
import { claimsIn, enrolled, secondStepAt, totpAt } from '../../support/secondFactor.ts';
import { sharedServers } from '../../support/twoNodes.ts';

const refused = '401 invalid_code';
const minute = 60_000;
const byMail = { SECOND_FACTOR_EMAIL: 'on', CODE_LOGIN: 'none' };

type Parts = Awaited<ReturnType<typeof startWithCodes>>;

/** Starts the second step of a password login; returns its token and the code. */
async function asked({ post, call, sms, codeTo }: Parts, email: string, factor: string, again?: string) {
  const first = await call('POST', '/auth/login', { body: { email, password } });
  const loginToken = again ?? String(first.body.login_token);
  const started = await post('/auth/login/factor/start', { login_token: loginToken, factor });
  if (started.status !== 202) throw new Error(JSON.stringify(started.body));
  const { code } = factor === 'sms_code' ? await sms.smsTo(adaPhone) : await codeTo(email);
  return { loginToken, code };
}

t.test(
  'password and message open a session that says so; removing the phone ends it with effect',
  async (t) => {
    const parts = await startWithCodes(t);
    const { withPhone, call, refresh, operations } = parts;
    const { finish } = secondStepAt(parts);
    const first = await withPhone(ada, adaPhone);
    const { loginToken, code } = await asked(parts, ada, 'sms_code');
    const answer = await finish(loginToken, { code });
    t.equal(answer.status, 200);
    const { access_token: token, refresh_token: refreshToken } = answer.body;
    t.match(claimsIn(token), { acr: '2fa', amr: ['pwd', 'sms', 'mfa'] });
    const { factors } = (await call('GET', '/auth/factors', { token })).body;
    t.match(factors, [{ kind: 'sms_code', name: '+49…78' }]);
    t.match(
      (await operations('GET', '/metrics')).body,
      /countersign_codes_total\{channel="sms",outcome="used"\} 2\n/,
      'for the proof and for the login',
    );

    t.equal((await call('DELETE', '/auth/phone', { token })).status, 204);
    t.equal((await call('GET', '/auth/me', { token })).status, 401);
    t.equal((await refresh(refreshToken)).status, 401);
    t.equal((await call('GET', '/auth/me', { token: first })).status, 200, 'not opened by it');
    t.equal((await call('POST', '/auth/login', { body: { email: ada, password } })).status, 200);
    t.equal(brief(await call('DELETE', '/auth/phone', { token: first })), '404 not_found', 'again');
  },
);

t.test('the next code voids the one before, and both are of no use for another login', async (t) => {
  const parts = await startWithCodes(t);
  const { withPhone } = parts;
  const { finish, begin } = secondStepAt(parts);
  await withPhone(ada, adaPhone);
  const first = await asked(parts, ada, 'sms_code');
  const other = await begin(ada);
  t.equal(brief(await finish(other, { code: first.code })), refused, 'nothing was started there');
  const second = await asked(parts, ada, 'sms_code', first.loginToken);
  if (second.code !== first.code)
    t.equal(brief(await finish(first.loginToken, { code: first.code })), refused, 'void');
  const elsewhere = await asked(parts, ada, 'sms_code', other);
  if (elsewhere.code !== second.code)
    t.equal(brief(await finish(other, { code: second.code })), refused, 'of another login');
  const wide = [...second.code].map((digit) => String.fromCodePoint(0xff10 + Number(digit))).join('');
  t.equal(brief(await finish(first.loginToken, { code: wide })), refused);
  t.equal(brief(await finish(first.loginToken, { code: second.code })), '200');
  t.equal(brief(await finish(first.loginToken, { code: second.code })), refused, 'once');
});

t.test('a code has five tries and lives no longer than its login', async (t) => {
  const parts = await startWithCodes(t);
  const { withPhone, clock, post, sms } = parts;
  const { finish, begin } = secondStepAt(parts);
  await withPhone(ada, adaPhone);
  const { loginToken, code } = await asked(parts, ada, 'sms_code');
  const place = from('192.0.2.7');
  for (let count = 1; count <= 5; count += 1)
    t.equal(brief(await finish(loginToken, { code: wrongCode(code) }, place)), refused, `${count}`);
  t.equal(brief(await finish(loginToken, { code })), refused, 'the sixth, although right');

  const late = await begin(ada);
  clock.shift(8 * minute);
  await post('/auth/login/factor/start', { login_token: late, factor: 'sms_code' });
  const { text, code: lateCode } = await sms.smsTo(adaPhone);
  t.match(text, /It works for [12] minutes?\b/);
  clock.shift(2 * minute);
  t.equal(brief(await finish(late, { code: lateCode })), refused);
});

t.test('the same code twice at once, on two nodes: one session', async (t) => {
  const { mail, sms, env: sending } = await startSenders(t);
  const { env } = await sharedServers(t);
  const start = async () => {
    const node = await startAuthority({ env: { ...env, ...sending } });
    t.teardown(() => node.stop());
    return node;
  };
  const [one, two] = [await start(), await start()];
  const codes = codesAt(one, { mail, sms });
  await codes.withPhone(ada, adaPhone);
  const loginToken = await secondStepAt(one).begin(ada);
  await codes.post('/auth/login/factor/start', { login_token: loginToken, factor: 'sms_code' });
  const { code } = await sms.smsTo(adaPhone);
  const steps = [one, two, one, two].map(secondStepAt);
  const answers: Answer[] = await Promise.all(steps.map(({ finish }) => finish(loginToken, { code })));
  t.strictSame(answers.map(brief).sort(), ['200', refused, refused, refused]);
});

t.test('a removed phone opens nothing, not even a login under way', async (t) => {
  const parts = await startWithCodes(t);
  const { withPhone, call, addPhone } = parts;
  const { finish, begin } = secondStepAt(parts);
  await withPhone(ada, adaPhone);
  const { loginToken, code } = await asked(parts, ada, 'sms_code');
  const strong = await finish(loginToken, { code });
  const waiting = await asked(parts, ada, 'sms_code');
  const token = strong.body.access_token;
  const { id } = (await call('GET', '/auth/factors', { token })).body.factors[0];
  t.equal((await call('DELETE', `/auth/factors/${id}`, { token })).status, 204, 'as any factor');
  t.equal(brief(await finish(waiting.loginToken, { code: waiting.code })), refused);
  const { access_token: again } = (await call('POST', '/auth/login', { body: { email: ada, password } }))
    .body;
  await addPhone(adaPhone, again);
  t.type(await begin(ada), 'string', 'the same number is a new factor');
});

t.test('by mail only where the settings say so, and for nobody with a stronger one', async (t) => {
  const off = await startWithCodes(t);
  await off.proved(ada);
  t.type((await off.login(ada)).access_token, 'string', 'off by default');

  const parts = await startWithCodes(t, { env: byMail });
  const { register, login, call, prove, post, clock } = parts;
  const { finish } = secondStepAt(parts);
  await register(bob);
  const { access_token: unproved } = await login(bob);
  t.type((await login(bob)).access_token, 'string', 'the e-mail is not proved');
  await prove(bob, unproved);
  const { loginToken, code } = await asked(parts, bob, 'email_code');
  const done = await finish(loginToken, { code });
  t.match(claimsIn(done.body.access_token), { acr: '2fa', amr: ['pwd', 'otp', 'mfa'] });

  const token = done.body.access_token;
  const { secret } = (await call('POST', '/auth/factors/totp', { token })).body;
  await call('POST', '/auth/factors/totp/confirm', { token, body: { code: totpAt(secret, clock.now()) } });
  const strong = await call('POST', '/auth/login', { body: { email: bob, password } });
  t.strictSame(strong.body.factors, ['totp', 'recovery_code']);
  const weak = await post('/auth/login/factor/start', {
    login_token: strong.body.login_token,
    factor: 'email_code',
  });
  t.match(weak, { status: 400, body: { errors: [{ field: 'factor', rule: 'usable' }] } });
});

t.test('step-up with a code: the same session, stronger', async (t) => {
  const parts = await startWithCodes(t);
  const { withPhone, post, sms, call, clock } = parts;
  const token = await withPhone(ada, adaPhone);
  const start = () => post('/auth/step-up/start', { factor: 'sms_code' }, {}, token);
  const up = (code: string) => post('/auth/step-up', { code }, {}, token);
  t.equal(brief(await up('000000')), refused, 'nothing was started');
  t.equal((await start()).status, 202);
  const first = await sms.smsTo(adaPhone);
  t.equal((await start()).status, 202);
  const { code } = await sms.smsTo(adaPhone);
  if (first.code !== code) t.equal(brief(await up(first.code)), refused, 'void');
  clock.shift(1_000);
  const answers = await Promise.all([up(code), up(code)]);
  t.strictSame(answers.map(brief).sort(), ['200', refused], 'twice at once');
  const stepped = answers.find(({ status }) => status === 200)?.body;
  t.match(claimsIn(stepped.access_token), {
    ...{ acr: '2fa', amr: ['pwd', 'sms', 'mfa'], sid: claimsIn(token).sid },
  });
  t.equal((await call('DELETE', '/auth/phone', { token: stepped.access_token })).status, 204);
  t.equal((await call('GET', '/auth/me', { token })).status, 401, 'the phone was proved for this session');
});

t.test('five tries in step-up, too', async (t) => {
  const { withPhone, post, sms, clock } = await startWithCodes(t);
  const token = await withPhone(ada, adaPhone);
  await post('/auth/step-up/start', { factor: 'sms_code' }, {}, token);
  const { code } = await sms.smsTo(adaPhone);
  for (let count = 1; count <= 5; count += 1)
    t.equal(brief(await post('/auth/step-up', { code: wrongCode(code) }, {}, token)), refused, `${count}`);
  clock.shift(2_000);
  t.equal(brief(await post('/auth/step-up', { code }, {}, token)), refused, 'the sixth, although right');
});

t.test('a session that the phone alone opened does not become stronger by the phone', async (t) => {
  const { withPhone, texted, finishCode, post, sms } = await startWithCodes(t);
  await withPhone(ada, adaPhone);
  const { loginToken, code } = await texted(adaPhone);
  const token = (await finishCode(loginToken, code)).body.access_token;
  await post('/auth/step-up/start', { factor: 'sms_code' }, {}, token);
  const again = await sms.smsTo(adaPhone);
  const answer = await post('/auth/step-up', { code: again.code }, {}, token);
  t.equal(answer.status, 200);
  t.match(claimsIn(answer.body.access_token), { acr: '1fa', amr: ['sms'] });
});

t.test('nor after an app was proved beside it: then the phone alone stops no reset', async (t) => {
  const { withPhone, texted, finishCode, post, call, sms, clock, authority } = await startWithCodes(t);
  const first = await withPhone(ada, adaPhone);
  const byPhone = async (token: string) => {
    await post('/auth/step-up/start', { factor: 'sms_code' }, {}, token);
    const sent = await sms.smsTo(adaPhone);
    return (await post('/auth/step-up', { code: sent.code }, {}, token)).body.access_token;
  };
  const strong = await byPhone(first);
  const { secret } = (await call('POST', '/auth/factors/totp', { token: strong })).body;
  const totp = () => totpAt(secret, clock.now());
  await call('POST', '/auth/factors/totp/confirm', { token: strong, body: { code: totp() } });
  clock.shift(minute);
  const { loginToken, code } = await texted(adaPhone);
  const { login_token } = (await finishCode(loginToken, code)).body;
  const { access_token: token } = (await post('/auth/login/factor', { login_token, totp: totp() })).body;
  t.match(claimsIn(token), { acr: '2fa', amr: ['sms', 'otp', 'mfa'] });
  await authority.operations.resetFactors({ email: ada }, {}, { name: 'operator' });
  await sms.smsTo(adaPhone);
  const [is, shown] = [claimsIn(await byPhone(token)), () => authority.operations.showUser({ email: ada })];
  t.strictSame([is.acr, is.amr], ['1fa', ['sms', 'otp']]);
  t.type((await shown()).factorsResetAt, 'number');
  clock.shift(minute);
  const both = (await post('/auth/step-up', { totp: totp() }, {}, token)).body.access_token;
  t.match(claimsIn(both), { acr: '2fa', amr: ['sms', 'otp', 'mfa'] });
  t.equal((await shown()).factorsResetAt, undefined);
});

t.test('recovery does not get around the second factor', async (t) => {
  const parts = await startWithCodes(t);
  const { withPhone, post, mail } = parts;
  await withPhone(ada, adaPhone);
  await post('/auth/recovery', { email: ada });
  let link = await mail.mailTo(ada);
  while (link.subject !== 'Set a new password') link = await mail.mailTo(ada);
  const chosen = `another ${password}`;
  await parts.done(post('/auth/recovery/complete', { token: link.token, new_password: chosen }));
  const answer = await post('/auth/login', { email: ada, password: chosen });
  t.match(answer, { status: 403, body: { code: 'second_factor_required', factors: ['sms_code'] } });
});

t.test(
  'a country that was taken out gets no messages, also not to phones that were proved before',
  async (t) => {
    const { env, mail, sms } = await startSenders(t);
    const { dataDir } = await keptFolder(t);
    const sending = await startAuthority({ env, dataDir });
    await codesAt(sending, { mail, sms }).withPhone(ada, adaPhone);
    await sending.stop();
    const without = await startAuthority({ env: { ...env, SMS_COUNTRIES: 'AT' }, dataDir });
    t.teardown(() => without.stop());
    const { length } = sms.messages;
    const start = { login_token: await secondStepAt(without).begin(ada), factor: 'sms_code' };
    const answer = await without.call('POST', '/auth/login/factor/start', { body: start });
    t.match(answer, { status: 503, body: { code: 'sms_not_configured', detail: /country/ } });
    await without.authority.operations.resetFactors({ email: ada }, {}, { name: 'operator' });
    const told = () => mail.mails.some(({ subject }) => subject === 'Your second factors are to be removed');
    await eventually('the notice by mail', told);
    t.equal(sms.messages.length, length);
  },
);

t.test('where messages can no longer be sent, the factor is still asked for', async (t) => {
  const { env, mail, sms } = await startSenders(t);
  const { dataDir } = await keptFolder(t);
  const sending = await startAuthority({ env, dataDir });
  await codesAt(sending, { mail, sms }).withPhone(ada, adaPhone);
  await sending.stop();
  const without = await startAuthority({ dataDir });
  t.teardown(() => without.stop());
  const loginToken = await secondStepAt(without).begin(ada);
  const start = { login_token: loginToken, factor: 'sms_code' };
  t.equal(
    brief(await without.call('POST', '/auth/login/factor/start', { body: start })),
    '503 sms_not_configured',
  );
});

t.test('support resets the phone, too', async (t) => {
  const parts = await startWithCodes(t);
  const { withPhone, authority, login, call } = parts;
  const token = await withPhone(ada, adaPhone);
  await authority.operations.resetFactors({ email: ada }, { now: 'lost the phone' }, { name: 'operator' });
  t.equal((await call('GET', '/auth/me', { token })).status, 401);
  t.type((await login(ada)).access_token, 'string');
  const app = await enrolled(parts, bob, parts.clock.now);
  t.equal(app.recoveryCodes.length, 10);
});
