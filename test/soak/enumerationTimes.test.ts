/** Recovery, registration and the start of a login with a code take as long for an e-mail that a user has as for one that nobody has. */
import t from 'tap';
import { startAuthority } from '../support/authority.ts';
import { mailSettings, startMailServer } from '../support/mailServer.ts';
import { compare, known, startCodeLogin, unlimited } from './compareTimes.ts';

t.setTimeout(600_000);

const actor = { name: 'user', ip: '192.0.2.1' } as const;

t.test('times', async (t) => {
  const mail = await startMailServer();
  t.teardown(() => mail.stop());
  const env = { ...mailSettings(mail), REQUIRE_VERIFIED_EMAIL: 'on' };
  const node = await startAuthority({ env, usualHashing: true, rateLimits: unlimited });
  t.teardown(() => node.stop());
  const { startRecovery, requestRegistration, verifyEmail } = node.authority.operations;
  const password = 'correct horse battery staple';
  await requestRegistration({ email: known, password }, actor);
  await verifyEmail.byLink((await mail.mailTo(known)).token, actor, password);

  await t.test('recovery', (t) => compare(t, { ask: (email) => startRecovery(email, actor) }));
  const byMail = (email: string) => startCodeLogin(node, { email });
  await t.test('the start of a login with a code', (t) => compare(t, { ask: byMail }));
  const register = (email: string) => requestRegistration({ email, password }, actor);
  await t.test('registration', (t) => compare(t, { ask: register, atOnce: true }));
});
