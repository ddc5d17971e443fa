/** Notices, and the link "this was not me", which ends a session or all of them with effect. */

import t, { type Test } from 'tap';
import { notificationLimits } from '../../src/notifications/limits.ts';
import { password, startAuthority } from '../support/authority.ts';
import { eventually } from '../support/eventually.ts';
import { said } from '../support/guards.ts';
import { mailSettings, startMailServer } from '../support/mailServer.ts';
import { enrolled, secondStepAt, totpAt } from '../support/secondFactor.ts';
import { createShiftedClock } from '../support/shiftedClock.ts';
import { guardOf } from '../support/twoNodes.ts';

const ada = 'ada@example.com';
const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const olderFirefox = firefox.replaceAll('140.0', '128.0');
const chrome =
  'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';

async function begin(t: Test) {
  const mail = await startMailServer();
  t.teardown(() => mail.stop());
  const clock = createShiftedClock();
  const node = await startAuthority({
    env: { ...mailSettings(mail), TRUSTED_PROXIES: '127.0.0.1', REFRESH_GRACE: '0s' },
    clock,
  });
  t.teardown(() => node.stop());
  await node.register(ada);
  const login = async (userAgent: string, ip: string, more: object = {}) => {
    const headers = { 'user-agent': userAgent, 'x-forwarded-for': ip };
    const answer = await node.call('POST', '/auth/login', {
      body: { email: ada, password, ...more },
      headers,
    });
    return answer.body as { access_token: string; refresh_token: string };
  };
  const notMe = (token: string, all?: boolean) =>
    node.call('POST', '/auth/not-me', { body: { token, ...(all === undefined ? {} : { all }) } });
  return { mail, clock, node, login, notMe };
}

t.test('new device, mail, "not me", refused by the guard', async (t) => {
  const { mail, node, login, notMe } = await begin(t);
  const guard = guardOf(t, node);
  await guard.ready();
  const own = await login(firefox, '192.0.2.1');
  const loggedInAt = performance.now();
  const stolen = await login(chrome, '203.0.113.9');
  const { token, subject, text } = await mail.mailTo(ada);
  const mailedAfter = performance.now() - loggedInAt;
  t.equal(subject, 'New device');
  t.match(text, /When: .* UTC\nDevice: Chrome 140, Windows 10\nFrom: 203\.0\.113\.9 \(IP address\)\n/);
  t.ok(mailedAfter < 1_000, 'sent at once, not with the next look at the outbox');
  const path = `/auth/not-me?token=${token}`;
  const page = await node.call('GET', path);
  t.match(page.body, /<form method="post" action="\/auth\/not-me">/);
  t.notMatch(page.body, /type="password"|<script/);
  t.equal(await said(guard, stolen.access_token), 'accepted', 'opening the page does nothing');
  const asked = performance.now();
  t.equal((await notMe(token)).status, 204);
  t.equal(await said(guard, stolen.access_token), '401 invalid_token revoked');
  t.comment(
    `login to mail ${mailedAfter.toFixed()} ms, "not me" to refused ${(performance.now() - asked).toFixed()} ms`,
  );
  t.equal(await said(guard, own.access_token), 'accepted', 'the other session goes on');
  t.equal((await node.refresh(stolen.refresh_token)).status, 401);
  t.equal((await notMe(token)).status, 204, 'the answer may have been lost');
  t.equal((await notMe(token, true)).status, 204, 'and then all');
  t.equal(await said(guard, own.access_token), '401 invalid_token revoked');
  const after = await login(firefox, '192.0.2.1');
  for (const all of [true, false, undefined]) t.equal((await notMe(token, all)).status, 204);
  t.equal(await said(guard, after.access_token), 'accepted', 'a repetition ends nothing new');
  const reports = await node.authority.operations.listAudit({ type: 'not_me_reported' });
  t.strictSame(reports.map(({ reason }) => reason).sort(), ['all', 'session']);
});

