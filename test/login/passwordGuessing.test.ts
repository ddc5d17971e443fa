/** Guessing passwords (L4): each wrong one makes the next wait, and no stranger keeps the owner out for good. */
import t from 'tap';
import { loginLimits } from '../../src/login/limits.ts';
import { openEngine } from '../../src/storage/postgres/engine.ts';
import { keptFolder, password, startAuthority } from '../support/authority.ts';
import { behindProxy, brief, from, triesAt, wrong } from '../support/loginTries.ts';
import { sharedAuthority } from '../support/sharedAuthority.ts';
import { createShiftedClock } from '../support/shiftedClock.ts';

const { passwordFailuresFree: free, passwordFailuresMaximum: maximum } = loginLimits;
const longest = loginLimits.passwordDelayMilliseconds;
const home = '192.0.2.7';
const neighbour = '192.0.2.200';
const stranger = '198.51.100.1';
const others = (number: number) => `203.0.${number % 200}.1`;
const refused = '401 invalid_credentials';
const waits = (seconds: number) => `429 rate_limited again in ${seconds}`;
const locked = '403 recovery_required';

async function start() {
  const authority = await sharedAuthority(behindProxy);
  await authority.register('alice@example.com');
  return { ...authority, ...triesAt(authority) };
}

t.test('after some that are free, each wrong password makes the next one wait longer', async (t) => {
  const { clock, wrong, right } = await start();
  for (let count = 1; count <= free; count += 1) t.equal(brief(await wrong(stranger)), refused, `${count}`);
  for (const seconds of [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]) {
    t.equal(brief(await wrong(stranger)), waits(seconds));
    t.equal(brief(await right(others(seconds))), waits(seconds), 'not even the right one is looked at');
    clock.shift(seconds * 1_000);
    t.equal(brief(await wrong(others(seconds + 1))), refused);
  }
  clock.shift(longest);
  t.equal(brief(await right(stranger)), '200', 'the right one, in time');
  t.equal(brief(await wrong(stranger)), refused, 'and all is as it was');
  t.equal(brief(await wrong(stranger)), refused);
});

t.test('an e-mail that nobody has, one of a disabled user and one of a user are refused alike', async (t) => {
  const { clock, wrong, register, authority } = await start();
  await register('disabled@example.com');
  await authority.operations.disableUser({ email: 'disabled@example.com' }, { name: 'operator' });
  const emails = ['alice@example.com', 'nobody@example.com', 'disabled@example.com'];
  for (let count = 0; count < 12; count += 1) {
    const said = [];
    for (const email of emails) {
      const { status, body, headers } = await wrong(stranger, email);
      const { request_id: _, ...problem } = body;
      const shown = [...headers].filter(([name]) => !['date', 'x-request-id'].includes(name));
      said.push(JSON.stringify([status, problem, shown]));
    }
    t.equal(new Set(said).size, 1, said.join('\n'));
    if (count % 2 === 1) clock.shift(loginLimits.passwordDelayMilliseconds);
  }
});

t.test(
  'a hundred guesses at once are as many as are free, and the right one among them is not told',
  async (t) => {
    const now = Date.now();
    const authority = await startAuthority({
      clock: { ...createShiftedClock(), now: () => now },
      env: behindProxy,
    });
    t.teardown(() => authority.stop());
    await authority.register('alice@example.com');
    const { wrong } = triesAt(authority);
    const answers = await Promise.all(Array.from({ length: 100 }, (_, number) => wrong(others(number))));
    t.equal(answers.filter(({ status }) => status === 401).length, free);
    t.equal(answers.filter(({ status }) => status === 429).length, 100 - free);
  },
);

t.test('many who know the password and come at once are all let in', async (t) => {
  const { right } = await start();
  const answers = await Promise.all(Array.from({ length: 4 * free }, () => right(home)));
  t.strictSame(new Set(answers.map(brief)), new Set(['200']));
});

t.test('strangers can make strangers wait and lock them out, never the owner at home', async (t) => {
  const { clock, wrong, right, authority, log } = await start();
  t.equal(brief(await right(home)), '200');
  for (let count = 1; count <= maximum; count += 1) {
    t.equal(brief(await wrong(others(count))), refused, `guess ${count}`);
    if (count % 20 === 0) t.equal(brief(await right(home)), '200', `at home, after ${count}`);
    clock.shift(longest);
  }
  clock.shift((365 * 24 * 3_600_000) / 4);
  t.equal(brief(await wrong(others(101))), locked, 'the 101st is not looked at');
  t.equal(brief(await right(stranger)), locked, 'nor is the right one, from a place that is not known');
  t.equal(brief(await right(neighbour)), '200', 'at home nothing has changed');
  t.equal(brief(await wrong(home)), refused);
  t.match(log(), /"code":"recovery_required","reason":"password_failures"/);

  const { userId } = await authority.operations.unlockUser(
    { email: 'Alice@example.com' },
    { name: 'operator' },
  );
  t.match(userId, /^[0-9a-f-]{36}$/);
  t.equal(brief(await wrong(others(102))), refused, 'the operator can end it for everybody');
  t.equal(brief(await right(stranger)), '200');
});

