/** A user's factors: adding, listing and removing them, recovery codes, and what a change needs. */
import t from 'tap';
import { dumpOf } from '../../sessions/dump.ts';
import { aGuard, said } from '../../support/guards.ts';
import { brief } from '../../support/loginTries.ts';
import { claimsIn, enrolled, secondStepAt, totpAt, wrongTotpAt } from '../../support/secondFactor.ts';
import { sharedAuthority } from '../../support/sharedAuthority.ts';

const alice = 'alice@example.com';
const refused = '401 invalid_code';
const step = 30_000;
const minute = 60_000;

async function setUp(env: Readonly<Record<string, string>> = {}) {
  const authority = await sharedAuthority(env);
  const { engine } = authority;
  return {
    ...{ ...authority, ...secondStepAt(authority) },
    /** Every row of every table, as text. */
    async dump(): Promise<string> {
      const connection = await engine.connect();
      const rows = await dumpOf((sql) => connection.query<{ row: string }>(sql));
      await connection.close();
      return rows.join('\n');
    },
    /** As after KEY_ENCRYPTION_KEY was lost. */
    spoilSecrets: () => engine?.prisma.totpFactor.updateMany({ data: { sealedSecret: Buffer.alloc(80) } }),
    rows: async () => ({
      totp: await engine.prisma.totpFactor.count(),
      codes: await engine.prisma.recoveryCode.count(),
      tokens: await engine.prisma.oneTimeToken.count(),
    }),
  };
}

/** Alice has an app, and a session that both factors opened. */
async function withApp(env: Readonly<Record<string, string>> = {}) {
  const parts = await setUp(env);
  const user = await enrolled(parts, alice, parts.clock.now);
  const logIn = async () => {
    parts.clock.shift(2 * step);
    const totp = totpAt(user.secret, parts.clock.now());
    const answer = await parts.finish(await parts.begin(alice), { totp });
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
    return answer.body;
  };
  const token: string = (await logIn()).access_token;
  const change = (method: string, path: string, body?: object, by = token) =>
    parts.call(method, `/auth/factors${path}`, { token: by, ...(body === undefined ? {} : { body }) });
  return { ...parts, ...user, logIn, token, change };
}

t.test('an authenticator app is added in two steps', async (t) => {
  const { register, login, call, clock } = await setUp({ ISSUER: 'https://auth.example.com:8443' });
  await register(alice);
  const { access_token: token } = await login(alice);
  const begun = await call('POST', '/auth/factors/totp', { token, body: { name: 'Work phone' } });
  t.equal(begun.status, 200);
  t.equal(begun.headers.get('cache-control'), 'no-store');
  const { secret, uri, qr_svg: svg } = begun.body;
  t.match(secret, /^[A-Z2-7]{32}$/);
  t.equal(
    uri,
    `otpauth://totp/auth.example.com:alice%40example.com?secret=${secret}&issuer=auth.example.com`,
  );
  t.match(svg, /^<svg /);
  t.notMatch(svg, /style|script/, 'fits a strict Content-Security-Policy');

  const list = async () => (await call('GET', '/auth/factors', { token })).body;
  t.match((await list()).passkeys, { rp_id: 'auth.example.com', all_accepted_credential_ids: [] });
  t.match(
    await list(),
    { factors: { length: 0 }, recovery_codes: { left: 0 } },
    'not before it is confirmed',
  );
  t.type((await login(alice)).access_token, 'string', 'nor asked for');

  const confirm = (code: string) => call('POST', '/auth/factors/totp/confirm', { token, body: { code } });
  t.equal(brief(await confirm(wrongTotpAt(secret, clock.now()))), refused);
  t.equal(brief(await confirm('１２３４５６')), refused);
  const confirmed = await confirm(totpAt(secret, clock.now()));
  t.equal(confirmed.status, 200);
  const { id, recovery_codes: codes } = confirmed.body;
  t.equal(new Set(codes).size, 10);
  t.ok(codes.every((code: string) => /^([0-9A-HJKMNP-TV-Z]{4}-){5}[0-9A-HJKMNP-TV-Z]{4}$/.test(code)));
  t.match(await list(), {
    factors: [{ id, kind: 'totp', name: 'Work phone', last_used_at: null }],
    recovery_codes: { left: 10 },
  });
  t.equal(brief(await confirm(totpAt(secret, clock.now()))), '401 insufficient_user_authentication');
});

