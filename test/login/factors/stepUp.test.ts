/** Step-up: the same session, proved again. */
import t from 'tap';
import { password } from '../../support/authority.ts';
import { aGuard, said } from '../../support/guards.ts';
import { brief } from '../../support/loginTries.ts';
import { claimsIn, enrolled, secondStepAt, totpAt, wrongTotpAt } from '../../support/secondFactor.ts';
import { sharedAuthority } from '../../support/sharedAuthority.ts';

const alice = 'alice@example.com';
const bob = 'bob@example.com';
const step = 30_000;
const minute = 60_000;
const refused = '401 invalid_code';

async function setUp(env: Readonly<Record<string, string>> = {}) {
  const authority = await sharedAuthority(env);
  const { clock } = authority;
  const user = await enrolled(authority, alice, clock.now);
  clock.shift(2 * step);
  const stepUp = (token: string, body: object) => authority.call('POST', '/auth/step-up', { token, body });
  const code = () => totpAt(user.secret, clock.now());
  return { ...authority, ...secondStepAt(authority), ...user, clock, stepUp, code };
}

t.test('a session that the password opened becomes one of two factors', async (t) => {
  const { firstSession, stepUp, code, clock, call, grpcPort, serviceToken, id } = await setUp();
  const before = firstSession.access_token;
  clock.shift(5 * minute);
  const answer = await stepUp(before, { totp: code() });
  t.equal(answer.status, 200);
  const after = answer.body.access_token;
  const [was, is] = [claimsIn(before), claimsIn(after)];
  t.match(is, { sid: was.sid, sub: was.sub, ver: was.ver, acr: '2fa', amr: ['pwd', 'otp', 'mfa'] });
  t.match(was, { acr: '1fa', amr: ['pwd'] });
  t.ok(is.auth_time >= was.auth_time + 300);
  t.notOk('refresh_token' in answer.body, 'the client keeps its own');
  t.notOk(answer.headers.has('set-cookie'));
  t.equal(answer.headers.get('cache-control'), 'no-store');

  const options = { serviceToken, audience: 'countersign', issuer: 'http://127.0.0.1:8080' };
  const guard = aGuard(t, [{ address: `127.0.0.1:${grpcPort}` }], options, { clock });
  await guard.ready();
  const asked = { acr: '2fa', maxAgeSeconds: 60 };
  t.equal(await said(guard, before), 'accepted', 'the token of before stays good');
  t.match(await said(guard, before, asked), /^401 insufficient_user_authentication/);
  t.equal(await said(guard, after, asked), 'accepted');

  const refreshed = await call('POST', '/auth/refresh', {
    body: { refresh_token: firstSession.refresh_token },
  });
  t.equal(refreshed.status, 200);
  t.match(claimsIn(refreshed.body.access_token), { acr: '2fa', auth_time: is.auth_time, sid: is.sid });

  t.equal((await call('DELETE', `/auth/factors/${id}`, { token: after })).status, 204);
  for (const token of [before, after]) t.equal((await call('GET', '/auth/me', { token })).status, 401);
});

t.test('without a second factor, the password is enough', async (t) => {
  const { register, login, clock, stepUp, call } = await setUp();
  await register(bob);
  const { access_token: before } = await login(bob);
  clock.shift(11 * minute);
  t.equal(
    brief(await call('POST', '/auth/factors/totp', { token: before })),
    '401 insufficient_user_authentication',
  );
  t.match(await stepUp(before, { password: 'wrong horse battery staple' }), {
    status: 401,
    body: { code: 'invalid_credentials', errors: [{ field: 'password' }] },
  });
  const after = (await stepUp(before, { password })).body.access_token;
  t.match(claimsIn(after), { acr: '1fa', amr: ['pwd'], sid: claimsIn(before).sid });
  t.equal((await call('POST', '/auth/factors/totp', { token: after })).status, 200);
  t.equal(brief(await stepUp(after, { totp: '000000' })), refused, 'there is no app');
});