t.test(
  'in a network of the owner, a guesser has a count there, and the owner another one elsewhere',
  async (t) => {
    const { clock, wrong, right } = await start();
    const work = '192.0.100.1';
    for (const place of [home, work]) t.equal(brief(await right(place)), '200');
    for (let count = 1; count <= maximum; count += 1) {
      t.equal(brief(await wrong(neighbour)), refused, `guess ${count}`);
      clock.shift(longest);
    }
    t.equal(brief(await right(home)), locked);
    t.equal(brief(await right(work)), '200');
    t.equal(brief(await right(stranger)), '200', 'strangers have done nothing');
  },
);

t.test('a clock that was ahead makes nobody wait for longer than a wait lasts', async (t) => {
  const { clock, wrong } = await start();
  clock.shift(30 * 24 * 3_600_000);
  for (let count = 1; count <= free; count += 1) await wrong(stranger);
  t.equal(brief(await wrong(stranger)), waits(1));
  clock.shift(-30 * 24 * 3_600_000);
  t.equal(brief(await wrong(stranger)), refused);
});

t.test('the password of a session is counted like one of a login, by itself', async (t) => {
  const { clock, call, right, wrong: wrongLogin, login } = await start();
  const thief = await login('alice@example.com', from(home));
  const owner = await login('alice@example.com', from(home));
  const change = (token: string, current: string, next = 'another horse battery staple') =>
    call('POST', '/auth/password', {
      token,
      headers: from(stranger),
      body: { current_password: current, new_password: next },
    });
  for (let count = 1; count <= free; count += 1)
    t.equal(brief(await change(thief.access_token, wrong)), refused, `guess ${count}`);
  t.equal(brief(await change(thief.access_token, password)), waits(1));
  t.equal(brief(await right(home)), '200', 'a login is not kept out by that');
  t.equal(brief(await wrongLogin(stranger)), refused, 'nor a stranger');
  for (let count = 1; count < free; count += 1) await change(owner.access_token, wrong);
  t.equal(brief(await change(owner.access_token, password, password)), '400 invalid_request');
  for (let count = 1; count <= free; count += 1)
    t.equal(brief(await change(owner.access_token, wrong)), refused, 'the right one had set it back');
  clock.shift(1_000);
  for (let count = 1; count < free; count += 1) await wrongLogin(stranger);
  t.equal(brief(await wrongLogin(stranger)), waits(1));
  t.equal(brief(await change(owner.access_token, password)), '204');
  t.equal(brief(await wrongLogin(others(1))), refused, 'another password: guessing begins again');
  t.equal((await change(thief.access_token, wrong)).status, 401, 'and the other sessions have ended');
});

t.test('the audit trail says who was kept out, once', async (t) => {
  const { dataDir, databaseUrl } = await keptFolder(t);
  const clock = createShiftedClock();
  const authority = await startAuthority({ clock, dataDir, env: behindProxy });
  await authority.register('alice@example.com');
  const { wrong, right } = triesAt(authority);
  for (let count = 1; count <= maximum + 3; count += 1) {
    await wrong(others(count));
    clock.shift(longest);
  }
  t.equal(brief(await right(home)), locked);
  await authority.authority.operations.unlockUser({ email: 'alice@example.com' }, { name: 'operator' });
  t.equal(brief(await right(home)), '200');
  t.equal(brief(await wrong(stranger)), refused);
  await authority.stop();
  const engine = await openEngine('', databaseUrl);
  t.teardown(engine.close);
  const rows = await engine.prisma.auditEvent.groupBy({ by: ['type', 'reason', 'actor'], _count: true });
  const counts = Object.fromEntries(
    rows.map(({ type, reason, actor, _count }) => [`${type} ${reason} by ${actor}`, _count]),
  );
  t.match(counts, {
    'login_failed wrong_password by user': maximum + 1,
    'password_locked strangers by user': 1,
    'user_unlocked null by operator': 1,
  });
  const stored = await engine.prisma.passwordFailures.findMany();
  const names = stored.flatMap(({ account, source }) => [account, source].map((name) => Buffer.from(name)));
  t.equal(names.length, 6, 'the account, and where it was registered, logged in and guessed at');
  t.notMatch(names.join(), /alice|example|203\.0|strangers/, 'no e-mail and no network is stored');
});
