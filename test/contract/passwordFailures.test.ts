/** Counts of wrong passwords, over PGlite and over a PostgreSQL server: the statement agrees with the rule. */
import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { array, asyncProperty, assert as check, constantFrom, oneof, record } from 'fast-check';
import t, { type Test } from 'tap';
import { loginLimits } from '../../src/login/limits.ts';
import {
  type AttemptSource,
  delayAfter,
  type Failures,
  judgeAttempt,
  noFailures,
  type PasswordFailureStore,
} from '../../src/login/throttling/passwordFailures.ts';
import type { PostgresEngine } from '../../src/storage/postgres/engine.ts';
import { engines, openStorage } from '../support/engines.ts';
import { rowsMadeAt as now } from '../support/rows.ts';

const { passwordFailuresMaximum: maximum, passwordFailuresFree: free } = loginLimits;
const hash = () => randomBytes(32);
const strangers = hash();
const day = 24 * 60 * 60_000;

for (const { name, open } of engines) {
  t.test(name, async (t) => {
    const { engine, storage } = await openStorage(t, open);
    const store = storage.database.passwordFailures;
    t.test('the statement agrees with the rule', (t) => agrees(t, store));
    t.test('who shares a count', (t) => sharing(t, store));
    t.test('many at once', (t) => atOnce(t, store));
    t.test('an attempt of which nothing came', (t) => givenBack(t, store));
    t.test('a write that changes nothing', (t) => touched(t, store, engine));
    t.test('places that are known', (t) => places(t, store));
    t.test('a place that becomes known without an attempt', (t) => known(t, store));
    t.test('recovery', (t) => recovery(t, store));
    t.test('what is forgotten', (t) => forgotten(t, store));
    t.test('for how long a count of strangers is kept', (t) => kept(t, store, engine));
    t.test('the index', (t) => indexed(t, engine));
  });
}

async function known(t: Test, store: PasswordFailureStore): Promise<void> {
  const ada = somebody();
  const noPlace = { ...ada, place: strangers };
  t.equal(await store.isKnown(ada, now), false);
  await fail(store, ada, 3);
  t.equal(await store.isKnown(ada, now), false, 'a wrong one makes no place known');
  await store.know(noPlace, now);
  t.equal(await store.isKnown(noPlace, now), false, 'no place is no known one');
  await store.know(ada, now);
  t.equal(await store.isKnown(ada, now), true);
  t.equal(await store.isKnown(ada.elsewhere, now), false);
  t.equal(await store.isKnown({ ...somebody(), place: ada.place }, now), false, 'of another account');
  await fail(store, ada, 2);
  t.equal((await store.take(ada.elsewhere, now)).failures.count, 4, 'the count of strangers is as it was');
  await store.know(ada, now + 1);
  t.match(await store.take(ada, now), { source: 'place', failures: { count: 3 } }, 'and that of the place');
  const latest = now + 1 + loginLimits.knownNetworkMilliseconds;
  t.equal(await store.isKnown(ada, latest - 1), true);
  t.equal(await store.isKnown(ada, latest), false);
  for (let place = 0; place < loginLimits.knownNetworks; place += 1)
    await store.know({ ...ada, place: hash() }, now + 2);
  t.equal(await store.isKnown(ada, now + 2), false, 'only the latest ones');
}

function somebody(): AttemptSource & { readonly elsewhere: AttemptSource } {
  const account = hash();
  const elsewhere = { account, place: hash(), strangers };
  return { account, place: hash(), strangers, elsewhere };
}

/** So many wrong ones, each as soon as it may be. Answers the time of the last. */
async function fail(store: PasswordFailureStore, from: AttemptSource, times: number, start = now) {
  let at = start;
  for (let count = 0; count < times; count += 1) {
    const attempt = await store.take(from, at);
    if (!attempt.taken) throw new Error(`refused at ${count}`);
    at = Math.max(at, attempt.failures.retryAt);
  }
  return at;
}

async function agrees(t: Test, store: PasswordFailureStore): Promise<void> {
  const milliseconds = oneof(
    constantFrom(0, 1, 999, 1_000, 1_001, 64_000, loginLimits.passwordDelayMilliseconds),
    constantFrom(-1, -1_000, -loginLimits.passwordDelayMilliseconds - 1, -day),
  );
  const step = record({
    what: constantFrom('wrong', 'wrong', 'wrong', 'wrong', 'right', 'back'),
    milliseconds,
  });
  const run = async (steps: readonly { what: string; milliseconds: number }[]) => {
    const from = somebody();
    let model: Failures = noFailures;
    let time = now;
    for (const { what, milliseconds } of steps) {
      time += milliseconds;
      const judged = judgeAttempt(model, time);
      const { taken, ...attempt } = await store.take(from, time);
      same(taken, judged.kind === 'attempt');
      if (judged.kind !== 'attempt') continue;
      model = judged.after;
      same(attempt.failures, model);
      if (what === 'back') await store.giveBack(from, attempt);
      if (what === 'right') await store.succeed(from, attempt, time);
      model =
        { wrong: model, back: { count: model.count - 1, retryAt: 0 }, right: noFailures }[what] ?? model;
    }
  };
  await t.resolves(check(asyncProperty(array(step, { maxLength: 30 }), run), { numRuns: 60 }));

  const all = Array.from({ length: maximum }, (_, index) => delayAfter(index + 1));
  t.strictSame(all.slice(0, 8), [0, 0, 0, 0, 1_000, 2_000, 4_000, 8_000]);
  t.equal(Math.max(...all), loginLimits.passwordDelayMilliseconds);
  const from = somebody();
  const at = await fail(store, from, maximum);
  t.equal(
    at - now,
    all.reduce((sum, delay) => sum + delay),
    'the maximum is reached no sooner than after all waits',
  );
  t.match(
    await store.take(from, at + 1_000 * day),
    { taken: false, failures: { count: maximum } },
    'the 101st',
  );
}