t.test('with a second factor, the password alone proves nothing', async (t) => {
  const { begin, finish, code, clock, stepUp, call, recoveryCodes } = await setUp();
  const opened = (await finish(await begin(alice), { totp: code() })).body.access_token;
  clock.shift(11 * minute);
  const alone = await stepUp(opened, { password });
  t.equal(brief(alone), '401 insufficient_user_authentication');
  t.match(alone.headers.get('www-authenticate'), /max_age="600", acr_values="2fa"/);
  t.equal(
    brief(await call('POST', '/auth/factors/totp', { token: opened })),
    '401 insufficient_user_authentication',
  );
  const after = await stepUp(opened, { recovery_code: recoveryCodes[0] });
  t.equal((await call('POST', '/auth/factors/totp', { token: after.body.access_token })).status, 200);
  t.equal(brief(await stepUp(opened, { recovery_code: recoveryCodes[0] })), refused);
});

t.test('a code is good once, for a login or a step-up', async (t) => {
  const { begin, finish, code, stepUp, firstSession, clock, secret } = await setUp();
  const token = firstSession.access_token;
  const first = code();
  t.equal(brief(await stepUp(token, { totp: first })), '200');
  t.equal(brief(await stepUp(token, { totp: first })), refused);
  t.equal(brief(await finish(await begin(alice), { totp: first })), refused);
  clock.shift(2 * step);
  const answers = await Promise.all(Array.from({ length: 4 }, () => stepUp(token, { totp: code() })));
  t.strictSame(answers.map(brief).sort(), ['200', refused, refused, refused]);
  t.equal(brief(await stepUp(token, { totp: wrongTotpAt(secret, clock.now()) })), refused);
});

t.test('a request has one proof, and needs a session', async (t) => {
  const { stepUp, firstSession, call, code } = await setUp();
  const token = firstSession.access_token;
  for (const body of [{}, { totp: code(), password }, { otp: '000000' }])
    t.equal((await stepUp(token, body)).status, 400, JSON.stringify(Object.keys(body)));
  const start = await call('POST', '/auth/step-up/start', { token, body: { factor: 'totp' } });
  t.match(start, { status: 400, body: { errors: [{ field: 'factor', rule: 'nothing_to_start' }] } });
  t.equal((await call('POST', '/auth/step-up', { body: { totp: code() } })).status, 401);
  await call('POST', '/auth/logout', { token });
  t.equal(brief(await stepUp(token, { totp: code() })), '401 invalid_token');
});

t.test('step-up and refreshes at once: the session goes on, and knows what was proved', async (t) => {
  const { firstSession, stepUp, code, call } = await setUp();
  const refresh = (token: string) => call('POST', '/auth/refresh', { body: { refresh_token: token } });
  const [stepped, ...refreshed] = await Promise.all([
    stepUp(firstSession.access_token, { totp: code() }),
    refresh(firstSession.refresh_token),
    refresh(firstSession.refresh_token),
  ]);
  t.strictSame([stepped, ...refreshed].map(brief), ['200', '200', '200']);
  const next = await refresh(refreshed[0]?.body.refresh_token);
  t.match(claimsIn(next.body.access_token), { acr: '2fa', amr: ['pwd', 'otp', 'mfa'] });
});

t.test('guessing in a session makes that session wait, and nobody else', async (t) => {
  const { firstSession, stepUp, clock, secret, begin, finish, code } = await setUp();
  const token = firstSession.access_token;
  for (let count = 0; count < 5; count += 1)
    t.equal(brief(await stepUp(token, { totp: wrongTotpAt(secret, clock.now()) })), refused);
  t.match(brief(await stepUp(token, { totp: code() })), /^429 rate_limited again in/);
  t.equal(brief(await finish(await begin(alice), { totp: code() })), '200');
});

t.test('the access token has the audience that was asked for', async (t) => {
  const { firstSession, stepUp, code } = await setUp({ ACCOUNT_AUDIENCE: 'countersign' });
  const answer = await stepUp(firstSession.access_token, { totp: code(), audience: 'elsewhere' });
  t.match(answer, { status: 400, body: { errors: [{ field: 'audience' }] } });
});

t.test('a session of two factors that were removed counts as one after the password', async (t) => {
  const { call, begin, finish, recoveryCodes, id, stepUp } = await setUp();
  const { body } = await finish(await begin(alice), { recovery_code: recoveryCodes[0] });
  const token = body.access_token;
  t.match(claimsIn(token), { acr: '2fa' });
  t.equal((await call('DELETE', `/auth/factors/${id}`, { token })).status, 204);
  const after = (await stepUp(token, { password })).body.access_token;
  t.match(claimsIn(after), { acr: '1fa', amr: ['pwd'], sid: body.session_id });
});
