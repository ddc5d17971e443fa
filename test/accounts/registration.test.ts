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
    confirm: (token: string) => call('POST', '/auth/email/verify', { body: { token } }),
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
  'of several registrations of one address, the one whose mail is answered gets it, with its own password',
  async (t) => {
    const { mail, register, confirm, login } = await begin(t);
    await register(ada, `of a stranger ${password}`);
    const ofStranger = await mail.mailTo(ada);
    await register(ada, `of the owner ${password}`);
    const ofOwner = await mail.mailTo(ada);
    t.equal((await confirm(ofOwner.token)).status, 204);
    t.equal((await confirm(ofStranger.token)).body.code, 'invalid_link');
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