function same(one: unknown, other: unknown): void {
  if (!isDeepStrictEqual(one, other)) throw new Error(`${JSON.stringify(one)}, not ${JSON.stringify(other)}`);
}

async function sharing(t: Test, store: PasswordFailureStore): Promise<void> {
  const owner = somebody();
  await fail(store, owner, free);
  t.match(
    await store.take(owner.elsewhere, now),
    { taken: false, source: 'strangers' },
    'strangers share one',
  );
  t.match(await store.take({ ...owner, account: hash() }, now), { taken: true }, 'of one account');

  const later = now + day;
  const right = await store.take(owner, later);
  t.match(right, { taken: true, source: 'strangers', failures: { count: free + 1 } });
  await store.succeed(owner, right, later);
  t.match(await store.take(owner.elsewhere, later), { taken: true, failures: { count: 1 } }, 'was set back');
  await fail(store, owner.elsewhere, maximum - 1, later);
  t.match(await store.take(owner.elsewhere, later + day), { taken: false, failures: { count: maximum } });
  t.match(
    await store.take(owner, later + day),
    { taken: true, source: 'place', failures: { count: 1 } },
    'a place where the password was right has a count of its own',
  );
  const again = await store.take(owner, later + day);
  await store.succeed(owner, again, later + day);
  t.match(
    await store.take(owner.elsewhere, later + 2 * day),
    { taken: false, failures: { count: maximum } },
    'and a success there sets back no other',
  );
}

async function atOnce(t: Test, store: PasswordFailureStore): Promise<void> {
  const from = somebody();
  const attempts = await Promise.all(
    Array.from({ length: 100 }, (_, number) => store.take(number % 2 === 0 ? from : from.elsewhere, now)),
  );
  const taken = attempts.filter((attempt) => attempt.taken);
  t.equal(taken.length, free, 'a hundred at once are as many as are free');
  t.strictSame(
    taken.map(({ failures }) => failures.count).sort((a, b) => a - b),
    Array.from({ length: free }, (_, index) => index + 1),
  );
}

async function givenBack(t: Test, store: PasswordFailureStore): Promise<void> {
  const from = somebody();
  const at = await fail(store, from, free);
  const attempt = await store.take(from, at);
  t.match(await store.take(from, at), { taken: false });
  await store.giveBack(from, attempt);
  const again = await store.take(from, at);
  t.match(again, { taken: true, failures: { count: free + 1 } }, 'the next may come at once');
  const next = await store.take(from, again.failures.retryAt);
  await store.giveBack(from, again);
  t.match(
    await store.take(from, again.failures.retryAt),
    { taken: false, failures: { count: free + 1, retryAt: next.failures.retryAt } },
    'unless another one was counted since',
  );
}

async function touched(t: Test, store: PasswordFailureStore, engine: PostgresEngine): Promise<void> {
  const from = somebody();
  const attempt = await store.take(from, now);
  const read = async () => {
    const [row] = await engine.prisma.$queryRaw<[{ version: string }]>`
      SELECT xmin::text AS version, failures, retry_at, used_at, known_at
        FROM password_failures WHERE account = ${from.account}`;
    const { version, ...rest } = row;
    return { version, rest };
  };
  const before = await read();
  await store.touch(from, attempt, now);
  const after = await read();
  t.strictSame(after.rest, before.rest);
  t.not(after.version, before.version, 'it was written all the same');
}

async function places(t: Test, store: PasswordFailureStore): Promise<void> {
  const account = hash();
  const all = Array.from({ length: loginLimits.knownNetworks + 1 }, () => ({
    account,
    place: hash(),
    strangers,
  }));
  for (const [index, from] of all.entries()) {
    const at = now + index;
    await store.succeed(from, await store.take(from, at), at);
  }
  const sources = [];
  for (const from of all) sources.push((await store.take(from, now + 1_000)).source);
  t.strictSame(
    sources,
    ['strangers', ...Array(loginLimits.knownNetworks).fill('place')],
    'the latest are kept, as many as there may be',
  );
  const second = all[1] as AttemptSource;
  const unused = now + 1 + loginLimits.knownNetworkMilliseconds;
  t.match(await store.take(second, unused - 1), { source: 'place' });
  t.match(
    await store.take(second, unused),
    { source: 'strangers' },
    'one that was not used for long is none',
  );

  const nowhere = { account: hash(), place: strangers, strangers };
  await store.succeed(nowhere, await store.take(nowhere, now), now);
  t.match(
    await store.take({ ...nowhere, place: hash() }, now),
    { source: 'strangers', failures: { count: 1 } },
    'who is nowhere makes no place known, and sets back the count',
  );
  t.match(await store.take(nowhere, now), { failures: { count: 2 } }, 'which he shares with strangers');
}

