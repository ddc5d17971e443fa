/** Every way to start a session binds it to the key that was proved, and a step-up keeps the key. */
import t, { type Test } from 'tap';
import { csrfHeader } from '../../../src/sessions/csrf.ts';
import { password, startAuthority } from '../../support/authority.ts';
import { type Answer, claimsOf } from '../../support/clients.ts';
import { ada, startWithCodes } from '../../support/codeUsers.ts';
import { passkeysAt, issuer as withHostName } from '../../support/passkeyUser.ts';
import { aProver, type Prover } from '../../support/proofs.ts';
import { enrolled, secondStepAt, totpAt } from '../../support/secondFactor.ts';
import { createShiftedClock } from '../../support/shiftedClock.ts';

const issuer = 'http://127.0.0.1:8080';
const alice = 'alice@example.com';

function isBoundTo(t: Test, { status, body }: Answer, { jkt }: Prover): void {
  t.match([status, body.token_type], [200, 'DPoP']);
  t.strictSame(claimsOf(body.access_token)['cnf'], { jkt });
}

t.test('a code by mail', async (t) => {
  const { proved, mailed, finishCode, clock, refresh } = await startWithCodes(t);
  await proved(ada);
  const { loginToken, code } = await mailed(ada);
  const prover = aProver(clock.now);
  const dpop = prover.proof({ method: 'POST', url: `${issuer}/auth/login/code` });
  const answer = await finishCode(loginToken, code, {}, { dpop });
  isBoundTo(t, answer, prover);
  t.equal((await refresh(answer.body.refresh_token)).status, 401);
});

t.test('password and authenticator app: the proof of the last step counts', async (t) => {
  const clock = createShiftedClock();
  const authority = await startAuthority({ clock });
  t.teardown(() => authority.stop());
  const { call } = authority;
  const { secret } = await enrolled(authority, alice, clock.now);
  const { begin, finish } = secondStepAt(authority);
  const prover = aProver(clock.now);
  const prove = (path: string, given = prover) => given.proof({ method: 'POST', url: issuer + path });
  clock.shift(60_000);
  const loginToken = await begin(alice, { dpop: prove('/auth/login', aProver(clock.now)) });
  const totp = () => totpAt(secret, clock.now());
  const answer = await finish(loginToken, { totp: totp() }, { dpop: prove('/auth/login/factor') });
  isBoundTo(t, answer, prover);

  clock.shift(60_000);
  const { access_token: token } = answer.body;
  const body = () => ({ totp: totp() });
  const asBearer = await call('POST', '/auth/step-up', { token, body: body() });
  t.match([asBearer.status, asBearer.body.code], [401, 'invalid_token']);
  const headers = prover.headers({ method: 'POST', url: `${issuer}/auth/step-up`, token });
  isBoundTo(t, await call('POST', '/auth/step-up', { body: body(), headers }), prover);
});

t.test('a passkey', async (t) => {
  const authority = await startAuthority({ env: { ISSUER: withHostName } });
  t.teardown(() => authority.stop());
  const { device, withPasskey, startLogin } = passkeysAt(authority);
  const { passkey } = await withPasskey(alice);
  const { login_token, options } = await startLogin();
  const prover = aProver();
  const answer = await authority.call('POST', '/auth/login/passkey', {
    body: { login_token, credential: device.get(passkey, options) },
    headers: { dpop: prover.proof({ method: 'POST', url: `${withHostName}/auth/login/passkey` }) },
  });
  isBoundTo(t, answer, prover);
});

t.test('a browser with the cookie', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  await authority.register(alice);
  const prover = aProver();
  const page = { [csrfHeader]: '1', origin: issuer };
  const prove = (path: string) => prover.proof({ method: 'POST', url: issuer + path });
  const answer = await authority.call('POST', '/auth/login?cookie', {
    body: { email: alice, password },
    headers: { ...page, dpop: prove('/auth/login') },
  });
  isBoundTo(t, answer, prover);
  const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? '';
  const call = (path: string, headers: object = {}) =>
    authority.call('POST', path, { headers: { ...page, cookie, ...headers } });
  t.match(await call('/auth/refresh'), { status: 401, body: { code: 'invalid_grant' } }, 'the cookie alone');
  const withoutKey = await call('/auth/logout');
  t.match([withoutKey.status, withoutKey.headers.get('set-cookie')], [401, null], 'its cookie stays');
  await authority.register('mallory@example.com');
  const mallory = { email: 'mallory@example.com', password };
  const stolen = await authority.call('POST', '/auth/login?cookie', {
    body: mallory,
    headers: { ...page, cookie },
  });
  t.equal(stolen.status, 200);
  isBoundTo(t, await call('/auth/refresh', { dpop: prove('/auth/refresh') }), prover);
  t.equal((await call('/auth/logout', { dpop: prove('/auth/logout') })).status, 204);
});
