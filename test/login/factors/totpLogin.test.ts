/** Logins with an authenticator app: the second step, what it refuses, and what the session then says. */
import t from 'tap';
import { password, startAuthority } from '../../support/authority.ts';
import { behindProxy, brief, from } from '../../support/loginTries.ts';
import { claimsIn, enrolled, secondStepAt, totpAt, wrongTotpAt } from '../../support/secondFactor.ts';
import { sharedAuthority } from '../../support/sharedAuthority.ts';
import { createShiftedClock } from '../../support/shiftedClock.ts';
import { startTwoNodes } from '../../support/twoNodes.ts';

const alice = 'alice@example.com';
const refused = '401 invalid_code';
const step = 30_000;

/** Alice has an authenticator app, and a step has passed since she enrolled it. */
async function setUp() {
  const authority = await sharedAuthority(behindProxy);
  const { clock } = authority;
  const user = await enrolled(authority, alice, clock.now);
  clock.shift(2 * step);
  const code = (shift = 0) => totpAt(user.secret, clock.now() + shift);
  const wrong = () => wrongTotpAt(user.secret, clock.now());
  return { ...authority, ...user, ...secondStepAt(authority), clock, code, wrong };
}

t.test('password and code open a session that says so', async (t) => {
  const { call, code, finish, id, grpc } = await setUp();
  const body = { email: alice, password, device_name: 'Laptop', device_id: 'd1' };
  const asked = await call('POST', '/auth/login', { body });
  t.equal(asked.status, 403);
  t.match(asked.body, {
    code: 'second_factor_required',
    login_token: /^ot_[A-Za-z0-9_-]{43}$/,
    factors: ['totp', 'recovery_code'],
    expires_in: 600,
  });
  t.notOk('access_token' in asked.body);

  const answer = await finish(asked.body.login_token, { totp: code() });
  t.equal(answer.status, 200);
  const token = answer.body.access_token;
  t.match(claimsIn(token), { acr: '2fa', amr: ['pwd', 'otp', 'mfa'], sid: answer.body.session_id });
  t.match(await grpc.introspect(token), { active: true, acr: '2fa', amr: ['pwd', 'otp', 'mfa'] });
  const { sessions } = (await call('GET', '/auth/sessions', { token })).body;
  t.match(sessions[0], { device_name: 'Laptop', current: true });
  const factors = (await call('GET', '/auth/factors', { token })).body;
  t.match(factors, {
    factors: [{ id, kind: 'totp', name: 'Authenticator app' }],
    recovery_codes: { left: 10 },
  });
  t.type(factors.factors[0].last_used_at, 'string');

  const refreshed = await call('POST', '/auth/refresh', {
    body: { refresh_token: answer.body.refresh_token },
  });
  t.match(claimsIn(refreshed.body.access_token), { acr: '2fa', amr: ['pwd', 'otp', 'mfa'] });
});

t.test('codes of the current step and the one before are right, no others', async (t) => {
  const { begin, finish, code, clock } = await setUp();
  clock.shift(step / 2 - (clock.now() % step));
  for (const [name, shift, expected] of [
    ['two steps ago', -2 * step, refused],
    ['the next one', step, refused],
    ['the one before', -step, '200'],
    ['the one before, again', -step, refused],
    ['the current one', 0, '200'],
    ['the current one, again', 0, refused],
    ['the one before, after the current one', -step, refused],
  ] as const)
    t.equal(brief(await finish(await begin(alice), { totp: code(shift) })), expected, name);
});

