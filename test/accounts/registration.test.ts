/** Registration with REQUIRE_VERIFIED_EMAIL: nobody learns who is registered, and only the reader of the mail gets the account. */
import t, { type Test } from 'tap';
import { password, startAuthority } from '../support/authority.ts';
import { mailSettings, startMailServer } from '../support/mailServer.ts';

const ada = 'ada@example.com';

async function begin(t: Test) {
  const mail = await startMailServer();
  t.teardown(() => mail.stop());
  const node = await startAuthority({ env: { ...mailSettings(mail), REQUIRE_VERIFIED_EMAIL: 'on' } });
  t.teardown(() => node.stop());
  const { call } = node;
  return {
    ...{ mail, node, call },
    register: (email: string, chosen = password) =>
      call('POST', '/auth/register', { body: { email, password: chosen } }),
    confirm: (token: string, chosen = password) =>
      call('POST', '/auth/email/verify', { body: { token, password: chosen } }),
    login: async (email: string, chosen = password) =>
      call('POST', '/auth/login', { body: { email, password: chosen } }),
  };
}

t.test('an account begins when its mail is answered', async (t) => {
  const { mail, register, confirm, login, node } = await begin(t);
  t.strictSame([(await register(ada)).status, (await login(ada)).status], [202, 401]);
  const { token, code } = await mail.mailTo(ada);
  t.equal(code, '', 'there is nobody yet who could send one');
  t.equal((await confirm(token)).status, 204);
  t.equal((await confirm(token)).body.code, 'invalid_link');
  t.equal((await login(ada)).status, 200);
  const events = (await node.authority.operations.listAudit({ limit: 10 })).map(({ type }) => type);
  t.strictSame(events.filter((type) => /registered|verified/.test(type)).sort(), [
    'email_verified',
    'user_registered',
  ]);
});

t.test('the page asks for the password of the registration, and asks again after a wrong one', async (t) => {
  const { mail, register, call, node, login } = await begin(t);
  await register(ada);
  const { token, text } = await mail.mailTo(ada);
  t.match(text, /\?token=ot_[A-Za-z0-9_-]{43}&about=registration\n/);
  const page = await call('GET', `/auth/email/verify?token=${token}&about=registration`);
  t.match(page.body, /<input id="password" name="password" type="password"/);
  t.equal((await call('POST', '/auth/email/verify', { body: { token } })).body.errors[0].field, 'password');
  const post = async (given: string) => {
    const body = new URLSearchParams({ token, password: given });
    const answer = await fetch(`http://127.0.0.1:${node.httpPort}/auth/email/verify`, {
      method: 'POST',
      body,
    });
    return { status: answer.status, text: await answer.text() };
  };
  t.match(await post('wrong'), { status: 401, text: /not the password[\s\S]*<form/ });
  t.match(await post(password), { status: 200, text: /is confirmed/ });
  t.equal((await login(ada)).status, 200);
});

t.test('a taken address is answered alike, and its owner is told', async (t) => {
  const { mail, register, confirm } = await begin(t);
  await register(ada);
  await confirm((await mail.mailTo(ada)).token);
  const answers = [];
  for (const email of [ada, 'free@example.com', 'ADA@example.com']) {
    const { status, body, headers } = await register(email);
    answers.push(
      JSON.stringify([
        status,
        body,
        [...headers].filter(([name]) => !['date', 'x-request-id'].includes(name)),
      ]),
    );
  }
  t.equal(new Set(answers).size, 1, answers.join('\n'));
  const { subject, token } = await mail.mailTo(ada);
  t.strictSame([subject, token], ['You already have an account', '']);
});

t.test(
  'of several registrations of one address, one gets it: whose mail is answered with its own password',
  async (t) => {
    const { mail, register, confirm, login } = await begin(t);
    await register(ada, `of a stranger ${password}`);
    const ofStranger = await mail.mailTo(ada);
    await register(ada, `of the owner ${password}`);
    const ofOwner = await mail.mailTo(ada);
    const byOwner = await confirm(ofStranger.token, `of the owner ${password}`);
    t.match(byOwner, { status: 401, body: { code: 'invalid_credentials', errors: [{ field: 'password' }] } });
    t.equal((await login(ada, `of a stranger ${password}`)).status, 401, 'the owner answered it by mistake');
    t.equal((await confirm(ofOwner.token, `of the owner ${password}`)).status, 204);
    t.equal((await confirm(ofStranger.token, `of a stranger ${password}`)).body.code, 'invalid_link');
    t.equal((await login(ada, `of a stranger ${password}`)).status, 401);
    t.equal((await login(ada, `of the owner ${password}`)).status, 200);
  },
);

t.test(
  'an unverified user is refused like a wrong password, until recovery proves the address',
  async (t) => {
    const { mail, node, login, call } = await begin(t);
    await node.authority.operations.register({ email: ada, password }, { name: 'operator' });
    const [unverified, unknown] = [await login(ada), await login('nobody@example.com')];
    const told = ({ status, body, headers }: typeof unknown) => [
      status,
      { ...body, request_id: '' },
      headers.get('www-authenticate'),
    ];
    t.strictSame(told(unverified), told(unknown));
    const [event] = await node.authority.operations.listAudit({ type: 'login_failed' });
    t.ok(event !== undefined);
    const reasons = (await node.authority.operations.listAudit({ type: 'login_failed' })).map(
      ({ reason }) => reason,
    );
    t.ok(reasons.includes('email_unverified'));
    await call('POST', '/auth/recovery', { body: { email: ada } });
    const { token } = await mail.mailTo(ada);
    const chosen = `another ${password}`;
    t.equal(
      (await call('POST', '/auth/recovery/complete', { body: { token, new_password: chosen } })).status,
      204,
    );
    t.equal((await login(ada, chosen)).status, 200);
  },
);
