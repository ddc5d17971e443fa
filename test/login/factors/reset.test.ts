/** Support's reset of lost factors: it waits, the owner is told and can stop it, and it happens once. */
import { readdir, readFile } from 'node:fs/promises';
import t, { type Test } from 'tap';
import { factorLimits } from '../../../src/login/factors/limits.ts';
import { keptFolder, startAuthority, type TestAuthority } from '../../support/authority.ts';
import { adaPhone, codesAt, startSenders } from '../../support/codeUsers.ts';
import { eventually } from '../../support/eventually.ts';
import { said } from '../../support/guards.ts';
import { mailSettings, startMailServer } from '../../support/mailServer.ts';
import { enrolled, secondStepAt, totpAt } from '../../support/secondFactor.ts';
import { createShiftedClock, hurried } from '../../support/shiftedClock.ts';
import { guardOf, sharedServers } from '../../support/twoNodes.ts';

const ada = 'ada@example.com';
const operator = { name: 'operator' };
const hour = 60 * 60_000;
const day = 24 * hour;
const longest = 30_000;
t.setTimeout(180_000);

async function begin(t: Test, env: Readonly<Record<string, string>> = {}) {
  const mail = await startMailServer();
  t.teardown(() => mail.stop());
  const clock = hurried(createShiftedClock(), factorLimits.resetPollMilliseconds);
  const node = await startAuthority({ clock, env: { ...mailSettings(mail), ...env } });
  t.teardown(() => node.stop());
  const user = await enrolled(node, ada, clock.now);
  const reset = (now?: string) => node.authority.operations.resetFactors({ email: ada }, { now }, operator);
  const stopBy = (token: string) => node.call('POST', '/auth/factors/reset/stop', { body: { token } });
  const shown = () => node.authority.operations.showUser({ email: ada });
  await mail.mailTo(ada);
  return { ...node, mail, clock, user, reset, stopBy, shown, ...secondStepAt(node) };
}

const eventsOf = async ({ authority }: TestAuthority, type: string) =>
  (await authority.operations.listAudit({ type })).map(({ actor, reason }) =>
    `${actor} ${reason ?? ''}`.trim(),
  );

t.test('the owner is told when, and the link stops it', async (t) => {
  const { mail, clock, call, reset, stopBy, shown, ...node } = await begin(t);
  const asked = clock.now();
  const { dueAt = 0, endedSessions } = await reset();
  t.ok(dueAt >= asked + day && dueAt < asked + day + 60_000, 'a day, by default');
  t.equal(endedSessions, 0);
  const { subject, text, token } = await mail.mailTo(ada);
  t.equal(subject, 'Your second factors are to be removed');
  t.match(text, /When: .* UTC/);
  clock.shift(60_000);
  t.equal((await reset()).dueAt, dueAt, 'a second request neither shortens nor prolongs it');
  t.equal((await shown()).factorsResetAt, dueAt);
  const page = await call('GET', `/auth/factors/reset/stop?token=${token}`);
  t.match(page.body, /<form method="post" action="\/auth\/factors\/reset\/stop">/);
  t.notMatch(page.body, /type="password"|<script/);
  t.equal((await shown()).factorsResetAt, dueAt, 'opening the page does nothing');
  for (const time of ['once', 'again']) t.equal((await stopBy(token)).status, 204, time);
  t.equal((await shown()).factorsResetAt, undefined);
  t.strictSame((await shown()).factors, ['totp', 'recovery_code']);
  t.strictSame(await eventsOf({ ...node, call }, 'factors_reset_stopped'), ['user link']);
  t.strictSame(await eventsOf({ ...node, call }, 'factors_reset_requested'), ['operator']);
  await reset();
  t.equal(
    (await stopBy(token)).body.code,
    'invalid_link',
    'the link of the earlier one does not stop the next',
  );
  for (const bad of ['x', 'ot_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'])
    t.equal((await stopBy(bad)).body.code, 'invalid_link');
});

t.test('it happens after the wait, with effect; then the link is too late', async (t) => {
  const { mail, reset, stopBy, shown, user, ...node } = await begin(t, { FACTOR_RESET_DELAY: '3s' });
  const guard = guardOf(t, node);
  await guard.ready();
  const { access_token: token } = user.firstSession;
  await reset();
  const { token: link } = await mail.mailTo(ada);
  t.equal(await said(guard, token), 'accepted');
  await eventually('the reset', async () => (await shown()).factors.length === 0, longest);
  t.equal(await said(guard, token), '401 invalid_token revoked');
  t.match(await mail.mailTo(ada), { subject: 'A way to log in was removed' });
  t.type((await node.login(ada)).access_token, 'string');
  t.equal((await stopBy(link)).body.code, 'invalid_link');
  t.strictSame(await eventsOf(node, 'factors_reset'), ['authority after_delay']);
});