t.test('two buttons, in a form', async (t) => {
  const { mail, node, login } = await begin(t);
  await login(firefox, '192.0.2.1');
  const stolen = await login(chrome, '203.0.113.9');
  const { token } = await mail.mailTo(ada);
  const post = async (fields: Record<string, string>) => {
    const answer = await fetch(`http://127.0.0.1:${node.httpPort}/auth/not-me`, {
      method: 'POST',
      body: new URLSearchParams(fields),
    });
    return { status: answer.status, text: await answer.text() };
  };
  t.match(await post({ token }), {
    status: 200,
    text: /The session has ended\. No service accepts it any more/,
  });
  t.equal((await node.call('GET', '/auth/me', { token: stolen.access_token })).status, 401);
  t.match(await post({ token, all: 'true' }), { status: 200, text: /All sessions have ended/ });
  t.match(await post({ token: `ot_${'a'.repeat(43)}` }), { status: 400, text: /This link was used already/ });
  t.match(await post({ token, all: 'yes' }), { status: 400 });
});

t.test('a link lives for thirty days, and is none of another kind', async (t) => {
  const { mail, clock, node, login, notMe } = await begin(t);
  await login(firefox, '192.0.2.1');
  await login(chrome, '203.0.113.9');
  const { token } = await mail.mailTo(ada);
  await node.call('POST', '/auth/recovery', { body: { email: ada } });
  const recovery = await mail.mailTo(ada);
  t.equal((await notMe(recovery.token)).body.code, 'invalid_link');
  const body = { token, new_password: `another ${password}` };
  t.equal((await node.call('POST', '/auth/recovery/complete', { body })).body.code, 'invalid_link');
  t.equal((await node.call('POST', '/auth/email/verify', { body: { token } })).body.code, 'invalid_link');
  clock.shift(30 * 24 * 60 * 60_000);
  t.equal((await notMe(token)).body.code, 'invalid_link');
});

t.test('what is a new device', async (t) => {
  const { mail, node, login } = await begin(t);
  const told = async () => (await node.authority.operations.listAudit({ type: 'login_succeeded' })).length;
  const rows: readonly [what: string, isNew: boolean, login: () => Promise<unknown>][] = [
    ['the first one after the registration', false, () => login(firefox, '192.0.2.1')],
    ['the same again', false, () => login(firefox, '192.0.2.200')],
    ['another version', false, () => login(olderFirefox, '192.0.2.1')],
    ['another network', true, () => login(firefox, '198.51.100.1')],
    ['that network again', false, () => login(firefox, '198.51.100.7')],
    ['another program', true, () => login(chrome, '192.0.2.1')],
    ['the first with a device id', true, () => login(firefox, '192.0.2.1', { device_id: 'phone-1' })],
    ['that device, elsewhere', true, () => login(chrome, '203.0.113.1', { device_id: 'phone-1' })],
    ['there again', false, () => login(chrome, '203.0.113.77', { device_id: 'phone-1' })],
    ['where only another device was', false, () => login(chrome, '198.51.100.1', { device_id: 'phone-1' })],
    ['in another network of IPv6', true, () => login(chrome, '2001:db8:1::1', { device_id: 'phone-1' })],
    ['in its /48', false, () => login(chrome, '2001:db8:1:2::1', { device_id: 'phone-1' })],
    ['another device, here', true, () => login(firefox, '192.0.2.1', { device_id: 'phone-2' })],
  ];
  let expected = 0;
  for (const [what, isNew, logIn] of rows) {
    await logIn();
    if (isNew) {
      expected += 1;
      t.equal((await mail.mailTo(ada)).subject, 'New device', what);
    }
  }
  t.equal(await told(), rows.length);
  await node.register('bob@example.com');
  await node.call('POST', '/auth/recovery', { body: { email: 'bob@example.com' } });
  await mail.mailTo('bob@example.com');
  t.equal(mail.mails.length, expected + 1);
});

t.test('password changed, and a stolen refresh token', async (t) => {
  const { mail, node, login, notMe } = await begin(t);
  const { access_token: token, refresh_token: first } = await login(firefox, '192.0.2.1');
  const changed = `another ${password}`;
  const headers = { 'user-agent': firefox, 'x-forwarded-for': '192.0.2.1' };
  const body = { current_password: password, new_password: changed };
  t.equal((await node.call('POST', '/auth/password', { token, body, headers })).status, 204);
  const ofChange = await mail.mailTo(ada);
  t.equal(ofChange.subject, 'Your password was changed');
  t.equal((await node.refresh(first, headers)).status, 200);
  t.equal((await node.refresh(first, headers)).status, 401);
  t.equal((await mail.mailTo(ada)).subject, 'A session was ended for your safety');
  t.equal((await notMe(ofChange.token)).status, 204);
});

