/** The owner is told of every change of a factor and of a used recovery code; the link in the mail ends the session. */
import t from 'tap';
import { startAuthority } from '../../support/authority.ts';
import { mailSettings, startMailServer } from '../../support/mailServer.ts';
import { enrolled, secondStepAt } from '../../support/secondFactor.ts';

const ada = 'ada@example.com';

t.test('an authenticator app is added, a recovery code is used, the app is removed', async (t) => {
  const mail = await startMailServer();
  t.teardown(() => mail.stop());
  const node = await startAuthority({ env: mailSettings(mail) });
  t.teardown(() => node.stop());
  const { call } = node;
  const { begin, finish } = secondStepAt(node);

  const { id, recoveryCodes } = await enrolled(node, ada, Date.now);
  t.match(await mail.mailTo(ada), { subject: 'A way to log in was added', text: /Authenticator app/ });

  const { body } = await finish(await begin(ada), { recovery_code: recoveryCodes[0] });
  const token = body.access_token;
  t.match(await mail.mailTo(ada), { subject: /recovery code/i, text: /\b9\b/ });

  t.equal((await call('DELETE', `/auth/factors/${id}`, { token })).status, 204);
  const removed = await mail.mailTo(ada);
  t.match(removed, { subject: 'A way to log in was removed', text: /Authenticator app/ });
  t.equal((await call('GET', '/auth/me', { token })).status, 200, 'it was not opened with the app');
  t.equal((await call('POST', '/auth/not-me', { body: { token: removed.token } })).status, 204);
  t.equal((await call('GET', '/auth/me', { token })).status, 401);
});
