/** Whatever ends something with effect says how long that took; nothing else does. */
import t from 'tap';
import { password, startAuthority } from '../../support/authority.ts';
import { mailSettings, startMailServer } from '../../support/mailServer.ts';
import { enrolled, secondStepAt } from '../../support/secondFactor.ts';

const ada = 'ada@example.com';
const eve = 'eve@example.com';
const next = `another ${password}`;

t.test('Server-Timing', async (t) => {
  const mail = await startMailServer();
  t.teardown(() => mail.stop());
  const node = await startAuthority({ env: mailSettings(mail) });
  t.teardown(() => node.stop());
  const { call } = node;
  await node.register(ada);
  const token = async () => (await node.login(ada)).access_token;
  const { begin, finish } = secondStepAt(node);
  const { id: factor, recoveryCodes } = await enrolled(node, eve, Date.now);
  const { token: notMe } = await mail.mailTo(eve);
  const ofBoth = (await finish(await begin(eve), { recovery_code: recoveryCodes[0] })).body;
  const passwords = { current_password: password, new_password: next };
  const rows: readonly [method: string, path: string, token: string | undefined, body?: object][] = [
    ['POST', '/auth/logout', undefined],
    ['POST', '/auth/logout-others', undefined],
    ['POST', '/auth/logout-all', undefined],
    ['POST', '/auth/password', undefined, passwords],
    ['DELETE', `/auth/factors/${factor}`, ofBoth.access_token],
    ['POST', '/auth/not-me', '', { token: notMe }],
  ];
  const header = (answer: Awaited<ReturnType<typeof call>>) => answer.headers.get('server-timing');
  for (const [method, path, given, body] of rows) {
    const bearer = given ?? (await token());
    const answer = await call(method, path, {
      ...(bearer === '' ? {} : { token: bearer }),
      ...(body === undefined ? {} : { body }),
    });
    t.equal(answer.status, 204, path);
    t.match(header(answer), /^effect;dur=\d+\.\d$/, path);
  }
  await call('POST', '/auth/recovery', { body: { email: ada } });
  const link = await mail.mailTo(ada);
  const recovering =
    link.token !== '' && link.subject === 'Set a new password' ? link : await mail.mailTo(ada);
  const completed = await call('POST', '/auth/recovery/complete', {
    body: { token: recovering.token, new_password: password },
  });
  t.match(header(completed), /^effect;dur=/);
  const { access_token, session_id } = await node.login(ada);
  const me = await call('GET', '/auth/me', { token: access_token });
  t.match([header(me), me.body.acr], [null, '1fa']);
  const wrong = { token: access_token, body: { current_password: next } };
  t.equal(header(await call('DELETE', '/auth/me', wrong)), null, 'nothing ended');
  const other = await token();
  t.match(header(await call('DELETE', `/auth/sessions/${session_id}`, { token: other })), /^effect;dur=/);
  const deleted = await call('DELETE', '/auth/me', { token: other, body: { current_password: password } });
  t.match(header(deleted), /^effect;dur=/);
});