t.test('hostile names of devices and programs are text', async (t) => {
  const { mail, login } = await begin(t);
  await login(firefox, '192.0.2.1');
  const device_name = '<img src=x onerror=alert(1)> http://evil.example/login evil.example {{7*7}}';
  await login('evil.example/1.0 (<script>alert(1)</script>)', '203.0.113.1', { device_name });
  const { text, html, subject } = await mail.mailTo(ada);
  t.equal(subject, 'New device');
  const [, device = ''] = /^Device: (.*)$/m.exec(text) ?? [];
  t.match(device, /^img src x onerror alert\(1\) http evil example/);
  t.notMatch(device, /[<>:.@]|https?:/);
  t.notMatch(html, /<img|<script|onerror=|evil\.example/);
});

t.test('a deleted user leaves no link and no waiting mail', async (t) => {
  const { mail, node, login, notMe } = await begin(t);
  await login(firefox, '192.0.2.1');
  await login(chrome, '203.0.113.1');
  const { token } = await mail.mailTo(ada);
  mail.behave({ rcpt: 450 });
  await node.call('POST', '/auth/recovery', { body: { email: ada } });
  await eventually('it was refused for now', () => mail.tries === 2);
  await node.authority.operations.deleteUser({ email: ada }, { name: 'operator' });
  t.equal((await notMe(token)).body.code, 'invalid_link');
  mail.behave(undefined);
  await node.register('bob@example.com');
  await node.call('POST', '/auth/recovery', { body: { email: 'bob@example.com' } });
  await mail.mailTo('bob@example.com');
  t.equal(mail.mails.filter(({ to }) => to.includes(ada)).length, 1);
});

/** The owner's device. */
const known = { 'user-agent': firefox, 'x-forwarded-for': '192.0.2.1' };

/** An owner, and a thief who knows the password. */
async function robbed(t: Test) {
  const { mail, clock, node, login, notMe } = await begin(t);
  const own = await login(firefox, '192.0.2.1');
  const thief = await login(chrome, '203.0.113.9');
  t.equal((await mail.mailTo(ada)).subject, 'New device');
  const page = async (link: string) => (await node.call('GET', link)).body as string;
  return { mail, clock, node, call: node.call, login, notMe, own, thief, page };
}

const linkIn = (text: string) => /\/auth\/not-me\?\S+/.exec(text)?.[0] ?? '';
const buttonsOf = (page: string) => [...page.matchAll(/<button>([^<]*)</g)].map(([, button]) => button);

t.test('a factor that its owner did not add goes, with its sessions and recovery codes', async (t) => {
  const { mail, node, call, notMe, own, thief, page } = await robbed(t);
  const guard = guardOf(t, node);
  await guard.ready();
  const token = thief.access_token;
  const { secret } = (await call('POST', '/auth/factors/totp', { token })).body;
  const body = { code: totpAt(secret, Date.now()) };
  const confirmed = await call('POST', '/auth/factors/totp/confirm', { token, body });
  const told = await mail.mailTo(ada);
  t.equal(told.subject, 'A way to log in was added');
  t.match(told.text, 'remove it and end all sessions');
  t.strictSame(buttonsOf(await page(linkIn(told.text))), ['End all sessions']);
  const { begin, finish } = secondStepAt(node);
  const [recovery_code] = confirmed.body.recovery_codes;
  t.equal((await finish(await begin(ada, known), { recovery_code }, known)).status, 200);
  await mail.mailTo(ada);
  t.equal((await notMe(told.token)).status, 204);
  t.equal(await said(guard, thief.access_token), '401 invalid_token revoked');
  t.equal(await said(guard, own.access_token), '401 invalid_token revoked');
  t.equal((await mail.mailTo(ada)).subject, 'A way to log in was removed');
  const again = await node.login(ada, known);
  t.strictSame((await call('GET', '/auth/factors', { token: again.access_token })).body.factors, []);
  const { recoveryCodesLeft } = await node.authority.operations.showUser({ email: ada });
  t.equal(recoveryCodesLeft, 0);
  t.equal((await notMe(told.token)).status, 204, 'the answer may have been lost');
  t.equal(await said(guard, again.access_token), 'accepted', 'a repetition ends nothing new');
  const [removed, ...more] = await node.authority.operations.listAudit({ type: 'factor_removed' });
  t.match(removed, { detail: { factor: confirmed.body.id } });
  t.equal(more.length, 0);
});

