/**
 * Compares times of answers (L1, L2): recovery, registration and the start of a login with a code take as long for an e-mail that
 * a user has as for one that nobody has; so does the start of a login with a code to a phone.
 */
import t, { type Test } from 'tap';
import { startAuthority, type TestAuthority } from '../support/authority.ts';
import { adaPhone, codesAt, startSenders } from '../support/codeUsers.ts';
import { mailSettings, startMailServer } from '../support/mailServer.ts';
import { mean, mostT, welch, withoutOutliers } from '../support/welch.ts';

t.setTimeout(600_000);

const known = 'known@example.com';
const unknown = 'nobody@example.com';
const actor = { name: 'user', ip: '192.0.2.1' } as const;

const samples = 1_000;

interface Comparison {
  readonly ask: (address: string) => Promise<unknown>;
  readonly addresses?: readonly [known: string, unknown: string];
  /** Both at once: in half the time, where each does much by itself. */
  readonly atOnce?: true;
}

async function compare(t: Test, { ask, addresses = [known, unknown], atOnce }: Comparison): Promise<void> {
  const times: [number[], number[]] = [[], []];
  const measure = async (index: 0 | 1, isMeasured: boolean) => {
    const begun = performance.now();
    await ask(addresses[index]);
    if (isMeasured) times[index].push(performance.now() - begun);
  };
  for (let count = -10; count < samples; count += 1) {
    // Each goes first as often: whatever else the machine does meets both.
    const order = count % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const);
    if (atOnce) await Promise.all(order.map((index) => measure(index, count >= 0)));
    else for (const index of order) await measure(index, count >= 0);
  }
  const [one = [], other = []] = withoutOutliers(times);
  const value = welch(one, other);
  const means = [one, other].map((each) => mean(each).toFixed(2)).join(' and ');
  t.ok(Math.abs(value) < mostT, `t = ${value.toFixed(2)}, ${means} ms`);
  const shorter = other.map((milliseconds) => milliseconds * 0.6);
  t.ok(welch(one, shorter) > mostT, 'a shorter way would be seen');
}

t.test('times', async (t) => {
  const mail = await startMailServer();
  t.teardown(() => mail.stop());
  const env = { ...mailSettings(mail), REQUIRE_VERIFIED_EMAIL: 'on' };
  const node = await startAuthority({ env, usualHashing: true });
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

t.test('times of phones', async (t) => {
  const { mail, sms, env } = await startSenders(t);
  const node = await startAuthority({ env: { ...env, CODE_LOGIN: 'sms' } });
  t.teardown(() => node.stop());
  await codesAt(node, { mail, sms }).withPhone(known, adaPhone);
  const ask = (phone: string) => startCodeLogin(node, { phone });
  await compare(t, { ask, addresses: [adaPhone, '+4915112345679'] });
});

async function startCodeLogin({ call }: TestAuthority, to: object): Promise<void> {
  const { status } = await call('POST', '/auth/login/code/start', { body: to });
  if (status !== 202) throw new Error(`the start of a login with a code: ${status}`);
}