t.test('a login and a step-up with a second factor stop it', async (t) => {
  const { clock, reset, shown, begin: logIn, finish, call, user, ...node } = await begin(t);
  const proofs: readonly (() => Promise<number>)[] = [
    async () => (await finish(await logIn(ada), { totp: totpAt(user.secret, clock.now()) })).status,
    async () => {
      const { access_token: token } = user.firstSession;
      const body = { totp: totpAt(user.secret, clock.now()) };
      return (await call('POST', '/auth/step-up', { token, body })).status;
    },
  ];
  for (const prove of proofs) {
    clock.shift(60_000);
    await reset();
    await logIn(ada);
    t.type((await shown()).factorsResetAt, 'number', 'the password alone stops nothing');
    t.equal(await prove(), 200);
    t.equal((await shown()).factorsResetAt, undefined);
  }
  const stopped = ['user second_factor', 'user second_factor'];
  t.strictSame(await eventsOf({ ...node, call }, 'factors_reset_stopped'), stopped);
});

t.test('a factor that is added, and a recovery that removes all, leave nothing to reset', async (t) => {
  const { mail, clock, reset, shown, call, user, ...node } = await begin(t);
  const { access_token: token } = user.firstSession;
  const withProof = async () => {
    clock.shift(60_000);
    const body = { totp: totpAt(user.secret, clock.now()) };
    return (await call('POST', '/auth/step-up', { token, body })).body.access_token;
  };
  const proved = await withProof();
  await reset();
  const { secret } = (await call('POST', '/auth/factors/totp', { token: proved })).body;
  t.type((await shown()).factorsResetAt, 'number', 'what is not confirmed stops nothing');
  const body = { code: totpAt(secret, clock.now()) };
  t.equal((await call('POST', '/auth/factors/totp/confirm', { token: proved, body })).status, 200);
  t.equal((await shown()).factorsResetAt, undefined);
  t.strictSame(await eventsOf({ ...node, call }, 'factors_reset_stopped'), ['user factor_added']);

  await reset();
  t.type((await shown()).factorsResetAt, 'number');
  await call('POST', '/auth/recovery', { body: { email: ada } });
  let link = await mail.mailTo(ada);
  while (link.subject !== 'Set a new password') link = await mail.mailTo(ada);
  const chosen = { token: link.token, new_password: 'another correct horse battery staple' };
  t.equal((await call('POST', '/auth/recovery/complete', { body: chosen })).status, 204);
  t.match(await shown(), { factors: [], factorsResetAt: undefined }, 'the first proof of the address');
});

t.test('it waits while the notice could not be sent', async (t) => {
  const { mail, reset, shown, register, authority } = await begin(t, { FACTOR_RESET_DELAY: '1s' });
  mail.behave({ rcpt: 451, of: ada });
  await reset();
  await register('bob@example.com');
  const { userId } = await authority.operations.resetFactors({ email: 'bob@example.com' }, {}, operator);
  const done = () => authority.operations.listAudit({ type: 'factors_reset' });
  await eventually("the other user's reset", async () => (await done()).length > 0, longest);
  t.match(await done(), [{ userId }]);
  t.equal((await done()).length, 1, 'the one of ada was due before');
  t.match(await shown(), { factors: ['totp', 'recovery_code'], factorsResetAt: Number });
  mail.behave(undefined);
  await eventually('the reset', async () => (await shown()).factors.length === 0, 2 * longest);
  t.equal((await done()).length, 2);
  t.equal((await mail.mailTo(ada)).subject, 'Your second factors are to be removed');
});

t.test('a notice that waits goes with its reset', async (t) => {
  const node = await begin(t);
  node.mail.behave({ rcpt: 451, of: ada });
  await node.reset();
  const waiting = async () => (await node.operations('GET', '/metrics')).body;
  await eventually('the notice is tried', async () =>
    /countersign_messages_total\{channel="mail",outcome="failed"\} 1/.test(await waiting()),
  );
  await node.authority.operations.stopFactorsReset({ email: ada }, operator);
  node.mail.behave(undefined);
  await node.authority.operations.sendRecovery({ email: ada }, operator);
  t.equal((await node.mail.mailTo(ada)).subject, 'Set a new password');
  await eventually('nothing waits', async () => /^countersign_outbox_waiting 0$/m.test(await waiting()));
  const subjects = node.mail.mails.map(({ subject }) => subject);
  t.notOk(subjects.includes('Your second factors are to be removed'), 'nor was it sent');
});

t.test('it stops when the mailbox refuses the notice', async (t) => {
  const node = await begin(t);
  node.mail.behave({ rcpt: 550, of: ada });
  await node.reset();
  await eventually('it stopped', async () => (await node.shown()).factorsResetAt === undefined, longest);
  t.match(await node.shown(), { factors: ['totp', 'recovery_code'] });
  t.strictSame(await eventsOf(node, 'factors_reset_stopped'), ['authority not_told']);
});