t.test('what is no code is refused like a wrong one', async (t) => {
  const { begin, finish, code, wrong, clock } = await setUp();
  const right = code();
  const wide = [...right].map((digit) => String.fromCodePoint(0xff10 + Number(digit))).join('');
  const arabic = [...right].map((digit) => String.fromCodePoint(0x660 + Number(digit))).join('');
  const answers = [];
  for (const totp of [
    wrong(),
    wide,
    arabic,
    ` ${right}`,
    `${right}\n`,
    right.slice(1),
    `${right}0`,
    'abcdef',
    '\0',
    '-00001',
    '1e5',
  ]) {
    const { status, body } = await finish(await begin(alice), { totp });
    const { request_id: _, ...problem } = body;
    answers.push(JSON.stringify([status, problem]));
    // So that it is no wait that refuses.
    clock.shift(5 * 60_000);
  }
  t.equal(new Set(answers).size, 1, answers.join('\n'));
  t.match(answers[0], /^\[401,.*invalid_code/);
});

t.test('a request has one proof', async (t) => {
  const { begin, call } = await setUp();
  const token = await begin(alice);
  for (const proof of [{}, { totp: '000000', recovery_code: 'X' }]) {
    const answer = await call('POST', '/auth/login/factor', { body: { login_token: token, ...proof } });
    t.match(answer, { status: 400, body: { code: 'invalid_request', errors: [{ rule: 'one_proof' }] } });
  }
  for (const factor of ['totp', 'recovery_code']) {
    const answer = await call('POST', '/auth/login/factor/start', { body: { login_token: token, factor } });
    t.match(answer, { status: 400, body: { errors: [{ field: 'factor', rule: 'nothing_to_start' }] } });
  }
  const unknown = { login_token: token, factor: 'passkey' };
  t.equal((await call('POST', '/auth/login/factor/start', { body: unknown })).status, 400);
});

t.test('a login token is good for one session, one user and ten minutes', async (t) => {
  const { begin, finish, code, clock, register, login, call, firstSession } = await setUp();
  const used = await begin(alice);
  t.equal(brief(await finish(used, { totp: code() })), '200');
  clock.shift(step);
  t.equal(brief(await finish(used, { totp: code() })), refused, 'used');

  const old = await begin(alice);
  clock.shift(10 * 60_000);
  t.equal(brief(await finish(old, { totp: code() })), refused, 'expired');

  t.equal(brief(await finish(`ot_${'A'.repeat(43)}`, { totp: code() })), refused, 'invented');
  t.equal(
    brief(await finish(firstSession.refresh_token, { totp: code() })),
    refused,
    'another kind of token',
  );
  t.equal(brief(await finish('x'.repeat(5_000), { totp: code() })), refused, 'long');

  const carol = await enrolled({ register, login, call }, 'carol@example.com', clock.now);
  clock.shift(2 * step);
  const ofAlice = await begin(alice);
  t.equal(
    brief(await finish(ofAlice, { totp: totpAt(carol.secret, clock.now()) })),
    refused,
    'the code of another user',
  );
  const ofCarol = await begin('carol@example.com');
  t.equal(brief(await finish(ofCarol, { totp: code() })), refused, 'the login of another user');

  const before = await begin(alice);
  const token = firstSession.access_token;
  t.equal((await call('POST', '/auth/logout-all', { token })).status, 204);
  t.equal(brief(await finish(before, { totp: code() })), refused, 'begun before a logout everywhere');
  t.equal(brief(await finish(await begin(alice), { totp: code() })), '200');
});

t.test('a login token allows five tries', async (t) => {
  const { begin, finish, code, wrong, clock } = await setUp();
  const token = await begin(alice);
  for (let count = 0; count < 5; count += 1) {
    t.equal(brief(await finish(token, { totp: wrong() })), refused);
    clock.shift(60_000);
  }
  t.equal(brief(await finish(token, { totp: code() })), refused, 'the right one comes too late');
  t.equal(brief(await finish(await begin(alice), { totp: code() })), '200');
});

t.test('the code that confirmed the enrolment does not log in', async (t) => {
  const clock = createShiftedClock();
  const authority = await startAuthority({ clock });
  t.teardown(() => authority.stop());
  clock.shift(step - (clock.now() % step) + 1_000);
  const { secret } = await enrolled(authority, alice, clock.now);
  const { begin, finish } = secondStepAt(authority);
  t.equal(brief(await finish(await begin(alice), { totp: totpAt(secret, clock.now()) })), refused);
  clock.shift(step);
  t.equal(brief(await finish(await begin(alice), { totp: totpAt(secret, clock.now()) })), '200');
});

t.test('in a browser the refresh token comes in the cookie only, and the session before ends', async (t) => {
  const { call, begin, code, clock } = await setUp();
  const headers = { 'countersign-csrf': '1', 'sec-fetch-site': 'same-origin' };
  const finish = async (cookie?: string) => {
    clock.shift(step);
    const body = { login_token: await begin(alice), totp: code() };
    const sent = cookie === undefined ? headers : { ...headers, cookie };
    return call('POST', '/auth/login/factor?cookie', { body, headers: sent });
  };
  const first = await finish();
  t.equal(first.status, 200);
  t.notOk('refresh_token' in first.body);
  const cookie = String(first.headers.get('set-cookie')).split(';')[0] ?? '';
  t.match(cookie, /^__Host-countersign-refresh=rt_/);
  const me = async ({ body }: typeof first) =>
    (await call('GET', '/auth/me', { token: body.access_token })).status;
  t.equal(await me(first), 200);
  const second = await finish(cookie);
  t.equal(await me(first), 401, 'the session of the cookie ended');
  t.equal(await me(second), 200);

  const body = { login_token: 'x', totp: 'x' };
  const foreign = await call('POST', '/auth/login/factor?cookie', { body });
  t.match(foreign, { status: 403, body: { code: 'csrf_refused' } });
});

t.test('the same code twice at once, at two nodes: one login', async (t) => {
  const { one, two } = await startTwoNodes(t);
  const nodes = [secondStepAt(one), secondStepAt(two)];
  const names = ['bob', 'carol', 'dave', 'erin'];
  for (const name of names) {
    const email = `${name}@example.com`;
    // Enrolled with it, so that the current one is unused.
    const { secret } = await enrolled(one, email, () => Date.now() - step);
    const tokens = await Promise.all(nodes.map(({ begin }) => begin(email)));
    const totp = totpAt(secret, Date.now());
    const answers = await Promise.all(
      nodes.map(({ finish }, index) => finish(tokens[index] ?? '', { totp })),
    );
    t.strictSame(answers.map(brief).sort(), ['200', refused], name);
  }
});

t.test('strangers who know the password are not let in, and do not lock the owner out at home', async (t) => {
  const { begin, finish, code, wrong, clock, call } = await setUp();
  const home = from('192.0.2.7');
  const elsewhere = (number: number) => from(`198.51.${number % 250}.1`);
  t.equal(brief(await finish(await begin(alice, home), { totp: code() }, home)), '200');
  const outcomes = new Map<string, number>();
  for (let count = 0; count < 300; count += 1) {
    const login = await call('POST', '/auth/login', {
      body: { email: alice, password },
      headers: elsewhere(count),
    });
    const guess =
      login.status === 403 && login.body.login_token !== undefined
        ? await finish(login.body.login_token, { totp: wrong() }, elsewhere(count))
        : login;
    const outcome = brief(guess).replace(/ again.*/, '');
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    clock.shift(5 * 60_000);
  }
  t.strictSame(Object.fromEntries(outcomes), { [refused]: 100, '403 recovery_required': 200 });
  t.equal(brief(await finish(await begin(alice, home), { totp: code() }, home)), '200', 'at home');
  const abroad = await call('POST', '/auth/login', {
    body: { email: alice, password },
    headers: elsewhere(1),
  });
  t.equal(brief(abroad), '403 recovery_required', 'the right password made no place a known one');
});

t.test('waits count for passwords and codes together', async (t) => {
  const { begin, finish, wrong } = await setUp();
  const place = from('198.51.100.1');
  const tokens = await Promise.all(Array.from({ length: 3 }, () => begin(alice, place)));
  for (let count = 0; count < 5; count += 1)
    t.equal(brief(await finish(tokens[count % 3] ?? '', { totp: wrong() }, place)), refused);
  t.match(brief(await finish(tokens[0] ?? '', { totp: wrong() }, place)), /^429 rate_limited again in/);
});
