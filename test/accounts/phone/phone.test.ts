/** A user's phone: adding, replacing and removing it, and what is refused. */
import t from 'tap';
import { createPhoneNumbers, maskedPhone } from '../../../src/accounts/phone/phoneNumber.ts';
import { keptFolder, startAuthority } from '../../support/authority.ts';
import {
  ada,
  adaPhone,
  bob,
  codesAt,
  startSenders,
  startWithCodes,
  wrongCode,
} from '../../support/codeUsers.ts';
import { aGuard, said } from '../../support/guards.ts';
import { brief } from '../../support/loginTries.ts';
import { secondStepAt } from '../../support/secondFactor.ts';

const refused = '401 invalid_code';
const minute = 60_000;
const otherPhone = '+4915187654321';

t.test('numbers', async (t) => {
  const { check } = createPhoneNumbers(['DE', 'US', 'KZ']);
  for (const number of ['+4915112345678', '+12025550123', '+77011234567'])
    t.equal(await check(number), number);
  for (const [number, rule] of [
    ['+18765550123', 'country'],
    ['+79161234567', 'country'],
    ['+4369912345678', 'country'],
    ['+8821612345678', 'country'],
    ['+493012345678', 'mobile'],
    ['+491900123456', 'mobile'],
    ['+19005550123', 'mobile'],
    ['+49015112345678', 'mobile'],
    ['+4912', 'format'],
    ['4915112345678', 'format'],
    ['004915112345678', 'format'],
    ['+49 151 12345678', 'format'],
    ['+0915112345678', 'format'],
    ['+4915112345678\n', 'format'],
    ['+49１5112345678', 'format'],
    ['+٤٩15112345678', 'format'],
    [`+49${'1'.repeat(14)}`, 'format'],
    ['tel:+4915112345678', 'format'],
  ] as const)
    await t.rejects(
      check(number),
      { code: 'invalid_request', errors: [{ field: 'phone', rule }] },
      JSON.stringify(number),
    );
  await t.rejects(createPhoneNumbers([]).check(adaPhone), { errors: [{ rule: 'country' }] });
  t.equal(maskedPhone(await check(adaPhone)), '+49…78');
});

t.test('a phone is added in two steps, and is then asked for', async (t) => {
  const { register, login, post, sms, authority, log, call } = await startWithCodes(t);
  await register(ada);
  const { access_token: token } = await login(ada);
  const begun = await post('/auth/phone', { phone: adaPhone }, {}, token);
  t.equal(begun.status, 202);
  t.strictSame(begun.body, {});
  const { code, text } = await sms.smsTo(adaPhone);
  t.equal(text, `${code} is your code to confirm this phone number. It works for 10 minutes.`);
  t.type((await login(ada)).access_token, 'string', 'not before it is proved');
  const verify = (typed: string) => post('/auth/phone/verify', { code: typed }, {}, token);
  const wide = [...code].map((digit) => String.fromCodePoint(0xff10 + Number(digit))).join('');
  for (const bad of [wrongCode(code), wide, '', code.slice(1), `${code} `])
    t.equal((await verify(bad)).status, bad === '' ? 400 : 401, JSON.stringify(bad));
  t.equal((await verify(code)).status, 204);
  t.equal(brief(await verify(code)), refused, 'once');
  t.type(await secondStepAt({ call }).begin(ada), 'string');
  t.equal(
    (await post('/auth/phone', { phone: adaPhone }, {}, token)).status,
    401,
    'it needs two factors now',
  );
  const events = (await authority.operations.listAudit({})).map(({ type, reason }) => [type, reason]);
  t.match(events.slice(0, 1), [['second_factor_required', 'has_factor']]);
  t.ok(events.some(([type, reason]) => type === 'factor_added' && reason === 'sms_code'));
  t.ok(events.some(([type, reason]) => type === 'code_sent' && reason === 'phone'));
  t.notOk(log().includes(adaPhone), 'no number in the log');
});

