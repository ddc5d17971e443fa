/** What the settings make of an unusual use: the owner is told by mail, and `step_up` asks for a proof before services that ask for one. */
import t, { type Test } from 'tap';
import { password, startAuthority, type Tokens } from '../support/authority.ts';
import { said } from '../support/guards.ts';
import { mailSettings, startMailServer } from '../support/mailServer.ts';
import { claimsIn, enrolled, secondStepAt, totpAt } from '../support/secondFactor.ts';
import { createShiftedClock } from '../support/shiftedClock.ts';
import { guardOf } from '../support/twoNodes.ts';

const ada = 'ada@example.com';

async function begin(t: Test, action: string, { hasApp = false } = {}) {
  const mail = await startMailServer();
  t.teardown(() => mail.stop());
  const clock = createShiftedClock();
  const env = { ...mailSettings(mail), ON_DEVICE_CHANGE: action, TRUSTED_PROXIES: '127.0.0.1' };
  const node = await startAuthority({ clock, env });
  t.teardown(() => node.stop());
  const { call } = node;
  const app = hasApp ? await enrolled(node, ada, () => clock.now() - 30_000) : undefined;
  if (app === undefined) await node.register(ada);
  const device = { device_id: 'device-1' };
  const first = await call('POST', '/auth/login', { body: { email: ada, password, ...device } });
  const tokens: Tokens =
    app === undefined
      ? first.body
      : (await secondStepAt(node).finish(first.body.login_token, { totp: totpAt(app.secret, clock.now()) }))
          .body;
  const refresh = (refreshToken: string, deviceId: string, headers = {}) =>
    call('POST', '/auth/refresh', { body: { refresh_token: refreshToken, device_id: deviceId }, headers });
  const notice = async () => {
    let found = await mail.mailTo(ada);
    while (found.subject !== 'Unusual use of your account') found = await mail.mailTo(ada);
    return found;
  };
  return { node, call, app, tokens, refresh, notice };
}

t.test('notify: the owner gets a mail, and its link ends the session', async (t) => {
  const { tokens, refresh, notice, call, node } = await begin(t, 'notify');
  const moved = await refresh(tokens.refresh_token, 'device-2', { 'x-forwarded-for': '203.0.113.9' });
  t.equal(moved.status, 200);
  const { text, token } = await notice();
  t.match(text, /From: 203\.0\.113\.9 \(IP address\)[\s\S]*The session goes on\./);
  const again = await refresh(moved.body.refresh_token, 'device-2');
  t.equal(again.status, 200, 'once');
  t.equal((await call('POST', '/auth/not-me', { body: { token } })).status, 204);
  t.equal((await node.refresh(again.body.refresh_token)).status, 401);
});

t.test('end: the session ends, and the owner is told', async (t) => {
  const { tokens, refresh, notice } = await begin(t, 'end');
  t.equal((await refresh(tokens.refresh_token, 'device-2')).status, 401);
  t.match((await notice()).text, /We ended the session/);
});

t.test('a logout everywhere and unusual uses at once do not wait for each other in a circle', async (t) => {
  for (const action of ['notify', 'end']) {
    const { node, call, refresh } = await begin(t, action);
    for (let round = 0; round < 10; round += 1) {
      const body = { email: ada, password, device_id: 'device-1' };
      const logIn = async (): Promise<Tokens> => (await call('POST', '/auth/login', { body })).body;
      const sessions = await Promise.all(Array.from({ length: 6 }, logIn));
      const [{ access_token: token }] = sessions as [Tokens];
      const [out, ...refreshed] = await Promise.all([
        call('POST', '/auth/logout-all', { token }),
        ...sessions.map((each) => refresh(each.refresh_token, 'device-2')),
      ]);
      t.ok(out.status < 300 || out.status === 401, `${action}: ${out.status}`);
      for (const { status } of refreshed) t.ok([200, 401].includes(status), `${action}: ${status}`);
    }
    t.notMatch(node.log(), /deadlock|40P01/);
  }
});

t.test('step_up: a service that asks for a proof gets none, until the user steps up', async (t) => {
  for (const hasApp of [false, true]) {
    const { tokens, refresh, notice, call, app, node } = await begin(t, 'step_up', { hasApp });
    const guard = guardOf(t, node);
    await guard.ready();
    const acr = hasApp ? '2fa' : '1fa';
    const asked = [{ acr }, { acr: '1fa' }, { maxAgeSeconds: 3_600 }];
    const verdicts = async (token: string) =>
      Promise.all([{}, ...asked].map((needed) => said(guard, token, needed)));
    const good = Array(4).fill('accepted');
    t.strictSame(await verdicts(tokens.access_token), good);
    const { body: moved } = await refresh(tokens.refresh_token, 'device-2');
    t.match(claimsIn(moved.access_token), { acr: '0' });
    const refused = ['accepted', ...Array(3).fill('401 insufficient_user_authentication')];
    t.strictSame(await verdicts(moved.access_token), refused);
    t.match((await notice()).text, /you may have to prove again/);
    t.match(await node.grpc.introspect(moved.access_token), { active: true, acr: '0' });
    const { body: later } = await refresh(moved.refresh_token, 'device-1');
    t.strictSame(await verdicts(later.access_token), refused, 'also back on the known device');
    const change = { email: 'other@example.com' };
    const own = await call('POST', '/auth/email', { token: later.access_token, body: change });
    t.equal(own.body.code, 'insufficient_user_authentication', 'the authority asks, too');

    const proof = app === undefined ? { password } : { recovery_code: app.recoveryCodes[0] };
    const { body: proved } = await call('POST', '/auth/step-up', { token: later.access_token, body: proof });
    t.match(claimsIn(proved.access_token), { acr });
    t.strictSame(await verdicts(proved.access_token), good);
    const { body: after } = await refresh(later.refresh_token, 'device-1');
    t.match(claimsIn(after.access_token), { acr }, 'the session was stepped up, not only the token');
  }
});
