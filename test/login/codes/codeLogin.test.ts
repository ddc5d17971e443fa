/** Logins with a code that was sent, in place of the password: what they open, what they refuse, and what they reveal. */
import pg from 'pg';
import t from 'tap';
import { csrfHeader } from '../../../src/sessions/csrf.ts';
import { password, startAuthority } from '../../support/authority.ts';
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
import { claimsIn, enrolled, totpAt } from '../../support/secondFactor.ts';
import { sharedServers } from '../../support/twoNodes.ts';

const refused = '401 invalid_code';
const minute = 60_000;

t.test('a code by mail opens a session that says so', async (t) => {
  const { proved, begin, codeTo, finishCode, call, refresh, operations, authority } = await startWithCodes(t);
  await proved(ada);
  const answer = await begin({ email: 'ADA@example.com' });
  t.equal(answer.status, 202);
  t.strictSame(Object.keys(answer.body).sort(), ['expires_in', 'login_token']);
  t.match(answer.body, { login_token: /^ot_[\w-]{43}$/, expires_in: 600 });
  t.equal(answer.headers.get('cache-control'), 'no-store');
  const { code, subject, text } = await codeTo(ada);
  t.equal(subject, `${code} is your login code`);
  t.match(text, /It works for 10 minutes\./);

  const more = { device_name: 'Laptop', device_id: 'd1' };
  const opened = await finishCode(answer.body.login_token, code, more);
  t.equal(opened.status, 200);
  const { access_token: token, refresh_token: refreshToken } = opened.body;
  t.match(claimsIn(token), { acr: '1fa', amr: ['otp'] });
  const { sessions } = (await call('GET', '/auth/sessions', { token })).body;
  t.match(sessions[0], { device_name: 'Laptop', current: true });
  t.match(claimsIn((await refresh(refreshToken)).body.access_token), { acr: '1fa', amr: ['otp'] });
  t.equal(brief(await finishCode(answer.body.login_token, code)), refused, 'once');

  const events = await authority.operations.listAudit({});
  const said = events.map(({ type, reason }) => `${type} ${reason ?? ''}`);
  t.ok(said.includes('code_sent login'));
  t.ok(said.includes('login_succeeded email_code'));
  const metrics = (await operations('GET', '/metrics')).body;
  t.match(metrics, /countersign_codes_total\{channel="mail",outcome="sent"\} 1\n/);
  t.match(metrics, /countersign_codes_total\{channel="mail",outcome="used"\} 1\n/);
});

t.test('a code by message opens a session that says so', async (t) => {
  const { withPhone, texted, finishCode, call, sms } = await startWithCodes(t);
  const byPassword = await withPhone(ada, adaPhone);
  const { loginToken, code } = await texted(adaPhone);
  t.match(sms.messages.at(-1), { to: adaPhone, template: 'login_code' });
  const { access_token: token } = (await finishCode(loginToken, code)).body;
  t.match(claimsIn(token), { acr: '1fa', amr: ['sms'] });
  t.equal((await call('GET', '/auth/me', { token })).status, 200);
  // The phone is a factor now, and a change needs two: neither it nor the password is enough.
  for (const alone of [token, byPassword])
    t.equal(
      brief(await call('DELETE', '/auth/phone', { token: alone })),
      '401 insufficient_user_authentication',
    );
  t.equal(sms.forged, 0);
});

t.test('the browser gets the cookie', async (t) => {
  const { proved, mailed, call } = await startWithCodes(t);
  await proved(ada);
  const { loginToken, code } = await mailed(ada);
  const answer = await call('POST', '/auth/login/code?cookie', {
    body: { login_token: loginToken, code },
    headers: { [csrfHeader]: '1', origin: 'http://127.0.0.1:8080' },
  });
  t.equal(answer.status, 200);
  t.notOk('refresh_token' in answer.body);
  t.match(answer.headers.get('set-cookie'), /HttpOnly/);
});

