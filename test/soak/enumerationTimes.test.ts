/**
 * Compares times of answers (L1, L2): recovery, registration, a change of the e-mail, the start of a login with a code and the try
 * of a wrong one take as long for an e-mail that a user has as for one that nobody has; so does a code to a phone. Messages are sent
 * after the answer, by this same process: before each measured request all are sent, so that none meets those of the one before.
 */
import t, { type Test } from 'tap';
import { loginLimits } from '../../src/login/limits.ts';
import { openEngine, type PostgresEngine } from '../../src/storage/postgres/engine.ts';
import { startAuthority, type TestAuthority } from '../support/authority.ts';
import { adaPhone, codesAt, startSenders } from '../support/codeUsers.ts';
import { eventually } from '../support/eventually.ts';
import { brief } from '../support/loginTries.ts';
import { mailSettings, startMailServer } from '../support/mailServer.ts';
import { createShiftedClock } from '../support/shiftedClock.ts';
import { mean, mostT, welch, withoutOutliers } from '../support/welch.ts';

t.setTimeout(600_000);

const known = 'known@example.com';
const unknown = 'nobody@example.com';
const actor = { name: 'user', ip: '192.0.2.1' } as const;

const samples = 1_000;
/** Counted as ever, but never used up. */
const unlimited = 1_000_000;

interface Comparison {
  readonly ask: (address: string) => Promise<unknown>;
  /** Resolves when everything is sent. */
  readonly quiet: () => Promise<unknown>;
  /** What must be there before each is asked, and does not count. */
  readonly prepare?: (count: number) => Promise<unknown>;
  readonly addresses?: readonly [known: string, unknown: string];
  /** Both at once: in half the time, where each does much by itself. */
  readonly atOnce?: true;
}

async function compare(t: Test, comparison: Comparison): Promise<void> {
  const { ask, quiet, prepare, addresses = [known, unknown], atOnce } = comparison;
  const times: [number[], number[]] = [[], []];
  const measure = async (index: 0 | 1, isMeasured: boolean) => {
    const begun = performance.now();
    await ask(addresses[index]);
    if (isMeasured) times[index].push(performance.now() - begun);
  };
  for (let count = -10; count < samples; count += 1) {
    // Each goes first as often: whatever else the machine does meets both.
    const order = count % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const);
    await prepare?.(count);
    for (const indexes of atOnce ? [order] : order.map((index) => [index])) {
      await quiet();
      await Promise.all(indexes.map((index) => measure(index, count >= 0)));
    }
  }
  const [one = [], other = []] = withoutOutliers(times);
  const value = welch(one, other);
  const means = [one, other].map((each) => mean(each).toFixed(2)).join(' and ');
  t.ok(Math.abs(value) < mostT, `t = ${value.toFixed(2)}, ${means} ms`);
  const shorter = other.map((milliseconds) => milliseconds * 0.6);
  t.ok(welch(one, shorter) > mostT, 'a shorter way would be seen');
}

/** An authority, and `quiet`: its outbox is empty, and its sender has looked again. `sent`: messages that have arrived. */
async function startQuiet(t: Test, sent: () => number, parts: Parameters<typeof startAuthority>[0]) {
  let engine: PostgresEngine | undefined;
  const openDatabase: typeof openEngine = async (...how) => {
    engine = await openEngine(...how);
    return engine;
  };
  const node = await startAuthority({ ...parts, openDatabase });
  t.teardown(() => node.stop());
  let before = sent();
  const quiet = async () => {
    const isEmpty = async () => (await engine?.prisma.outboxMessage.count()) === 0;
    if ((await isEmpty()) && sent() === before) return;
    let looks = 0;
    // Twice in a row: after the last message the sender asks for more, which takes less time than lies between two looks.
    await eventually('all is sent', async () => {
      looks = (await isEmpty()) ? looks + 1 : 0;
      return looks === 2;
    });
    before = sent();
  };
  return { node, quiet };
}

t.test('times', async (t) => {
  const mail = await startMailServer();
  t.teardown(() => mail.stop());
  const env = { ...mailSettings(mail), REQUIRE_VERIFIED_EMAIL: 'on' };
  const { node, quiet } = await startQuiet(t, () => mail.mails.length, {
    ...{ env, usualHashing: true, rateLimits: unlimited },
  });
  const { startRecovery, requestRegistration, verifyEmail } = node.authority.operations;
  const password = 'correct horse battery staple';
  await requestRegistration({ email: known, password }, actor);
  await verifyEmail.byLink((await mail.mailTo(known)).token, actor, password);

  // From a place that the account knows, since its mail was answered there.
  await t.test('recovery', (t) => compare(t, { quiet, ask: (email) => startRecovery(email, actor) }));
  const byMail = (email: string) => startCodeLogin(node, { email });
  await t.test('the start of a login with a code', (t) => compare(t, { quiet, ask: byMail }));
  const register = (email: string) => requestRegistration({ email, password }, actor);
  await t.test('registration', (t) => compare(t, { quiet, ask: register, atOnce: true }));
});

t.test('times of wrong codes, and of a change of the e-mail', async (t) => {
  const { mail, sms, env } = await startSenders(t);
  const clock = createShiftedClock();
  const { node, quiet } = await startQuiet(t, () => mail.mails.length, {
    ...{ clock, env: { ...env, CODE_LOGIN: 'mail' } },
  });
  const { proved, begin, finishCode, post, done } = codesAt(node, { mail, sms });
  // No account gets so many wrong codes that it must be recovered.
  const users = Math.ceil((samples + 10) / (loginLimits.passwordFailuresMaximum - 1));
  for (let user = 0; user < users; user += 1) await proved(`${user}.${known}`);
  const tokens = new Map<string, string>();
  const prepare = async (count: number) => {
    clock.shift(loginLimits.passwordDelayMilliseconds);
    for (const kind of [known, unknown]) {
      const { body } = await done(begin({ email: `${(count + 10) % users}.${kind}` }));
      tokens.set(kind, String(body.login_token));
    }
  };
  const answers = new Set<string>();
  const ask = async (kind: string) => {
    answers.add(brief(await finishCode(tokens.get(kind) ?? '', '000000')));
  };
  await t.test('a wrong code', (t) => compare(t, { quiet, ask, prepare }));
  t.strictSame(answers, new Set(['401 invalid_code']));

  const { access_token: token } = await node.login(`0.${known}`);
  const change = (email: string) => done(post('/auth/email', { email }, {}, token));
  await t.test('a change of the e-mail', (t) =>
    compare(t, { quiet, ask: change, addresses: [`1.${known}`, 'free@example.com'] }),
  );
});

t.test('times of phones', async (t) => {
  const { mail, sms, env } = await startSenders(t);
  const { node, quiet } = await startQuiet(t, () => mail.mails.length + sms.messages.length, {
    env: { ...env, CODE_LOGIN: 'sms' },
    rateLimits: unlimited,
  });
  await codesAt(node, { mail, sms }).withPhone(known, adaPhone);
  const ask = (phone: string) => startCodeLogin(node, { phone });
  await compare(t, { quiet, ask, addresses: [adaPhone, '+4915112345679'] });
});

async function startCodeLogin({ call }: TestAuthority, to: object): Promise<void> {
  const { status } = await call('POST', '/auth/login/code/start', { body: to });
  if (status !== 202) throw new Error(`the start of a login with a code: ${status}`);
}
