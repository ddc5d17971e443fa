/** Proof and change of the e-mail, by code and by link. */
import t, { type Test } from 'tap';
import { password, startAuthority } from '../support/authority.ts';
import { eventually } from '../support/eventually.ts';
import { mailSettings, startMailServer } from '../support/mailServer.ts';
import { createShiftedClock } from '../support/shiftedClock.ts';
import { sharedServers } from '../support/twoNodes.ts';

const ada = 'ada@example.com';
const minute = 60_000;

async function begin(t: Test, env: Readonly<Record<string, string>> = {}) {
  const mail = await startMailServer();
  t.teardown(() => mail.stop());
  const clock = createShiftedClock();
  const node = await startAuthority({ env: { ...mailSettings(mail), ...env }, clock });
  t.teardown(() => node.stop());
  const { call } = node;
  await node.register(ada);
  const { access_token: token } = await node.login(ada);
  const audit = async (type: string) => (await node.authority.operations.listAudit({ type })).length;
  return {
    ...{ mail, clock, node, call, token, audit },
    request: () => call('POST', '/auth/email/verification', { token }),
    verify: (body: object, bearer = token) => call('POST', '/auth/email/verify', { body, token: bearer }),
    byLink: (link: string) => call('POST', '/auth/email/verify', { body: { token: link } }),
    change: (email: string) => call('POST', '/auth/email', { token, body: { email } }),
  };
}

const codeOf = ({ status, body }: { status: number; body: { code?: string } }) =>
  `${status} ${body.code ?? ''}`.trim();

t.test('by code: once, five tries, ten minutes; a new one voids the old', async (t) => {
  const { mail, clock, request, verify, node, call, audit } = await begin(t);
  t.equal((await request()).status, 202);
  const old = await mail.mailTo(ada);
  t.equal(old.subject, `${old.code} is your code to confirm this e-mail address`);
  await request();
  const { code } = await mail.mailTo(ada);
  if (old.code !== code) t.equal(codeOf(await verify({ code: old.code })), '401 invalid_code', 'the old one');
  const wrong = code === '000000' ? '000001' : '000000';
  const digits = [...code].map((digit) => String.fromCodePoint(0xff10 + Number(digit))).join('');
  for (const text of [digits, ` ${code}`, code.slice(1), `${code}0`, '١٢٣٤٥٦'])
    t.equal(codeOf(await verify({ code: text })), '401 invalid_code', text);
  for (let tries = 1; tries < 5; tries += 1)
    t.equal(codeOf(await verify({ code: wrong })), '401 invalid_code');
  t.equal(codeOf(await verify({ code })), '401 invalid_code', 'five were tried');

  await request();
  const late = await mail.mailTo(ada);
  clock.shift(10 * minute);
  t.equal(codeOf(await verify({ code: late.code })), '401 invalid_code', 'too late');
  await request();
  const good = await mail.mailTo(ada);
  await node.register('bob@example.com');
  const { access_token: bob } = await node.login('bob@example.com');
  t.equal(codeOf(await verify({ code: good.code }, bob)), '401 invalid_code', 'of another account');
  const both = await Promise.all([verify({ code: good.code }), verify({ code: good.code })]);
  t.strictSame(both.map(codeOf).sort(), ['204', '401 invalid_code']);
  t.equal(await audit('email_verified'), 1);
  t.equal((await request()).status, 202, 'nothing is left to prove');
  await call('POST', '/auth/recovery', { body: { email: 'bob@example.com' } });
  await mail.mailTo('bob@example.com');
  t.equal(mail.mails.length, 5, 'and no mail is sent');
});

t.test('by link: opening it does nothing, posting it works once', async (t) => {
  const { mail, request, byLink, call, audit, clock } = await begin(t);
  await request();
  const { token } = await mail.mailTo(ada);
  for (const method of ['GET', 'HEAD', 'GET']) {
    const page = await call(method, `/auth/email/verify?token=${token}&utm_source=mail`);
    t.equal(page.status, 200);
    t.match(page.headers.get('content-type'), 'text/html');
    t.match(
      page.headers.get('content-security-policy'),
      /^default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'/,
    );
    t.equal(page.headers.get('referrer-policy'), 'no-referrer');
    t.equal(page.headers.get('cache-control'), 'no-store');
    t.notMatch(page.body, /<script|https?:/);
  }
  t.equal(await audit('email_verified'), 0);
  clock.shift(23 * 60 * minute);
  const both = await Promise.all([byLink(token), byLink(token)]);
  t.strictSame(both.map(codeOf).sort(), ['204', '400 invalid_link']);
  t.equal(codeOf(await byLink(token)), '400 invalid_link', 'used twice');
  t.equal(codeOf(await byLink('ot_short')), '400 invalid_link');
  t.equal((await call('GET', '/auth/email/verify?token=%3Cscript%3E')).status, 400);
  t.equal((await call('GET', '/auth/email/verify?token=a&token=b')).status, 400);
});