t.test('an enrolment is replaced by the next one, and expires', async (t) => {
  const { register, login, call, clock } = await setUp();
  await register(alice);
  let { access_token: token } = await login(alice);
  const begin = async () => (await call('POST', '/auth/factors/totp', { token })).body.secret;
  const confirm = async (secret: string) =>
    brief(
      await call('POST', '/auth/factors/totp/confirm', {
        token,
        body: { code: totpAt(secret, clock.now()) },
      }),
    );
  const [first, second] = [await begin(), await begin()];
  t.equal(await confirm(first), refused);
  clock.shift(10 * minute);
  token = (await login(alice)).access_token;
  t.equal(await confirm(second), refused, 'expired');
  t.equal(await confirm(await begin()), '200');
});

t.test('a user has five apps at most, and any of them logs in', async (t) => {
  const { change, logIn, clock, begin, finish } = await withApp();
  let secret = '';
  for (let count = 2; count <= 5; count += 1) {
    const token = (await logIn()).access_token;
    secret = (await change('POST', '/totp', {}, token)).body.secret;
    const confirmed = await change('POST', '/totp/confirm', { code: totpAt(secret, clock.now()) }, token);
    t.strictSame(confirmed.body.recovery_codes, [], 'there is a set');
  }
  const token = (await logIn()).access_token;
  t.match(await change('POST', '/totp', {}, token), { status: 400, body: { errors: [{ rule: 'count' }] } });
  clock.shift(step);
  t.equal(brief(await finish(await begin(alice), { totp: totpAt(secret, clock.now()) })), '200');
});

t.test('a recovery code stands in for the app, once', async (t) => {
  const { recoveryCodes, begin, finish, call, change, clock } = await withApp();
  const [code = '', other = ''] = recoveryCodes;
  const sloppy = ` ${code.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')} `;
  const answer = await finish(await begin(alice), { recovery_code: sloppy });
  t.equal(answer.status, 200);
  t.match(claimsIn(answer.body.access_token), { acr: '2fa', amr: ['pwd', 'otp', 'mfa'] });
  t.equal(brief(await finish(await begin(alice), { recovery_code: code })), refused, 'used');
  const left = async () =>
    (await call('GET', '/auth/factors', { token: answer.body.access_token })).body.recovery_codes.left;
  t.equal(await left(), 9);

  const renewed = await change('POST', '/recovery-codes');
  t.equal(renewed.body.recovery_codes.length, 10);
  t.equal(await left(), 10);
  t.equal(brief(await finish(await begin(alice), { recovery_code: other })), refused, 'of the old set');

  const fresh = renewed.body.recovery_codes[3];
  const tokens = await Promise.all(Array.from({ length: 5 }, () => begin(alice)));
  const answers = await Promise.all(tokens.map((each) => finish(each, { recovery_code: fresh })));
  t.strictSame(answers.map(brief).sort(), ['200', ...Array(4).fill(refused)], 'five at once: one login');
  t.equal(await left(), 9);
  for (const bad of ['', 'x', '0'.repeat(16), fresh.replaceAll('-', '/'), '\u{1d7ce}'.repeat(16)]) {
    const status = (await finish(await begin(alice), { recovery_code: bad })).status;
    t.equal(status, bad === '' ? 400 : 401, JSON.stringify(bad));
    clock.shift(5 * minute);
  }
});

t.test(
  'removing an app ends its sessions: guards refuse in the first request after the answer',
  async (t) => {
    const { logIn, id, token, change, call, begin, finish, recoveryCodes, ...parts } = await withApp();
    const opened = (await logIn()).access_token;
    // A recovery code opens a session that does not depend on the app.
    const [code = ''] = recoveryCodes;
    const without = (await finish(await begin(alice), { recovery_code: code })).body.access_token;
    const first = parts.firstSession.access_token;
    const { grpcPort, serviceToken, clock } = parts;
    const options = { serviceToken, audience: 'countersign', issuer: 'http://127.0.0.1:8080' };
    const guard = aGuard(t, [{ address: `127.0.0.1:${grpcPort}` }], options, { clock });
    await guard.ready();
    for (const each of [token, opened, without, first]) t.equal(await said(guard, each), 'accepted');

    t.equal((await change('DELETE', `/${id}`, undefined, without)).status, 204);
    t.equal(await said(guard, opened), '401 invalid_token revoked');
    t.equal(await said(guard, token), '401 invalid_token revoked');
    t.equal((await call('GET', '/auth/me', { token: opened })).status, 401);
    for (const each of [without, first]) t.equal(await said(guard, each), 'accepted', 'not opened by it');
    t.strictSame((await call('GET', '/auth/factors', { token: without })).body, {
      factors: [],
      step_up: [],
      passkeys: null,
      recovery_codes: { left: 0 },
    });
    t.type((await parts.login(alice)).access_token, 'string', 'the password is enough again');
    t.equal((await change('DELETE', `/${id}`, undefined, without)).status, 404, 'again');
  },
);

