/**
 * Compares times of answers (L1, L2): recovery, registration and the start of a login with a code take as long for an e-mail that
 * a user has as for one that nobody has.
 */
import t, { type Test } from 'tap';
import { startAuthority } from '../support/authority.ts';
import { mailSettings, startMailServer } from '../support/mailServer.ts';
import { mean, mostT, welch, withoutOutliers } from '../support/welch.ts';

t.setTimeout(600_000);

const known = 'known@example.com';
const unknown = 'nobody@example.com';
const actor = { name: 'user', ip: '192.0.2.1' } as const;

async function compare(t: Test, samples: number, ask: (email: string) => Promise<unknown>): Promise<void> {
  const times: Record<string, number[]> = { [known]: [], [unknown]: [] };
  for (let count = -10; count < samples; count += 1) {
    // In turn, and each goes first as often: whatever else the machine does meets both.
    for (const email of count % 2 === 0 ? [known, unknown] : [unknown, known]) {
      const begun = performance.now();
      await ask(email);
      if (count >= 0) times[email]?.push(performance.now() - begun);
    }
  }
  const [one = [], other = []] = withoutOutliers(Object.values(times));
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
  const node = await startAuthority({ env });
  t.teardown(() => node.stop());
  const { startRecovery, requestRegistration, verifyEmail } = node.authority.operations;
  const startCodeLogin = async (email: string) => {
    const { status } = await node.call('POST', '/auth/login/code/start', { body: { email } });
    if (status !== 202) throw new Error(`the start of a login with a code: ${status}`);
  };
  const password = 'correct horse battery staple';
  await requestRegistration({ email: known, password }, actor);
  await verifyEmail.byLink((await mail.mailTo(known)).token, actor, password);

  await t.test('recovery', (t) => compare(t, 1_000, (email) => startRecovery(email, actor)));
  await t.test('the start of a login with a code', (t) => compare(t, 1_000, startCodeLogin));
  // A thousand would take more than two minutes: each computes a hash of the password.
  await t.test('registration', (t) =>
    compare(t, 300, (email) => requestRegistration({ email, password }, actor)),
  );
});