t.test('a change of the e-mail that its owner did not make is taken back', async (t) => {
  const { mail, node, call, notMe, thief, page } = await robbed(t);
  const eve = 'eve@example.com';
  const token = thief.access_token;
  const steal = async () => {
    const { access_token } = (await call('POST', '/auth/step-up', { token: thiefs, body: { password } }))
      .body;
    await call('POST', '/auth/email', { token: access_token, body: { email: eve } });
    t.equal((await mail.mailTo(ada)).subject, 'Your e-mail address is to be changed');
    const proof = await mail.mailTo(eve);
    const body = { token: proof.token };
    t.equal((await call('POST', '/auth/email/verify', { body })).status, 204);
    return mail.mailTo(ada);
  };
  let thiefs = token;
  const told = await steal();
  t.equal(told.subject, 'Your e-mail address was changed');
  t.match(told.text, 'set the address back and end all sessions');
  const question = await page(linkIn(told.text));
  t.strictSame(buttonsOf(question), ['End all sessions']);
  t.match(question, /Set the e-mail address of your account back/);
  await call('POST', '/auth/recovery', { body: { email: eve } });
  const recovery = await mail.mailTo(eve);
  const posted = await fetch(`http://127.0.0.1:${node.httpPort}/auth/not-me`, {
    method: 'POST',
    body: new URLSearchParams({ token: told.token, all: 'true' }),
  });
  t.match(await posted.text(), /All sessions have ended.*The earlier e-mail address is yours again/s);
  t.equal((await call('GET', '/auth/me', { token })).status, 401);
  t.equal((await mail.mailTo(eve)).subject, 'Your e-mail address was set back');
  const body = { token: recovery.token, new_password: `thief's ${password}` };
  t.equal((await call('POST', '/auth/recovery/complete', { body })).body.code, 'invalid_link');
  await t.rejects(node.login(eve), /invalid_credentials/);
  thiefs = (await node.login(ada, known)).access_token;

  const second = await steal();
  t.equal((await notMe(told.token)).status, 204, 'of an earlier change');
  const { email } = await node.authority.operations.showUser({ email: eve });
  t.equal(email, eve, 'it takes back once');
  t.equal((await notMe(second.token)).status, 204);
  t.ok(await node.login(ada, known));
});

t.test('the first link takes back a whole chain of changes, and the links to the thief die', async (t) => {
  const { mail, node, call, notMe, thief } = await robbed(t);
  await node.authority.operations.markEmailVerified({ email: ada }, { name: 'operator' });
  let token = thief.access_token;
  const told: string[] = [];
  for (const [from, to] of [
    [ada, 'eve@example.com'],
    ['eve@example.com', 'mallory@example.com'],
  ] as const) {
    ({ access_token: token } = (await call('POST', '/auth/step-up', { token, body: { password } })).body);
    await call('POST', '/auth/email', { token, body: { email: to } });
    await mail.mailTo(from);
    await call('POST', '/auth/email/verify', { body: { token: (await mail.mailTo(to)).token } });
    told.push((await mail.mailTo(from)).token);
  }
  const shown = () => node.authority.operations.showUser({ email: ada });
  await node.register(ada);
  const squatter = (await shown()).id;
  const [ofOwner = '', ofThief = ''] = told;
  t.equal((await notMe(ofOwner)).status, 204);
  t.not((await shown()).id, squatter, 'who took the address and never proved it is gone');
  t.ok(await node.login(ada, known));
  t.equal((await notMe(ofThief)).body.code, 'invalid_link');
  t.equal((await shown()).email, ada);
});