t.test('the calling session ends, too, when the app opened it', async (t) => {
  const { token, change, id, call, firstSession } = await withApp();
  t.equal((await change('DELETE', `/${id}`)).status, 204);
  t.equal((await call('GET', '/auth/me', { token })).status, 401);
  t.equal((await call('GET', '/auth/me', { token: firstSession.access_token })).status, 200);
});

t.test('a login under way does not survive the removal of its factor', async (t) => {
  const { secret, clock, begin, finish, change, id } = await withApp();
  const login = await begin(alice);
  t.equal((await change('DELETE', `/${id}`)).status, 204);
  t.equal(brief(await finish(login, { totp: totpAt(secret, clock.now() + step) })), refused);
});

t.test('what is not the caller’s does not exist', async (t) => {
  const { change, register, login, call, clock, begin, finish } = await withApp();
  const bob = await enrolled({ register, login, call }, 'bob@example.com', clock.now);
  t.equal((await change('DELETE', `/${bob.id}`)).status, 404);
  t.equal((await change('DELETE', '/01890a5d-ac96-774b-bcce-b302099a8057')).status, 404);
  t.equal((await change('DELETE', '/x')).status, 400);
  clock.shift(2 * step);
  const totp = totpAt(bob.secret, clock.now());
  t.equal(brief(await finish(await begin('bob@example.com'), { totp })), '200', 'it is there');
});

t.test('changes need a recent proof, with the second factor if there is one', async (t) => {
  const { change, clock, id, firstSession, logIn } = await withApp();
  const calls: readonly (readonly [string, string, object?])[] = [
    ['POST', '/totp', {}],
    ['POST', '/totp/confirm', { code: '000000' }],
    ['POST', '/recovery-codes'],
    ['DELETE', `/${id}`],
  ];
  const challenge =
    /^Bearer realm="countersign", error="insufficient_user_authentication", .*max_age="600", acr_values="2fa"$/;
  for (const [method, path, body] of calls) {
    const answer = await change(method, path, body, firstSession.access_token);
    t.equal(brief(answer), '401 insufficient_user_authentication', path);
    t.match(answer.headers.get('www-authenticate'), challenge, 'opened by the password alone');
  }
  const { access_token: token } = await logIn();
  clock.shift(601_000);
  for (const [method, path, body] of calls) {
    const answer = await change(method, path, body, token);
    t.equal(brief(answer), '401 insufficient_user_authentication', path);
  }
  t.equal((await change('GET', '', undefined, token)).status, 200, 'reading needs none');
});

t.test('without a second factor, a recent password is enough', async (t) => {
  const { register, login, call, clock } = await setUp();
  await register(alice);
  const { access_token: token } = await login(alice);
  t.equal((await call('POST', '/auth/factors/recovery-codes', { token })).status, 404, 'for nothing');
  clock.shift(599_000);
  t.equal((await call('POST', '/auth/factors/totp', { token })).status, 200);
  clock.shift(2_000);
  const late = await call('POST', '/auth/factors/totp', { token });
  t.equal(brief(late), '401 insufficient_user_authentication');
  t.match(late.headers.get('www-authenticate'), /max_age="600"$/);
});

t.test('SECOND_FACTOR none: nobody adds one', async (t) => {
  const { register, login, call } = await setUp({ SECOND_FACTOR: 'none' });
  await register(alice);
  const { access_token: token } = await login(alice);
  t.equal(brief(await call('POST', '/auth/factors/totp', { token })), '403 permission_denied');
});

