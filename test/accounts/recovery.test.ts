/** Recovery by mail: a new password, every session over with effect, and nothing told to strangers. */
import t, { type Test } from 'tap';
import { password, startAuthority } from '../support/authority.ts';
import { eventually } from '../support/eventually.ts';
import { said } from '../support/guards.ts';
import { mailSettings, startMailServer } from '../support/mailServer.ts';
import { enrolled, totpAt } from '../support/secondFactor.ts';
import { createShiftedClock } from '../support/shiftedClock.ts';
import { guardOf, sharedServers } from '../support/twoNodes.ts';

const ada = 'ada@example.com';
const newPassword = `another ${password}`;
const behindProxy = { TRUSTED_PROXIES: '127.0.0.1' };
const from = (address: string) => ({ 'x-forwarded-for': address });

type Options = Parameters<typeof startAuthority>[0];

async function begin(t: Test, options: Options = {}) {
  const mail = await startMailServer();
  t.teardown(() => mail.stop());
  const clock = createShiftedClock();
  const node = await startAuthority({ clock, ...options, env: { ...mailSettings(mail), ...options?.env } });
  t.teardown(() => node.stop());
  const { call } = node;
  const start = (email = ada, headers = {}) => call('POST', '/auth/recovery', { body: { email }, headers });
  const complete = (token: string, chosen = newPassword) =>
    call('POST', '/auth/recovery/complete', { body: { token, new_password: chosen } });
  return { mail, clock, node, call, start, complete };
}

const codeOf = ({ status, body }: { status: number; body: { code?: string } }) =>
  `${status} ${body.code ?? ''}`.trim();

t.test(
  'end to end: nodes and guards refuse the old tokens in the first request after the answer',
  async (t) => {
    const mail = await startMailServer();
    t.teardown(() => mail.stop());
    const { env } = await sharedServers(t);
    const start = async () => {
      const node = await startAuthority({ env: { ...env, ...mailSettings(mail) } });
      t.teardown(() => node.stop());
      return node;
    };
    const [one, two] = [await start(), await start()];
    const guard = guardOf(t, two);
    await guard.ready();
    await one.register(ada);
    const sessions = [await one.login(ada), await two.login(ada)];
    for (const { access_token } of sessions) t.equal(await said(guard, access_token), 'accepted');
    await one.call('POST', '/auth/recovery', { body: { email: ada } });
    const { token, subject } = await mail.mailTo(ada);
    t.equal(subject, 'Set a new password');
    const body = { token, new_password: newPassword };
    const [first, second] = await Promise.all(
      [one, two].map(({ call }) => call('POST', '/auth/recovery/complete', { body })),
    );
    t.strictSame(
      [first, second].map((answer) => codeOf(answer ?? { status: 0, body: {} })).sort(),
      ['204', '400 invalid_link'],
      'used twice at once, on two nodes',
    );
    for (const { access_token, refresh_token } of sessions) {
      t.equal(await said(guard, access_token), '401 invalid_token revoked');
      for (const node of [one, two]) {
        t.equal((await node.call('GET', '/auth/me', { token: access_token })).status, 401);
        t.equal((await node.refresh(refresh_token)).status, 401);
      }
    }
    const told = await mail.mailTo(ada);
    t.equal(told.subject, 'Your password was set anew by e-mail');
    const login = (given: string) =>
      two.call('POST', '/auth/login', { body: { email: ada, password: given } });
    t.equal((await login(password)).status, 401);
    t.equal((await login(newPassword)).status, 200);
    const reasons = (await one.authority.operations.listAudit({ type: 'session_ended' })).map(
      ({ reason }) => reason,
    );
    t.strictSame(reasons, ['recovered', 'recovered']);
  },
);

t.test('a link works once, for fifteen minutes, until the next one or another password', async (t) => {
  const { mail, clock, start, complete, node, call } = await begin(t);
  await node.register(ada);
  const newLink = async () => {
    await start();
    return (await mail.mailTo(ada)).token;
  };
  const late = await newLink();
  clock.shift(15 * 60_000);
  t.equal(codeOf(await complete(late)), '400 invalid_link', 'too late');
  const [old, latest] = [await newLink(), await newLink()];
  t.equal(codeOf(await complete(old)), '400 invalid_link', 'a newer one was sent');
  t.equal(codeOf(await complete(latest, 'short')), '400 password_refused');
  t.equal((await call('GET', `/auth/recovery/complete?token=${latest}`)).status, 200);
  t.equal(codeOf(await complete(latest)), '204', 'a refused password and a look at the page used nothing up');
  t.equal(codeOf(await complete(latest)), '400 invalid_link');
  await mail.mailTo(ada);
  const unused = await newLink();
  const login = await call('POST', '/auth/login', { body: { email: ada, password: newPassword } });
  const change = { current_password: newPassword, new_password: password };
  t.equal(
    (await call('POST', '/auth/password', { token: login.body.access_token, body: change })).status,
    204,
  );
  t.equal(codeOf(await complete(unused)), '400 invalid_link', 'the password was changed');
  for (const text of ['', 'ot_', `ot_${'a'.repeat(43)}`, 'x'.repeat(9_000)])
    t.equal((await complete(text)).status, 400, text.slice(0, 10));
});