t.test('a code is good once, for ten minutes, five tries, until the next one', async (t) => {
  const { register, login, post, sms, clock } = await startWithCodes(t);
  await register(ada);
  const token = async () => (await login(ada)).access_token;
  const add = async (number = adaPhone) => {
    await post('/auth/phone', { phone: number }, {}, await token());
    return (await sms.smsTo(number)).code;
  };
  const verify = async (code: string) => brief(await post('/auth/phone/verify', { code }, {}, await token()));
  const late = await add();
  clock.shift(10 * minute);
  t.equal(await verify(late), refused, 'expired');
  const first = await add();
  const second = await add(otherPhone);
  if (first !== second) t.equal(await verify(first), refused, 'replaced');
  for (let count = 1; count <= 5; count += 1) await verify(wrongCode(second));
  t.equal(await verify(second), refused, 'the sixth, although right');
  const last = await add();
  const by = await token();
  const answers = await Promise.all([1, 2, 3].map(() => post('/auth/phone/verify', { code: last }, {}, by)));
  t.strictSame(answers.map(brief).sort(), ['204', refused, refused], 'at once');
});

t.test('users who prove one number at the same moment: one has it, and nobody gets an error', async (t) => {
  const { register, login, post, sms, authority } = await startWithCodes(t);
  const users = [ada, bob, 'carol@example.com'];
  const proofs = [];
  for (const email of users) {
    await register(email);
    const { access_token: token } = await login(email);
    await post('/auth/phone', { phone: adaPhone }, {}, token);
    const { code } = await sms.smsTo(adaPhone);
    proofs.push(() => post('/auth/phone/verify', { code }, {}, token));
  }
  const answers = await Promise.all(proofs.map((prove) => prove()));
  t.strictSame(answers.map(brief), ['204', '204', '204']);
  const { showUser } = authority.operations;
  const shown = await Promise.all(users.map((email) => showUser({ email })));
  t.equal(shown.filter(({ factors }) => factors.includes('sms_code')).length, 1);
});

t.test('what is refused says why, and names the field', async (t) => {
  const { register, login, post, clock } = await startWithCodes(t);
  await register(ada);
  const { access_token: token } = await login(ada);
  const add = (phone: unknown) => post('/auth/phone', { phone }, {}, token);
  const american = await add('+12025550123');
  t.match(american, { status: 400, body: { errors: [{ field: 'phone', rule: 'country' }] } });
  t.match(american.body.errors[0].message, /DE, AT/);
  t.match(await add('+4930123456'), { status: 400, body: { errors: [{ field: 'phone', rule: 'mobile' }] } });
  t.match(await add('015112345678'), { status: 400, body: { errors: [{ field: 'phone', rule: 'format' }] } });
  t.equal((await add(4915112345678)).status, 400);
  t.equal((await post('/auth/phone', { phone: adaPhone })).status, 401, 'no token');
  clock.shift(11 * minute);
  t.equal(brief(await add(adaPhone)), '401 insufficient_user_authentication', 'no recent proof');
});

t.test('without the settings there is no SMS', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  await authority.register(ada);
  const { access_token: token } = await authority.login(ada);
  const answer = await authority.call('POST', '/auth/phone', { token, body: { phone: adaPhone } });
  t.equal(brief(answer), '503 sms_not_configured');
  t.equal(brief(await authority.call('DELETE', '/auth/phone', { token })), '404 not_found');

  const noFactors = await startWithCodes(t, { env: { SECOND_FACTOR: 'none' } });
  await noFactors.register(ada);
  const { access_token: other } = await noFactors.login(ada);
  t.equal(
    brief(await noFactors.post('/auth/phone', { phone: adaPhone }, {}, other)),
    '403 permission_denied',
  );
});