t.test('SECOND_FACTOR required: no session before there is one', async (t) => {
  const parts = await setUp({ SECOND_FACTOR: 'required', PASSWORD_MINIMUM: '8' });
  const { call, begin, finish, clock } = parts;
  const short = { email: 'bob@example.com', password: 'w0mb4t-z' };
  t.equal((await call('POST', '/auth/register', { body: short })).status, 201, 'eight characters will do');
  await parts.register(alice);
  const asked = await call('POST', '/auth/login', { body: short });
  t.match(asked, { status: 403, body: { factors: [], enrolment: ['totp'] } });

  const login = await begin(alice);
  t.equal(brief(await finish(login, { totp: '000000' })), refused, 'nothing is enrolled');
  const enrol = (token: string) => call('POST', '/auth/login/factor/enrol', { body: { login_token: token } });
  const { secret } = (await enrol(login)).body;
  t.equal(brief(await finish(login, { totp: wrongTotpAt(secret, clock.now()) })), refused);
  const late = await begin(alice);
  const done = await finish(login, { totp: totpAt(secret, clock.now()) });
  t.equal(done.status, 200);
  t.match(claimsIn(done.body.access_token), { acr: '2fa', amr: ['pwd', 'otp', 'mfa'] });
  const first: readonly string[] = done.body.recovery_codes;
  t.equal(new Set(first).size, 10, 'a lost phone does not mean the operator');
  const byCode = await finish(await begin(alice), { recovery_code: first[0] });
  t.equal(byCode.status, 200);
  t.notOk('recovery_codes' in byCode.body, 'shown once');

  // Whoever knows the password cannot add another one.
  t.equal(brief(await enrol(late)), '403 second_factor_required');
  clock.shift(step);
  t.equal(brief(await finish(late, { totp: totpAt(secret, clock.now()) })), refused, 'nor use the enrolment');
  const token = done.body.access_token;
  const another = (await call('POST', '/auth/factors/totp', { token })).body.secret;
  const joined = await finish(late, { totp: totpAt(another, clock.now()) });
  t.equal(brief(joined), refused, 'nor one that the owner has begun');
  const codes = await call('POST', '/auth/factors/recovery-codes', { token });
  t.equal(codes.body.recovery_codes.length, 10);
  const [{ id }] = (await call('GET', '/auth/factors', { token })).body.factors;
  t.equal(brief(await call('DELETE', `/auth/factors/${id}`, { token })), '409 last_way_in');
  t.equal((await enrol('x')).status, 401);
});

t.test('who enrolled during a login cannot be joined by another login', async (t) => {
  const { call, begin, finish, clock, register } = await setUp({ SECOND_FACTOR: 'required' });
  await register(alice);
  const enrol = async (token: string) =>
    (await call('POST', '/auth/login/factor/enrol', { body: { login_token: token } })).body.secret;
  const [owner, thief] = [await begin(alice), await begin(alice)];
  const replaced = await enrol(thief);
  const secret = await enrol(owner);
  t.equal(brief(await finish(thief, { totp: totpAt(replaced, clock.now()) })), refused);
  t.equal(brief(await finish(owner, { totp: totpAt(secret, clock.now()) })), '200');
});

t.test('an app whose secret no key opens: a refusal, and an error in the log', async (t) => {
  const { begin, finish, secret, clock, spoilSecrets, recoveryCodes, log } = await withApp();
  await spoilSecrets();
  clock.shift(2 * step);
  t.equal(brief(await finish(await begin(alice), { totp: totpAt(secret, clock.now()) })), refused);
  t.match(log(), /"level":"error",.*no key opens the secret of an authenticator app/);
  t.equal((await finish(await begin(alice), { recovery_code: recoveryCodes[0] })).status, 200);
});

t.test('support resets factors: every session ends, and the password is enough', async (t) => {
  const { authority, token, call, login, log } = await withApp();
  const reset = (email: string) =>
    authority.operations.resetFactors({ email }, { now: 'showed an identity card' }, { name: 'operator' });
  const { endedSessions } = await reset(alice);
  t.equal(endedSessions, 2);
  t.equal((await call('GET', '/auth/me', { token })).status, 401);
  t.type((await login(alice)).access_token, 'string');
  await t.rejects(reset('x@example.com'), { code: 'not_found' });
  t.notMatch(log(), /"level":"error"/);
});

t.test('deleting a user deletes factors and logins under way', async (t) => {
  const { authority, begin, rows } = await withApp();
  await begin(alice);
  t.strictSame(await rows(), { totp: 1, codes: 10, tokens: 2 }, 'the login and the link of a notice');
  await authority.operations.deleteUser({ email: alice }, { name: 'operator' });
  t.strictSame(await rows(), { totp: 0, codes: 0, tokens: 0 });
});

t.test('a dump of the database holds no secret, no code and no login token', async (t) => {
  const { secret, recoveryCodes, begin, dump, token, log } = await withApp();
  const login = await begin(alice);
  const text = (await dump()).toLowerCase();
  t.match(text, alice, 'it is a dump');
  const bytes = hexOfBase32(secret);
  t.equal(bytes.length, 40);
  const secrets = [
    secret,
    bytes,
    login,
    token,
    ...recoveryCodes,
    ...recoveryCodes.map((code) => code.replaceAll('-', '')),
  ];
  for (const each of secrets) {
    t.notOk(text.includes(each.toLowerCase()), 'not in the dump');
    t.notOk(log().toLowerCase().includes(each.toLowerCase()), 'nor in the log');
  }
});

function hexOfBase32(text: string): string {
  const letters = [...text].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter));
  const bits = letters.map((letter) => letter.toString(2).padStart(5, '0')).join('');
  return (bits.match(/.{4}/g) ?? []).map((four) => Number.parseInt(four, 2).toString(16)).join('');
}