t.test('an old link or one whose address is taken sets no e-mail back, and says so', async (t) => {
  // `taken`: the one who changed the address had never proved it, and may have been the stranger.
  for (const why of ['taken', 'proved', 'late'] as const) {
    const { mail, clock, node, call, thief } = await robbed(t);
    const token = thief.access_token;
    await call('POST', '/auth/email', { token, body: { email: 'eve@example.com' } });
    await mail.mailTo(ada);
    const proof = await mail.mailTo('eve@example.com');
    await call('POST', '/auth/email/verify', { body: { token: proof.token } });
    const told = await mail.mailTo(ada);
    if (why !== 'late') await node.register(ada);
    if (why === 'proved')
      await node.authority.operations.markEmailVerified({ email: ada }, { name: 'operator' });
    if (why === 'late') clock.shift(7 * 24 * 60 * 60_000);
    const posted = await fetch(`http://127.0.0.1:${node.httpPort}/auth/not-me`, {
      method: 'POST',
      body: new URLSearchParams({ token: told.token }),
    });
    t.match(await posted.text(), /All sessions have ended.*Ask our support at once/s, why);
    t.equal((await call('GET', '/auth/me', { token })).status, 401, why);
    t.ok(await node.authority.operations.showUser({ email: 'eve@example.com' }), why);
    if (why !== 'late') t.ok(await node.login(ada), 'who has the address keeps the account');
  }
});

t.test('new recovery codes that their owner did not make become useless', async (t) => {
  const mail = await startMailServer();
  t.teardown(() => mail.stop());
  const node = await startAuthority({ env: mailSettings(mail) });
  t.teardown(() => node.stop());
  const { call } = node;
  const { firstSession, recoveryCodes } = await enrolled(node, ada, Date.now);
  await mail.mailTo(ada);
  const { begin, finish } = secondStepAt(node);
  const { access_token: token } = (await finish(await begin(ada), { recovery_code: recoveryCodes[0] })).body;
  await mail.mailTo(ada);
  t.equal((await call('POST', '/auth/factors/recovery-codes', { token })).status, 200);
  const told = await mail.mailTo(ada);
  t.equal(told.subject, 'New recovery codes were made');
  t.equal((await call('POST', '/auth/not-me', { body: { token: told.token } })).status, 204);
  for (const ended of [token, firstSession.access_token])
    t.equal((await call('GET', '/auth/me', { token: ended })).status, 401);
  const { recoveryCodesLeft, factors } = await node.authority.operations.showUser({ email: ada });
  t.strictSame([recoveryCodesLeft, factors], [0, ['totp']]);
});

t.test('what a link takes back is not done without the link', async (t) => {
  const mail = await startMailServer();
  t.teardown(() => mail.stop());
  const node = await startAuthority({ env: mailSettings(mail) });
  t.teardown(() => node.stop());
  const { recoveryCodes } = await enrolled(node, ada, Date.now);
  const { begin, finish } = secondStepAt(node);
  const { access_token: token } = (await finish(await begin(ada), { recovery_code: recoveryCodes[0] })).body;
  const renew = () => node.call('POST', '/auth/factors/recovery-codes', { token });
  for (let made = 1; made < notificationLimits.noticesAnHour; made += 1) await renew();
  const { body } = await renew();
  t.match(await renew(), { status: 429, body: { code: 'rate_limited' } });
  const proof = { recovery_code: body.recovery_codes[0] };
  t.equal((await finish(await begin(ada), proof)).status, 200, 'nothing was changed');
});

t.test('a notice about no session offers to end all', async (t) => {
  const { mail, call, page, login } = await robbed(t);
  await call('POST', '/auth/recovery', { body: { email: ada } });
  const { token } = await mail.mailTo(ada);
  const body = { token, new_password: `another ${password}` };
  t.equal((await call('POST', '/auth/recovery/complete', { body })).status, 204);
  const told = await mail.mailTo(ada);
  t.match(told.text, 'If this was not you, end all sessions here');
  const question = await page(linkIn(told.text));
  t.strictSame(buttonsOf(question), ['End all sessions']);
  t.notMatch(question, /the session that/);
  await login(firefox, '198.51.100.1');
  await call('POST', '/auth/login', { body: { email: ada, password: body.new_password, device_id: 'x' } });
  const ofDevice = await mail.mailTo(ada);
  t.match(ofDevice.text, 'end the session here');
  t.equal(buttonsOf(await page(linkIn(ofDevice.text))).length, 2);
  const hostile = await page(`${linkIn(ofDevice.text).split('&')[0]}&about=constructor`);
  t.equal(buttonsOf(hostile).length, 2, 'of an unknown kind');
});