t.test('at once: with a reason, or without a delay; nobody told means no wait', async (t) => {
  const { reset, shown, authority } = await begin(t);
  await reset();
  t.match(await reset('showed an identity card'), { dueAt: undefined, endedSessions: 1 });
  t.match(await shown(), { factors: [], factorsResetAt: undefined });
  const [event] = await authority.operations.listAudit({ type: 'factors_reset' });
  t.match(event, { reason: 'at_once', detail: { note: 'showed an identity card' } });
  for (const bad of ['', ' ', 'x'.repeat(201)]) await t.rejects(reset(bad), { code: 'invalid_request' });
  const other = await begin(t, { FACTOR_RESET_DELAY: '0s' });
  t.match(await other.reset(), { dueAt: undefined, endedSessions: 1 });
});

t.test('the phone gets a message, too', async (t) => {
  const { mail, sms, env } = await startSenders(t);
  const node = await startAuthority({ env });
  t.teardown(() => node.stop());
  const { withPhone } = codesAt(node, { mail, sms });
  await withPhone(ada, adaPhone);
  await node.authority.operations.resetFactors({ email: ada }, {}, operator);
  const { text } = await sms.smsTo(adaPhone);
  t.match(text, /will be removed .*stop it: http.*\/auth\/factors\/reset\/stop\?token=ot_/);
});

t.test('without mail nobody could stop it: refused, but not at once', async (t) => {
  const { env } = await sharedServers(t);
  const node = await startAuthority({ env });
  t.teardown(() => node.stop());
  await node.register(ada);
  const reset = (now?: string) => node.authority.operations.resetFactors({ email: ada }, { now }, operator);
  await t.rejects(reset(), { code: 'mail_not_configured' });
  t.match(await reset('showed an identity card'), { dueAt: undefined });
});

/** The time of everything goes on by this. */
function createLaterClock() {
  const clock = hurried(createShiftedClock(), factorLimits.resetPollMilliseconds);
  let later = 0;
  return {
    ...clock,
    monotonic: () => clock.monotonic() + later,
    pass(milliseconds: number) {
      later += milliseconds;
      clock.shift(milliseconds);
    },
  };
}

t.test('two nodes: each happens once, also when the node that was asked is gone', async (t) => {
  const mail = await startMailServer();
  t.teardown(() => mail.stop());
  const { env: servers } = await sharedServers(t);
  const env = { ...servers, ...mailSettings(mail), FACTOR_RESET_DELAY: '1s' };
  const asked = await startAuthority({ env });
  const user = await enrolled(asked, ada, Date.now);
  const others = Array.from({ length: 9 }, (_, index) => `user${index}@example.com`);
  for (const email of others) await asked.register(email);
  for (const email of [ada, ...others])
    await asked.authority.operations.resetFactors({ email }, {}, operator);
  await asked.stop();
  // Both look at the same time.
  const clock = createLaterClock();
  const [one, two] = await Promise.all([startAuthority({ env, clock }), startAuthority({ env, clock })]);
  t.teardown(() => two.stop());
  clock.pass(hour);
  const done = async () => (await eventsOf(two, 'factors_reset')).length >= 10;
  await eventually('the resets', done, longest);
  const { access_token: token } = user.firstSession;
  // The event is written with the change, its effect follows.
  for (const node of [one, two])
    await eventually(
      'the effect',
      async () => (await node.call('GET', '/auth/me', { token })).status === 401,
    );
  await one.stop();
  t.strictSame(await eventsOf(two, 'factors_reset'), Array(10).fill('authority after_delay'));
});

t.test('what was due while no node ran waits an hour after the start; a deleted user has none', async (t) => {
  const { dataDir } = await keptFolder(t);
  const clock = createLaterClock();
  const first = await startAuthority({ clock, dataDir });
  await enrolled(first, ada, clock.now);
  await first.register('bob@example.com');
  const { resetFactors, deleteUser } = first.authority.operations;
  // Bob's would come first.
  for (const email of ['bob@example.com', ada]) await resetFactors({ email }, {}, operator);
  await deleteUser({ email: 'bob@example.com' }, operator);
  await eventually('she is told', async () => {
    const mails = await readdir(`${dataDir}/mail`).catch(() => []);
    const texts = await Promise.all(mails.map((name) => readFile(`${dataDir}/mail/${name}`, 'utf8')));
    return texts.some((text) => text.includes(`To: ${ada}`) && text.includes('factors are to be removed'));
  });
  await first.stop();
  clock.shift(3 * day);
  const second = await startAuthority({ clock, dataDir, env: { FACTOR_RESET_DELAY: '1s' } });
  t.teardown(() => second.stop());
  const done = async () =>
    (await second.authority.operations.listAudit({ type: 'factors_reset' })).map(({ userId }) => userId);
  await second.register('cyd@example.com');
  const idOf = async (email: string) => (await second.authority.operations.showUser({ email })).id;
  await second.authority.operations.resetFactors({ email: 'cyd@example.com' }, {}, operator);
  await eventually('the reset that was due later', async () => (await done()).length > 0, longest);
  t.strictSame(await done(), [await idOf('cyd@example.com')]);
  clock.pass(hour);
  await eventually('the reset', async () => (await done()).length > 1, longest);
  t.strictSame(await done(), [await idOf(ada), await idOf('cyd@example.com')]);
});