t.test('the form of the page, in the language of the browser', async (t) => {
  const { mail, request, node } = await begin(t);
  await request();
  const { token } = await mail.mailTo(ada);
  const post = async (body: string, type = 'application/x-www-form-urlencoded') => {
    const answer = await fetch(`http://127.0.0.1:${node.httpPort}/auth/email/verify`, {
      method: 'POST',
      headers: { 'content-type': type, 'accept-language': 'de' },
      body,
    });
    return {
      status: answer.status,
      type: answer.headers.get('content-type') ?? '',
      text: await answer.text(),
    };
  };
  t.match(await post(`token=${token}&token=${token}`), { status: 400, type: /html/, text: /lang="de"/ });
  t.match(await post(`token=${token}&x=1`), { status: 400, type: /html/ });
  t.match(await post(`token=${token}`), { status: 200, text: /Ihre E-Mail-Adresse ist bestätigt/ });
  t.match(await post(`token=${token}`), { status: 400, text: /Dieser Link wurde schon benutzt/ });
  t.match(await post(`token=${token}`, 'text/plain'), { status: 415, type: /problem\+json/ });
  const elsewhere = await fetch(`http://127.0.0.1:${node.httpPort}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: `email=${ada}&password=${password}`,
  });
  t.equal(elsewhere.status, 415, 'no other route takes a form');
});

t.test('a change counts once the new address is proved, and the old one is told', async (t) => {
  const { mail, change, byLink, verify, node, call, request } = await begin(t);
  const lovelace = 'lovelace@example.com';
  t.equal(codeOf(await change('ADA@example.com')), '400 invalid_request', 'the same address');
  for (const hostile of [
    'x@example.com\r\nBcc: eve@example.com',
    'x@example.com,eve@example.com',
    '"x"@example.com',
    `${'x'.repeat(250)}@example.com`,
  ])
    t.equal(codeOf(await change(hostile)), '400 invalid_request', JSON.stringify(hostile));
  await request();
  const ofOld = await mail.mailTo(ada);
  t.equal((await call('POST', '/auth/recovery', { body: { email: ada } })).status, 202);
  const recovery = await mail.mailTo(ada);
  t.equal((await change(lovelace)).status, 202);
  const [proof, told] = [await mail.mailTo(lovelace), await mail.mailTo(ada)];
  t.equal(told.subject, 'Your e-mail address is to be changed');
  t.match(told.text, `New address: ${lovelace}`);
  t.equal(codeOf(await byLink(ofOld.token)), '400 invalid_link', 'the proof of the old one is void');
  t.ok(await node.login(ada), 'nothing changed yet');
  t.equal((await verify({ code: proof.code })).status, 204);
  t.equal((await mail.mailTo(ada)).subject, 'Your e-mail address was changed');
  t.ok(await node.login(lovelace));
  await t.rejects(node.login(ada), /invalid_credentials/);
  t.equal(codeOf(await byLink(proof.token)), '400 invalid_link', 'code and link are one');
  const recovered = { token: recovery.token, new_password: `new ${password}` };
  t.equal(
    codeOf(await call('POST', '/auth/recovery/complete', { body: recovered })),
    '400 invalid_link',
    'a link in the old mailbox',
  );
});

t.test('whatever ends all other sessions voids a change that waits', async (t) => {
  const { mail, node, call, token: first } = await begin(t);
  const { operations } = node.authority;
  const operator = { name: 'operator' } as const;
  const changed = `another ${password}`;
  const logIn = async (secret = changed) =>
    (await call('POST', '/auth/login', { body: { email: ada, password: secret } })).body.access_token;
  const passwordChange = { current_password: password, new_password: changed };
  const rows: readonly [string, (token: string) => Promise<unknown>][] = [
    ['password', (token) => call('POST', '/auth/password', { token, body: passwordChange })],
    ['logout-all', (token) => call('POST', '/auth/logout-all', { token })],
    ['logout-others', (token) => call('POST', '/auth/logout-others', { token })],
    ['reset of factors', () => operations.resetFactors({ email: ada }, { now: 'lost the phone' }, operator)],
    ['disable', () => operations.disableUser({ email: ada }, operator)],
  ];
  let token = first;
  for (const [index, [what, end]] of rows.entries()) {
    const wanted = `thief${index}@example.com`;
    t.equal(codeOf(await call('POST', '/auth/email', { token, body: { email: wanted } })), '202', what);
    const proof = await mail.mailTo(wanted);
    await end(token);
    if (what === 'disable') await operations.enableUser({ email: ada }, operator);
    const link = { body: { token: proof.token } };
    token = await logIn();
    t.equal(
      codeOf(await call('POST', '/auth/email/verify', { token, body: { code: proof.code } })),
      '401 invalid_code',
      what,
    );
    t.equal(codeOf(await call('POST', '/auth/email/verify', link)), '400 invalid_link', what);
    t.equal((await operations.showUser({ email: ada })).email, ada, what);
  }
});

t.test('a change needs a proof of the user that is at most ten minutes old', async (t) => {
  const { mail, clock, change, token, call } = await begin(t);
  clock.shift(11 * 60_000);
  const refused = await change('new@example.com');
  t.equal(codeOf(refused), '401 insufficient_user_authentication');
  t.match(refused.headers.get('www-authenticate'), /error="insufficient_user_authentication".*max_age="?600/);
  const { body } = await call('POST', '/auth/step-up', { token, body: { password } });
  const again = { token: body.access_token, body: { email: 'new@example.com' } };
  t.equal((await call('POST', '/auth/email', again)).status, 202);
  t.match((await mail.mailTo('new@example.com')).subject, /is your code/);
});

t.test('a taken address is answered alike, and its owner is told', async (t) => {
  const { mail, change, node, audit } = await begin(t);
  const bob = 'bob@example.com';
  await node.register(bob);
  const [taken, free] = [await change(bob), await change('free@example.com')];
  t.strictSame([taken.status, taken.body], [free.status, free.body]);
  const { subject, token, code } = await mail.mailTo(bob);
  t.strictSame([subject, token, code], ['You already have an account', '', '']);
  t.equal(await audit('email_change_started'), 2);
});

t.test('beyond the budget of mails a change is refused, and the link sent before stays good', async (t) => {
  const { mail, byLink, node, call, token: bearer } = await begin(t, { RATE_LIMITS: '1' });
  const { user_id: userId, session_id: sessionId } = (await call('GET', '/auth/me', { token: bearer })).body;
  // Without the budget of requests, which is as large.
  const change = (email: string) =>
    node.authority.operations.changeEmail(email, { userId, sessionId }, { ip: '192.0.2.1', name: userId });
  for (let mails = 0; mails < 5; mails += 1) await change(`new${mails}@example.com`);
  const { token } = await mail.mailTo('new4@example.com');
  await t.rejects(change('new5@example.com'), { code: 'rate_limited', reason: 'mail_budget' });
  t.equal(codeOf(await byLink(token)), '204');
  t.ok(await node.login('new4@example.com'));
  t.equal(mail.mails.filter(({ to }) => to.includes('new5@example.com')).length, 0);
});

t.test('strangers who name an address use up no mails of the user who has it', async (t) => {
  const { mail, node, call } = await begin(t, { RATE_LIMITS: '1', TRUSTED_PROXIES: '127.0.0.1' });
  await node.register('eve@example.com');
  const { access_token: token } = await node.login('eve@example.com');
  const owner = (await node.login(ada)).access_token;
  const answers: string[] = [];
  for (let count = 0; count < 12; count += 1) {
    const headers = { 'x-forwarded-for': `198.${count}.100.1` };
    const asked = await call('POST', '/auth/email', { token, body: { email: ada }, headers });
    answers.push(codeOf(asked));
  }
  t.strictSame(answers, [...Array(10).fill('202'), ...Array(2).fill('429 rate_limited')]);
  t.equal((await call('POST', '/auth/email/verification', { token: owner })).status, 202);
  await eventually('the mail of the owner', () =>
    mail.mails.find(({ code, to }) => code !== '' && to.includes(ada)),
  );
});

t.test('two users prove one address: the first gets it', async (t) => {
  const { mail, change, byLink, node, call } = await begin(t);
  await node.register('bob@example.com');
  const { access_token: token } = await node.login('bob@example.com');
  await change('wanted@example.com');
  const first = await mail.mailTo('wanted@example.com');
  await call('POST', '/auth/email', { token, body: { email: 'wanted@example.com' } });
  const second = await mail.mailTo('wanted@example.com');
  t.equal(codeOf(await byLink(second.token)), '204');
  t.equal(codeOf(await byLink(first.token)), '400 invalid_link');
});

t.test('in server mode without MAIL_URL the routes say so', async (t) => {
  const { env } = await sharedServers(t);
  const node = await startAuthority({ env });
  t.teardown(() => node.stop());
  await node.register(ada);
  const { access_token: token } = await node.login(ada);
  const { call } = node;
  const body = { email: 'new@example.com' };
  t.equal(codeOf(await call('POST', '/auth/email/verification', { token })), '503 mail_not_configured');
  t.equal(codeOf(await call('POST', '/auth/email', { token, body })), '503 mail_not_configured');
  t.equal(codeOf(await call('POST', '/auth/recovery', { body: { email: ada } })), '503 mail_not_configured');
  t.match(node.log(), 'MAIL_URL is not set');
});