t.test('what is refused is refused alike', async (t) => {
  const { proved, mailed, finishCode, clock } = await startWithCodes(t);
  await proved(ada);
  await proved(bob);
  const first = await mailed(ada);
  const second = await mailed(ada);
  t.equal(brief(await finishCode(first.loginToken, first.code)), refused, 'after the next one was sent');
  t.equal(brief(await finishCode(second.loginToken, wrongCode(second.code))), refused);
  const ofBob = await mailed(bob);
  if (ofBob.code !== second.code)
    t.equal(brief(await finishCode(ofBob.loginToken, second.code)), refused, 'of another login');
  const wide = [...second.code].map((digit) => String.fromCodePoint(0xff10 + Number(digit))).join('');
  const arabic = [...second.code].map((digit) => String.fromCodePoint(0x660 + Number(digit))).join('');
  for (const bad of [wide, arabic]) t.equal(brief(await finishCode(second.loginToken, bad)), refused, bad);
  for (const bad of [` ${ofBob.code}`, `${ofBob.code}0`, ofBob.code.slice(1), 'x'.repeat(5_000)])
    t.equal(brief(await finishCode(ofBob.loginToken, bad)), refused, JSON.stringify(bad).slice(0, 20));
  for (const token of ['x', `ot_${'A'.repeat(43)}`])
    t.equal(brief(await finishCode(token, second.code)), refused, token);
  t.equal(brief(await finishCode(second.loginToken, second.code)), '200', 'three wrong ones do no harm');

  clock.shift(30 * minute);
  const late = await mailed(ada);
  clock.shift(10 * minute - 1_000);
  t.equal(brief(await finishCode(late.loginToken, wrongCode(late.code))), refused, 'still tried');
  clock.shift(1_000);
  t.equal(brief(await finishCode(late.loginToken, late.code)), refused, 'expired');
});

t.test('a code has five tries, and they count as wrong passwords do', async (t) => {
  const { proved, mailed, finishCode, clock, call } = await startWithCodes(t);
  await proved(ada);
  const place = from('192.0.2.1');
  const { loginToken, code } = await mailed(ada, place);
  for (let count = 1; count <= 5; count += 1)
    t.equal(brief(await finishCode(loginToken, wrongCode(code), {}, place)), refused, `${count}`);
  t.match(brief(await finishCode(loginToken, code, {}, place)), /^429 rate_limited again in 1$/);
  clock.shift(2_000);
  t.equal(brief(await finishCode(loginToken, code, {}, place)), refused, 'the sixth, although right');

  const next = await mailed(ada, place);
  t.equal(brief(await finishCode(next.loginToken, wrongCode(next.code), {}, place)), refused);
  const body = { email: ada, password };
  t.match(brief(await call('POST', '/auth/login', { body, headers: place })), /^429 rate_limited/);
  t.equal(brief(await call('POST', '/auth/login', { body })), '200', 'the owner at home');
  t.equal(brief(await finishCode(next.loginToken, next.code)), '200', 'with a code, too');
});

t.test('the same code twice at once, on two nodes: one session', async (t) => {
  const { mail, sms, env: sending } = await startSenders(t);
  const { env } = await sharedServers(t);
  const start = async () => {
    const node = await startAuthority({ env: { ...env, ...sending, CODE_LOGIN: 'both' } });
    t.teardown(() => node.stop());
    return node;
  };
  const nodes = [await start(), await start()] as const;
  const [one, two] = nodes.map((node) => codesAt(node, { mail, sms }));
  await one?.withPhone(ada, adaPhone);
  const { loginToken, code } = (await one?.texted(adaPhone)) ?? { loginToken: '', code: '' };
  const answers = await Promise.all(
    [one, two, one, two].map((at) => at?.finishCode(loginToken, code) as Promise<Answer>),
  );
  t.strictSame(answers.map(brief).sort(), ['200', refused, refused, refused]);
});