t.test('the form of the page, with a password that is refused first', async (t) => {
  const { mail, node, start } = await begin(t);
  await node.register(ada);
  await start();
  const { token } = await mail.mailTo(ada);
  const post = async (chosen: string) => {
    const body = new URLSearchParams({ token, new_password: chosen });
    const answer = await fetch(`http://127.0.0.1:${node.httpPort}/auth/recovery/complete`, {
      method: 'POST',
      body,
    });
    return { status: answer.status, text: await answer.text() };
  };
  const refused = await post('"><script>x');
  t.match(refused, { status: 400, text: `name="token" value="${token}"` });
  t.notMatch(refused.text, /<script/, 'what was typed is not shown');
  t.match(await post(newPassword), { status: 200, text: /The new password is set/ });
});

t.test('known, unknown and disabled addresses are answered alike', async (t) => {
  const { mail, node, start } = await begin(t);
  await node.register(ada);
  await node.register('disabled@example.com');
  await node.authority.operations.disableUser({ email: 'disabled@example.com' }, { name: 'operator' });
  const answers = [];
  for (const email of [ada, 'ADA@Example.com', 'nobody@example.com', 'disabled@example.com']) {
    const { status, body, headers } = await start(email);
    const told = [...headers].filter(([name]) => !['date', 'x-request-id'].includes(name));
    answers.push(JSON.stringify([status, body, told]));
  }
  t.equal(new Set(answers).size, 1, answers.join('\n'));
  await mail.mailTo(ada);
  await mail.mailTo(ada);
  // What was written before is at least under way when this arrives.
  await node.register('last@example.com');
  await start('last@example.com');
  await mail.mailTo('last@example.com');
  t.strictSame(new Set(mail.mails.flatMap(({ to }) => to)), new Set([ada, 'last@example.com']));
});

t.test('an account locked by wrong passwords is recovered', async (t) => {
  const { mail, node, call, start, complete, clock } = await begin(t);
  await node.register(ada);
  const guess = () => call('POST', '/auth/login', { body: { email: ada, password: 'a wrong password' } });
  let answer = await guess();
  while (answer.body.code !== 'recovery_required') {
    clock.shift(5 * 60_000);
    answer = await guess();
  }
  await start();
  t.equal((await complete((await mail.mailTo(ada)).token)).status, 204);
  t.equal((await call('POST', '/auth/login', { body: { email: ada, password: newPassword } })).status, 200);
});