t.test(
  'whoever proves a number has it: the earlier owner loses it, and the sessions that it opened',
  async (t) => {
    const parts = await startWithCodes(t);
    const { withPhone, post, sms, mail, grpcPort, serviceToken, clock, call, begin } = parts;
    const { finish, begin: first } = secondStepAt(parts);
    await withPhone(ada, adaPhone);
    const loginToken = await first(ada);
    await post('/auth/login/factor/start', { login_token: loginToken, factor: 'sms_code' });
    const opened = (await finish(loginToken, { code: (await sms.smsTo(adaPhone)).code })).body.access_token;
    const options = { serviceToken, audience: 'countersign', issuer: 'http://127.0.0.1:8080' };
    const guard = aGuard(t, [{ address: `127.0.0.1:${grpcPort}` }], options, { clock });
    await guard.ready();
    t.equal(await said(guard, opened), 'accepted');

    await withPhone(bob, adaPhone);
    t.equal(await said(guard, opened), '401 invalid_token revoked');
    t.type((await parts.login(ada)).access_token, 'string', 'it is no factor of Ada any more');
    let told = await mail.mailTo(ada);
    while (told.subject !== 'A way to log in was removed') told = await mail.mailTo(ada);
    t.match(told.text, /\+49…78/);
    const { login_token: token } = (await begin({ phone: adaPhone })).body;
    const { code } = await sms.smsTo(adaPhone);
    const answer = await post('/auth/login/code', { login_token: token, code });
    const me = await call('GET', '/auth/me', { token: answer.body.access_token });
    const users = await parts.authority.operations.listUsers({});
    t.equal(me.body.user_id, users.find(({ email }) => email === bob)?.id, 'it logs Bob in');
  },
);

t.test('a new phone replaces the old one', async (t) => {
  const parts = await startWithCodes(t);
  const { withPhone, post, sms, call, addPhone } = parts;
  const { finish, begin } = secondStepAt(parts);
  const byPassword = await withPhone(ada, adaPhone);
  const loginToken = await begin(ada);
  await post('/auth/login/factor/start', { login_token: loginToken, factor: 'sms_code' });
  const token = (await finish(loginToken, { code: (await sms.smsTo(adaPhone)).code })).body.access_token;
  await addPhone(otherPhone, token);
  t.equal((await call('GET', '/auth/me', { token })).status, 401, 'the old phone opened it');
  const { factors } = (await call('GET', '/auth/factors', { token: byPassword })).body;
  t.match(factors, [{ name: '+49…21' }]);
  t.equal(factors.length, 1);
});

t.test('the last factor cannot be removed where one is required', async (t) => {
  const { env, ...senders } = await startSenders(t);
  const { dataDir } = await keptFolder(t);
  const before = await startAuthority({ env, dataDir });
  await codesAt(before, senders).withPhone(ada, adaPhone);
  await before.stop();
  const after = await startAuthority({ env: { ...env, SECOND_FACTOR: 'required' }, dataDir });
  t.teardown(() => after.stop());
  const { finish, begin } = secondStepAt(after);
  const loginToken = await begin(ada);
  const started = { login_token: loginToken, factor: 'sms_code' };
  await after.call('POST', '/auth/login/factor/start', { body: started });
  const { code } = await senders.sms.smsTo(adaPhone);
  const token = (await finish(loginToken, { code })).body.access_token;
  t.equal(brief(await after.call('DELETE', '/auth/phone', { token })), '409 last_way_in');
  t.equal((await after.call('GET', '/auth/me', { token })).status, 200, 'nothing has ended');
});

t.test('deleting a user forgets the number', async (t) => {
  const { withPhone, authority, dump, post, login, register } = await startWithCodes(t);
  await withPhone(ada, adaPhone);
  await register(bob);
  const { access_token: token } = await login(bob);
  await post('/auth/phone', { phone: otherPhone }, {}, token);
  t.match(await dump(), adaPhone);
  for (const email of [ada, bob]) await authority.operations.deleteUser({ email }, { name: 'operator' });
  const text = await dump();
  for (const number of [adaPhone, otherPhone]) t.notOk(text.includes(number));
});