t.test('known and unknown addresses are answered alike', async (t) => {
  const { proved, withPhone, register, begin, finishCode, codeTo, mail, sms, authority, clock } =
    await startWithCodes(t);
  await withPhone(ada, adaPhone);
  await register(bob);
  await proved('gone@example.com');
  await authority.operations.disableUser({ email: 'gone@example.com' }, { name: 'operator' });
  const mailsBefore = mail.mails.length;
  const smsBefore = sms.messages.length;
  const told = ({ status, headers, body }: Answer) => ({
    status,
    body: Object.keys(body).sort(),
    headers: [...headers.keys()].filter((name) => name !== 'date').sort(),
    expires: body.expires_in,
    length: headers.get('content-length'),
  });
  const known = await begin({ email: ada });
  const others = [
    { email: 'nobody@example.com' },
    { email: bob },
    { email: 'gone@example.com' },
    { phone: adaPhone },
    { phone: '+4915187654321' },
  ];
  for (const [index, to] of others.entries()) {
    const place = `198.51.100.${index + 1}`;
    const answer = await begin(to, from(place));
    t.strictSame(told(answer), told(known), JSON.stringify(to));
    const token = answer.body.login_token;
    if ('phone' in to && to.phone === adaPhone) continue;
    const tries: string[] = [];
    for (let count = 1; count <= 6; count += 1)
      tries.push(brief(await finishCode(token, '000000', {}, from(place))));
    t.strictSame(tries, [...Array(5).fill(refused), '429 rate_limited again in 1'], 'as for a wrong code');
    clock.shift(2_000);
    t.equal(brief(await finishCode(token, '000000', {}, from(place))), refused);
  }
  await codeTo(ada);
  await sms.smsTo(adaPhone);
  t.equal(mail.mails.length, mailsBefore + 1, 'nobody else gets a mail');
  t.equal(sms.messages.length, smsBefore + 1);
});

t.test('a code that the next one voided is refused like a wrong one, whoever has the address', async (t) => {
  const { withPhone, begin, finishCode, dump, authority } = await startWithCodes(t, {
    env: { RATE_LIMITS: '1' },
  });
  const somebody = (index: number) => ({ email: `${index}@example.com`, phone: `+491511234567${index}` });
  for (let user = 0; user < 4; user += 1) await withPhone(somebody(user).email, somebody(user).phone);
  const told: string[][] = [];
  for (let index = 0; index < 8; index += 1) {
    const { email, phone } = somebody(index);
    const place = from(`198.51.${index}.1`);
    const [first, second] = [
      [{ email }, { email }],
      [{ phone }, { phone }],
      [{ phone }, { email }],
      [{ email }, { phone }],
    ][index % 4] as [object, object];
    const { body } = await begin(first, place);
    t.equal((await begin(second, place)).status, 202);
    const tries: string[] = [];
    for (let count = 1; count <= 6; count += 1) {
      const answer = await finishCode(body.login_token, '000000', {}, place);
      tries.push(`${brief(answer)}: ${answer.headers.get('ratelimit')?.replaceAll(/t=\d+/g, '')}`);
    }
    told.push(tries);
  }
  for (const tries of told) t.match(tries.join(', '), /^401 invalid_code: .*account.*429 rate_limited/);
  t.strictSame(told.slice(0, 4), told.slice(4), 'registered or not');

  const { email, phone } = somebody(0);
  await authority.operations.deleteUser({ email }, { name: 'operator' });
  for (const text of [email, phone]) t.notOk((await dump()).includes(text), `nothing is left of ${text}`);
});