async function recovery(t: Test, store: PasswordFailureStore): Promise<void> {
  const owner = somebody();
  await store.succeed(owner, await store.take(owner, now), now);
  const at = (await fail(store, owner, maximum)) + (await fail(store, owner.elsewhere, maximum)) - now;
  t.match(await store.take(owner, at), { taken: false, source: 'place' });
  t.match(await store.take(owner.elsewhere, at), { taken: false, source: 'strangers' });
  await store.unlock(hash());
  t.match(await store.take(owner, at), { taken: false }, 'another account');
  await store.unlock(owner.account);
  t.match(await store.take(owner, now), { taken: true, source: 'place', failures: { count: 1 } });
  t.match(await store.take(owner.elsewhere, now), {
    taken: true,
    source: 'strangers',
    failures: { count: 1 },
  });
  await store.forget(owner.account);
  t.match(await store.take(owner, now), { taken: true, source: 'strangers', failures: { count: 1 } });
}

/** Long before all others here, so that their rows stay. */
async function forgotten(t: Test, store: PasswordFailureStore): Promise<void> {
  const then = Date.UTC(1990, 0, 1);
  const [stranger, known, guessedAt, locked] = [somebody(), somebody(), somebody(), somebody()] as const;
  await store.take(stranger, then);
  for (const owner of [known, guessedAt]) await store.succeed(owner, await store.take(owner, then), then);
  await store.take(guessedAt, then);
  const at = await fail(store, locked, maximum, then);
  const prune = (time: number) => store.prune(time, 100);

  const rows: [milliseconds: number, deleted: number, what: string][] = [
    [day, 0, 'in time, nothing'],
    [day + 1, 1, 'a failure of strangers'],
    [loginLimits.knownNetworkMilliseconds - 1, 0, 'a place that is known stays, guessed at or not'],
    [loginLimits.knownNetworkMilliseconds, 2, 'until it was not used for long'],
    [at - then + 10_000 * day, 0, 'never that an account needs recovery'],
  ];
  for (const [milliseconds, deleted, what] of rows) t.equal(await prune(then + milliseconds), deleted, what);
  t.match(await store.take(stranger, then), { failures: { count: 1 } });
  t.match(await store.take(locked, at + 10_000 * day), { taken: false });

  const today = Date.now();
  const young = somebody();
  await store.take(young, today);
  await prune(today + 10_000 * day);
  t.match(await store.take(young, today), { failures: { count: 2 } }, 'nor by a clock that is ahead');
}

async function kept(t: Test, store: PasswordFailureStore, engine: PostgresEngine): Promise<void> {
  const then = Date.UTC(1980, 0, 1);
  const at = new Date(then);
  const counts = Array.from({ length: maximum + 1 }, (_, failures) => failures);
  const usual = { account: hash(), retryAt: at, usedAt: at };
  await engine.prisma.passwordFailures.createMany({
    data: counts.map((failures) => ({ ...usual, source: hash(), failures })),
  });
  const days = (failures: number) => Math.min(failures, loginLimits.passwordFailuresDays);
  for (const passed of counts) {
    const due = then + passed * day;
    t.equal(await store.prune(due, maximum), 0, `${passed} days`);
    const expected = counts.filter((failures) => failures < maximum && days(failures) === passed);
    t.equal(await store.prune(due + 1, maximum), expected.length, `more than ${passed} days`);
  }
  const left = await engine.prisma.passwordFailures.findMany({ where: { account: usual.account } });
  t.match(left, [{ failures: maximum }], 'what locks the account stays');
}

/** What is due is found without walking what stays: the indexes have the numbers of the rule. */
async function indexed(t: Test, engine: PostgresEngine): Promise<void> {
  const indexes = await engine.prisma.$queryRaw<{ definition: string }[]>`
    SELECT pg_get_indexdef(indexrelid) AS definition FROM pg_index
     WHERE indrelid = 'password_failures'::regclass AND NOT indisprimary ORDER BY 1`;
  const { passwordFailuresDays: days } = loginLimits;
  t.match(indexes, [
    { definition: `(known_at) WHERE ((known_at IS NOT NULL) AND (failures < ${maximum}))` },
    { definition: `LEAST(failures, ${days})` },
  ]);
  t.match(indexes[1]?.definition, `WHERE ((known_at IS NULL) AND (failures < ${maximum}))`);
}