t.test('a stranger who asks a thousand times causes one mail, and locks nobody out', async (t) => {
  const limited = await begin(t, { env: behindProxy, rateLimits: 1 });
  await limited.node.register(ada);
  const stranger = from('203.0.113.1');
  const statuses = new Map<number, number>();
  for (let count = 0; count < 40; count += 1) {
    const { status } = await limited.start(ada, stranger);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  t.strictSame([...statuses.keys()].sort(), [202, 429]);
  const first = await limited.mail.mailTo(ada);
  t.equal((await limited.start(ada, from('198.51.100.1'))).status, 202);
  const { token } = await limited.mail.mailTo(ada);
  t.equal(limited.mail.mails.length, 2, 'one for the stranger, one for the owner elsewhere');
  t.equal(codeOf(await limited.complete(first.token)), '400 invalid_link');
  t.equal(codeOf(await limited.complete(token)), '204');
});

t.test(
  'strangers in many networks do not use up the mails of an owner who asks from a known place',
  async (t) => {
    const { mail, node, start, complete, clock, call } = await begin(t, { env: behindProxy, rateLimits: 1 });
    await node.register(ada);
    const signIn = (address: string) =>
      call('POST', '/auth/login', { body: { email: ada, password }, headers: from(address) });
    const homes = Array.from({ length: 7 }, (_, index) => `192.0.${index}.1`);
    for (const home of homes) t.equal((await signIn(home)).status, 200);
    const told = new Set<string>();
    const ask = async (email: string, address: string) => {
      const { status, body, headers } = await start(email, from(address));
      const names = [...headers.keys()].filter((name) => name !== 'date').sort();
      told.add(JSON.stringify([status, body, names]));
    };
    const links = () => mail.mails.filter(({ subject }) => subject === 'Set a new password');
    for (let stranger = 0; stranger < 10; stranger += 1) await ask(ada, `198.${stranger}.100.1`);
    await eventually('six mails for all strangers', () => links().length === 6);
    await ask(ada, homes[0] ?? '');
    await eventually('one for the owner at home', () => links().length === 7);
    const owners = links().at(-1)?.token ?? '';
    for (let stranger = 10; stranger < 15; stranger += 1) {
      await ask(ada, `198.${stranger}.100.1`);
      clock.shift(60_000);
    }
    await ask('nobody@example.com', homes[0] ?? '');
    await ask(ada, homes[0] ?? '');
    t.equal(codeOf(await complete(owners, 'short')), '400 password_refused', 'strangers void it no longer');
    for (const home of homes.slice(1)) await ask(ada, home);
    await eventually('six for the owner, one from each network', () => links().length >= 6 + 6);
    // Some mails leave at once, and arrive in any order.
    await node.register('last@example.com');
    await ask('last@example.com', '203.0.113.1');
    await mail.mailTo('last@example.com');
    t.equal(links().length, 6 + 6 + 1, 'and no more');
    const answers: string[] = [];
    for (const { token } of links().filter(({ to }) => to.includes(ada)))
      answers.push(codeOf(await complete(token)));
    t.strictSame(answers.sort(), ['204', ...Array(11).fill('400 invalid_link')], 'only the newest is good');
    t.equal(told.size, 1, [...told].join(' and '));
  },
);

t.test('strangers who use up the budget of all together keep no owner from a mail at home', async (t) => {
  const { mail, node, start, call } = await begin(t, { env: behindProxy, rateLimits: 0.01 });
  await node.register(ada);
  const home = from('192.0.2.1');
  const body = { email: ada, password };
  t.equal((await call('POST', '/auth/login', { body, headers: home })).status, 200);
  const statuses: number[] = [];
  while (statuses.at(-1) !== 429 && statuses.length < 30)
    statuses.push((await start('nobody@example.com', from(`198.${statuses.length}.100.1`))).status);
  t.equal(statuses.length, 13, 'twelve');
  t.equal((await start(ada, home)).status, 202);
  t.equal((await mail.mailTo(ada)).subject, 'Set a new password');
});

t.test('after a restored backup no link of before is good', async (t) => {
  const { mail, node, start, complete } = await begin(t);
  await node.register(ada);
  await start();
  const { token } = await mail.mailTo(ada);
  await node.authority.operations.restored({ keepSessions: true }, { name: 'operator' });
  t.equal(codeOf(await complete(token)), '400 invalid_link');
});

t.test("pre-hijacking: a click of the owner makes a stranger's factors no proved ones", async (t) => {
  const { mail, node, clock, call } = await begin(t);
  const stranger = await enrolled(node, ada, clock.now);
  await mail.mailTo(ada);
  const { access_token: token } = stranger.firstSession;
  await call('POST', '/auth/email/verification', { token });
  const link = (await mail.mailTo(ada)).token;
  const verify = (body: object) => call('POST', '/auth/email/verify', { body: { token: link, ...body } });
  const missing = { code: 'invalid_credentials', errors: [{ field: 'password', rule: 'required' }] };
  t.match(await verify({}), { status: 401, body: missing });
  const wrong = { code: 'invalid_credentials', errors: [{ field: 'password', rule: 'correct' }] };
  t.match(await verify({ password: newPassword }), { status: 401, body: wrong });
  const address = `http://127.0.0.1:${node.httpPort}/auth/email/verify`;
  const posted = await fetch(address, { method: 'POST', body: new URLSearchParams({ token: link }) });
  t.match(await posted.text(), /not you who registered, close this page.*name="password"/s);
  t.match(await node.authority.operations.showUser({ email: ada }), { emailVerified: false });
  t.equal((await verify({ password })).status, 204, 'the link stayed good for who registered');
});

t.test(
  'pre-hijacking: the first proof of an address removes the factors that were added before',
  async (t) => {
    const { mail, node, clock, call, start, complete } = await begin(t);
    const stranger = await enrolled(node, ada, clock.now);
    await mail.mailTo(ada);
    const { operations } = node.authority;
    await start();
    t.equal((await complete((await mail.mailTo(ada)).token)).status, 204);
    const login = () => call('POST', '/auth/login', { body: { email: ada, password: newPassword } });
    const opened = await login();
    t.equal(opened.status, 200, 'the factor of the stranger does not keep the owner out');
    const { access_token: token } = stranger.firstSession;
    t.equal((await call('GET', '/auth/me', { token })).status, 401, 'nor does his session go on');
    const [reset] = await operations.listAudit({ type: 'factors_reset' });
    t.match(reset, { actor: 'user', reason: 'first_proof' });

    // From now on the address is proved: recovery is no way around a second factor.
    const { body: enrolment } = await call('POST', '/auth/factors/totp', { token: opened.body.access_token });
    await call('POST', '/auth/factors/totp/confirm', {
      ...{ token: opened.body.access_token, body: { code: totpAt(enrolment.secret, clock.now()) } },
    });
    clock.shift(61 * 60_000);
    await start();
    const isLink = ({ subject, token }: { subject: string; token: string }) =>
      subject === 'Set a new password' && token !== '';
    const second = await eventually('the second link', () => mail.mails.filter(isLink)[1]);
    t.equal((await complete(second.token)).status, 204);
    t.equal((await login()).body.code, 'second_factor_required');
  },
);