t.test('a code that the next one voids while it is used opens nothing', async (t) => {
  const { mail, sms, env: sending } = await startSenders(t);
  const { env, database } = await sharedServers(t);
  const node = await startAuthority({ env: { ...env, ...sending } });
  t.teardown(() => node.stop());
  const { proved, mailed, finishCode } = codesAt(node, { mail, sms });
  await proved(ada);
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  t.teardown(() => client.end());
  const first = await mailed(ada);
  // A login locks the user's row after it compared the code; a start only refers to the row.
  await client.query('BEGIN');
  await client.query('SELECT 1 FROM users FOR NO KEY UPDATE');
  const opening = finishCode(first.loginToken, first.code);
  await eventually('the login waits', async () => {
    const { rows } = await client.query(
      "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    );
    return rows.length > 0;
  });
  const second = await mailed(ada);
  await client.query('ROLLBACK');
  t.equal(brief(await opening), refused);
  t.equal(brief(await finishCode(second.loginToken, second.code)), '200');
});

t.test('tries of codes that go to a phone do not reveal whose e-mail it belongs to', async (t) => {
  const { withPhone, proved, begin, finishCode, call, clock } = await startWithCodes(t);
  const bobPhone = '+4915187654321';
  await withPhone(ada, adaPhone);
  await withPhone(bob, bobPhone);
  await proved('eve@example.com');
  const place = from('198.51.100.1');
  const login = async (email: string) =>
    brief(
      await call('POST', '/auth/login', { body: { email, password: 'a wrong password' }, headers: place }),
    );
  const tryCode = async (to: object) => {
    const { body } = await begin(to, place);
    return brief(await finishCode(body.login_token, '000000', {}, place));
  };
  for (let count = 1; count <= 5; count += 1) t.equal(await login(ada), '401 invalid_credentials');
  t.equal(await login(ada), '429 rate_limited again in 1');
  for (const phone of [adaPhone, bobPhone, '+4915112345679'])
    t.equal(await tryCode({ phone }), refused, `${phone}: wrong passwords of an e-mail do not count`);
  clock.shift(2_000);
  for (let count = 2; count <= 5; count += 1) t.equal(await tryCode({ phone: bobPhone }), refused);
  t.equal(await tryCode({ phone: bobPhone }), '429 rate_limited again in 1', 'they count for the number');
  for (const email of [bob, 'eve@example.com', 'nobody@example.com']) {
    t.equal(await login(email), '401 invalid_credentials', `${email}: nor the other way round`);
    t.equal(await tryCode({ email }), refused);
  }
});

t.test('the lock of a number ends with those of its user', async (t) => {
  const parts = await startWithCodes(t, { env: { ON_MANY_REFUSALS: 'end' } });
  const { withPhone, begin, finishCode, clock, authority, addPhone, proved, sms } = parts;
  const { unlockUser, setOneTimePassword } = authority.operations;
  await withPhone(ada, adaPhone);
  const place = from('198.51.100.1');
  const tryCode = async () => {
    const { body } = await begin({ phone: adaPhone }, place);
    await sms.smsTo(adaPhone);
    return brief(await finishCode(body.login_token, '000000', {}, place));
  };
  const lock = async () => {
    const answers: string[] = [];
    while (answers.at(-1) !== '403 recovery_required' && answers.length < 30) {
      answers.push(await tryCode());
      clock.shift(5 * minute);
    }
    t.equal(answers.length, 21, 'twenty tries');
  };
  await lock();
  await unlockUser({ email: ada }, { name: 'operator' });
  await lock();
  await setOneTimePassword({ email: ada }, { name: 'operator' });
  await lock();
  await addPhone(adaPhone, await proved(bob));
  t.equal(await tryCode(), refused, 'whoever proves the number begins anew');
});

t.test(
  'a login that began with a code by message and ended with an app resets the count of the number',
  async (t) => {
    const parts = await startWithCodes(t);
    const { addPhone, texted, finishCode, begin, post, call, clock, sms } = parts;
    const home = from('192.0.2.1');
    const app = await enrolled(parts, ada, clock.now);
    clock.shift(minute);
    const login = await call('POST', '/auth/login', { body: { email: ada, password } });
    const first = { login_token: login.body.login_token, totp: totpAt(app.secret, clock.now()) };
    await addPhone(adaPhone, (await post('/auth/login/factor', first)).body.access_token);
    const logIn = async () => {
      clock.shift(minute);
      const { loginToken, code } = await texted(adaPhone, home);
      for (let count = 1; count <= 4; count += 1)
        t.equal(brief(await finishCode(loginToken, wrongCode(code), {}, home)), refused, `${count}`);
      const asked = await finishCode(loginToken, code, {}, home);
      const body = { login_token: asked.body.login_token, totp: totpAt(app.secret, clock.now()) };
      t.equal(brief(await post('/auth/login/factor', body, home)), '200');
    };
    for (let logins = 0; logins < 3; logins += 1) await logIn();
    const strange = from('198.51.100.1');
    const { body } = await begin({ phone: adaPhone }, strange);
    await sms.smsTo(adaPhone);
    for (let count = 1; count <= 5; count += 1)
      t.equal(brief(await finishCode(body.login_token, '000000', {}, strange)), refused, 'of strangers, too');
    t.match(brief(await finishCode(body.login_token, '000000', {}, strange)), '429');
    await logIn();
  },
);

t.test('a place that is known to the user is known to the number', async (t) => {
  const parts = await startWithCodes(t);
  const { register, login, prove, addPhone, post, done, sms, mail, begin, texted, finishCode, authority } =
    parts;
  const home = from('192.0.2.1');
  const strange = from('198.51.100.1');
  const ways = {
    'a login with the password and a code': async (email: string, phone: string) => {
      const asked = await post('/auth/login', { email, password }, home);
      const { login_token: token } = asked.body;
      await done(post('/auth/login/factor/start', { login_token: token, factor: 'sms_code' }, home));
      const { code } = await sms.smsTo(phone);
      await done(post('/auth/login/factor', { login_token: token, code }, home));
    },
    'a code by mail, then one by message': async (email: string, phone: string) => {
      const begun = await parts.mailed(email, home);
      const { login_token: token } = (await finishCode(begun.loginToken, begun.code, {}, home)).body;
      await done(post('/auth/login/factor/start', { login_token: token, factor: 'sms_code' }, home));
      const { code } = await sms.smsTo(phone);
      await done(post('/auth/login/factor', { login_token: token, code }, home));
    },
    'a new password by mail': async (email: string) => {
      await done(post('/auth/recovery', { email }, home));
      let told = await mail.mailTo(email);
      while (told.subject !== 'Set a new password') told = await mail.mailTo(email);
      await done(
        post('/auth/recovery/complete', { token: told.token, new_password: `new ${password}` }, home),
      );
    },
    'the proof of the number': async (_email: string, phone: string, token: string) => {
      await done(post('/auth/phone', { phone }, home, token));
      const { code } = await sms.smsTo(phone);
      await done(post('/auth/phone/verify', { code }, home, token));
    },
  };
  for (const [index, [name, way]] of Object.entries(ways).entries()) {
    const [email, phone] = [`${index}@example.com`, `+491511234567${index}`];
    await register(email);
    const { access_token: token } = await login(email);
    await prove(email, token);
    if (name !== 'the proof of the number') await addPhone(phone, token);
    await way(email, phone, token);
    const guessed = await begin({ phone }, strange);
    await sms.smsTo(phone);
    for (let count = 1; count <= 5; count += 1)
      await finishCode(guessed.body.login_token, '000000', {}, strange);
    t.match(brief(await finishCode(guessed.body.login_token, '000000', {}, strange)), '429', name);
    const { loginToken, code } = await texted(phone, home);
    t.equal(brief(await finishCode(loginToken, code, {}, home)), '200', `${name}: the owner at home`);
  }

  const [email, phone] = ['imported@example.com', '+4915112345679'];
  const { body } = await begin({ phone }, strange);
  for (let count = 1; count <= 5; count += 1) await finishCode(body.login_token, '000000', {}, strange);
  t.match(brief(await finishCode(body.login_token, '000000', {}, strange)), '429');
  const row = JSON.stringify({ email, email_verified: true, phone });
  const file = { lines: [row], firstLine: 1, format: 'countersign', dryRun: false } as const;
  t.match(await authority.operations.importUsers(file, { name: 'operator' }), { created: 1 });
  const { loginToken, code } = await texted(phone, strange);
  t.equal(brief(await finishCode(loginToken, code, {}, strange)), '200', 'an import forgets guesses');
});

t.test('strangers who use up the budget of all together keep no owner from a code at home', async (t) => {
  const { proved, begin, codeTo } = await startWithCodes(t, { rateLimits: 0.002 });
  await proved(ada);
  const answers: string[] = [];
  while (!answers.at(-1)?.startsWith('429') && answers.length < 30)
    answers.push(brief(await begin({ email: bob }, from(`198.${answers.length}.100.1`))));
  t.equal(answers.length, 13, 'twelve');
  t.equal((await begin({ email: ada })).status, 202);
  await codeTo(ada);
});

t.test('strangers use up no codes of an owner who asks from a known place', async (t) => {
  const { withPhone, begin, sms, mail, texted, mailed, codeTo, finishCode } = await startWithCodes(t, {
    env: { RATE_LIMITS: '1' },
  });
  await withPhone(ada, adaPhone);
  const home = from('192.0.2.1');
  const first = await texted(adaPhone, home);
  t.equal(brief(await finishCode(first.loginToken, first.code, {}, home)), '200', 'home is known now');
  for (let stranger = 0; stranger < 20; stranger += 1) {
    const place = from(`198.${stranger}.100.1`);
    for (const to of [{ phone: adaPhone }, { email: ada }]) t.equal((await begin(to, place)).status, 202);
  }
  for (let count = 1; count <= 5; count += 1) await sms.smsTo(adaPhone);
  for (let count = 1; count <= 15; count += 1) await codeTo(ada);
  const byPhone = await texted(adaPhone, home);
  t.equal(brief(await finishCode(byPhone.loginToken, byPhone.code, {}, home)), '200');
  const byMail = await mailed(ada, home);
  t.equal(brief(await finishCode(byMail.loginToken, byMail.code, {}, home)), '403 second_factor_required');
  const logins = sms.messages.filter(({ template }) => template === 'login_code');
  t.equal(logins.length, 1 + 5 + 1, 'six from places that were not known');
  t.equal(mail.mails.filter(({ subject }) => /is your login code/.test(subject)).length, 15 + 1);
});

t.test('a second factor is asked for, and the channel of the code is none', async (t) => {
  const parts = await startWithCodes(t);
  const { withPhone, prove, mailed, texted, finishCode, post, sms, call, clock } = parts;
  const app = await enrolled(parts, bob, clock.now);
  await prove(bob, app.firstSession.access_token);
  clock.shift(minute);
  const mailedCode = await mailed(bob);
  const asked = await finishCode(mailedCode.loginToken, mailedCode.code);
  t.match(asked, {
    status: 403,
    body: { code: 'second_factor_required', factors: ['totp', 'recovery_code'] },
  });
  t.equal(brief(await finishCode(mailedCode.loginToken, mailedCode.code)), refused, 'used');
  const totp = totpAt(app.secret, clock.now());
  const done = await post('/auth/login/factor', { login_token: asked.body.login_token, totp });
  t.match(claimsIn(done.body.access_token), { acr: '2fa', amr: ['otp', 'mfa'] });

  await withPhone(ada, adaPhone);
  const first = await mailed(ada);
  const needsPhone = await finishCode(first.loginToken, first.code);
  t.match(needsPhone, { status: 403, body: { factors: ['sms_code'] } });
  const token = needsPhone.body.login_token;
  t.equal((await post('/auth/login/factor/start', { login_token: token, factor: 'sms_code' })).status, 202);
  const { code } = await sms.smsTo(adaPhone);
  const both = await post('/auth/login/factor', { login_token: token, code });
  t.match(claimsIn(both.body.access_token), { acr: '2fa', amr: ['otp', 'sms', 'mfa'] });

  // Now with an app, too: the phone alone is no longer enough.
  const access = both.body.access_token;
  const { secret } = (await call('POST', '/auth/factors/totp', { token: access })).body;
  await call('POST', '/auth/factors/totp/confirm', {
    token: access,
    body: { code: totpAt(secret, clock.now()) },
  });
  const byPhone = await texted(adaPhone);
  const needsApp = await finishCode(byPhone.loginToken, byPhone.code);
  t.match(needsApp, { status: 403, body: { factors: ['totp', 'recovery_code'] } });
  const again = { login_token: needsApp.body.login_token, factor: 'sms_code' };
  t.match(await post('/auth/login/factor/start', again), {
    status: 400,
    body: { errors: [{ field: 'factor', rule: 'usable' }] },
  });
});

t.test('a code does not survive what ended all sessions, nor a changed address', async (t) => {
  const { proved, mailed, finishCode, call, post, mail, done } = await startWithCodes(t);
  const token = await proved(ada);
  const before = await mailed(ada);
  t.equal((await call('POST', '/auth/logout-all', { token })).status, 204);
  t.equal(brief(await finishCode(before.loginToken, before.code)), refused, 'after logout-all');

  const login = (await call('POST', '/auth/login', { body: { email: ada, password } })).body.access_token;
  const begun = await mailed(ada);
  await done(post('/auth/email', { email: 'new@example.com' }, {}, login));
  const { code } = await mail.mailTo('new@example.com');
  t.equal((await post('/auth/email/verify', { code }, {}, login)).status, 204);
  t.equal(brief(await finishCode(begun.loginToken, begun.code)), refused, 'to the old address');
});

t.test('what the settings do not allow is refused alike for everybody', async (t) => {
  const { begin, withPhone } = await startWithCodes(t, { env: { CODE_LOGIN: 'mail' } });
  await withPhone(ada, adaPhone);
  for (const phone of [adaPhone, '+4915187654321'])
    t.equal(brief(await begin({ phone })), '403 permission_denied', phone);
  t.match(await begin({}), { status: 400, body: { errors: [{ field: 'body', rule: 'one_of' }] } });
  t.equal((await begin({ email: ada, phone: adaPhone })).status, 400);
  t.match(await begin({ email: 'no address' }), { status: 400, body: { errors: [{ field: 'email' }] } });
});

t.test('a phone that no SMS may go to is refused, whoever has it', async (t) => {
  const { begin } = await startWithCodes(t);
  for (const [phone, rule] of [
    ['+12025550123', 'country'],
    ['+18765550123', 'country'],
    ['+491900123456', 'mobile'],
    ['015112345678', 'format'],
    ['+49１５１12345678', 'format'],
  ] as const)
    t.match(await begin({ phone }), { status: 400, body: { errors: [{ field: 'phone', rule }] } }, phone);
});

t.test('without SMS or mail: 503', async (t) => {
  const authority = await startAuthority({ env: { CODE_LOGIN: 'both' } });
  t.teardown(() => authority.stop());
  const start = (body: object) => authority.call('POST', '/auth/login/code/start', { body });
  t.equal(brief(await start({ phone: adaPhone })), '503 sms_not_configured');
  t.equal((await start({ email: ada })).status, 202, 'embedded mode writes files');
});

t.test('a dump holds no code and no login token', async (t) => {
  const { withPhone, mailed, texted, begin, dump, log, codeTo } = await startWithCodes(t);
  await withPhone(ada, adaPhone);
  const sent = [await mailed(ada), await texted(adaPhone)];
  await begin({ email: ada });
  const { code } = await codeTo(ada);
  const text = await dump();
  t.match(text, ada, 'it is a dump');
  for (const secret of [...sent.flatMap((each) => [each.loginToken, each.code]), code]) {
    t.notMatch(text, new RegExp(`(?<![0-9a-f.])${secret}(?![0-9a-f])`), 'not in the dump');
    t.notOk(log().includes(`"${secret}"`), 'nor in the log');
  }
});

t.test('the owner can log in while strangers ask for codes', async (t) => {
  const { withPhone, begin, sms, call, post } = await startWithCodes(t, { env: { RATE_LIMITS: '1' } });
  await withPhone(ada, adaPhone);
  const before = sms.messages.length;
  for (let stranger = 0; stranger < 30; stranger += 1)
    t.equal((await begin({ phone: adaPhone }, from(`198.${stranger}.100.1`))).status, 202);
  const asked = await call('POST', '/auth/login', { body: { email: ada, password } });
  const token = asked.body.login_token;
  t.equal((await post('/auth/login/factor/start', { login_token: token, factor: 'sms_code' })).status, 202);
  const codes = new Set<string>();
  let done: Answer | undefined;
  while (done?.status !== 200 && codes.size < 20) {
    const { code } = await sms.smsTo(adaPhone);
    codes.add(code);
    if (sms.messages.length - before < 7) continue;
    done = await post('/auth/login/factor', { login_token: token, code: sms.messages.at(-1)?.code ?? '' });
  }
  t.equal(done?.status, 200);
  t.equal(sms.messages.length - before, 7, 'six for all strangers together, and that of the owner');
});
