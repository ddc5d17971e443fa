/** Attempts at a password while the database fails, or while others are always faster: what was no guess is not counted. */
import t from 'tap';
import type { Email } from '../../src/authn/email.ts';
import { noFailures } from '../../src/authn/passwordFailures.ts';
import { limits } from '../../src/core/limits.ts';
import type { Database } from '../../src/flows/database.ts';
import { engines, openStorage } from '../support/engines.ts';
import { passwordAttemptsOver } from '../support/flowParts.ts';
import { createManualClock } from '../support/manualClock.ts';
import { rowsMadeAt as now } from '../support/rows.ts';

const { passwordFailuresFree: free, passwordAttemptsOwed: owed } = limits;
const [home, work] = [{ ip: '192.0.2.1' }, { ip: '198.51.100.1' }];
const person = (number: number) => `person${number}@example.com` as Email;

/** Attempts over the store of a database that does some things otherwise. */
function attemptsOver(database: Database, otherwise: Partial<Database['passwordFailures']>) {
  const passwordFailures = { ...database.passwordFailures, ...otherwise };
  const clock = createManualClock(now);
  const { attempt } = passwordAttemptsOver({ ...database, passwordFailures }, clock);
  const make = (right: boolean) => (email: Email, place: typeof home) =>
    attempt(email, place, async ({ check }) => {
      await check(async () => right);
      throw new Error(right ? 'right' : 'wrong');
    });
  return { wrong: make(false), right: make(true) };
}

for (const { name, open } of engines) {
  t.test(name, async (t) => {
    const { database } = (await openStorage(t, open)).storage;
    const { passwordFailures: store } = database;

    t.test('what could not be given back is, before the next attempt from any network', async (t) => {
      let failing = true;
      const { wrong, right } = attemptsOver(database, {
        async giveBack(...attempt) {
          if (failing) throw new Error('on purpose');
          return store.giveBack(...attempt);
        },
      });
      for (let count = 1; count < free; count += 1)
        await t.rejects(wrong(person(0), home), { message: 'wrong' });
      await t.rejects(right(person(0), home), { message: 'right' });
      await t.rejects(right(person(0), work), { message: 'on purpose' }, 'no attempt without it');
      failing = false;
      await t.rejects(right(person(0), work), { message: 'right' }, 'and no wait');
      await t.rejects(wrong(person(0), work), { message: 'wrong' }, 'nor one that is given back twice');
      await t.rejects(wrong(person(0), work), { code: 'rate_limited', reason: 'password_delay' });
    });

    t.test('what is owed is bounded: the oldest is forgotten, and counts', async (t) => {
      let failing = true;
      const counts: number[] = [];
      const { right } = attemptsOver(database, {
        async take(...asked) {
          const answer = await store.take(...asked);
          counts.push(answer.failures.count);
          return answer;
        },
        async giveBack(...attempt) {
          if (failing) throw new Error('on purpose');
          return store.giveBack(...attempt);
        },
      });
      const people = Array.from({ length: owed + 1 }, (_, number) => person(number + 1));
      for (const email of people) await right(email, home).catch(() => {});
      t.strictSame(new Set(counts), new Set([1]));
      counts.length = 0;
      failing = false;
      for (const email of [people[0], people[1], people[owed]] as Email[])
        await t.rejects(right(email, work), { message: 'right' });
      t.strictSame(counts, [2, 1, 1]);
    });

    t.test('who is always too late is told to come again, and it is told apart', async (t) => {
      let asked = 0;
      const { right } = attemptsOver(database, {
        // As if each time somebody else had succeeded between the statements.
        async take() {
          asked += 1;
          return { taken: false, source: 'strangers', failures: noFailures };
        },
      });
      const refused = { code: 'unavailable', reason: 'password_contention', retryAfterSeconds: 1 };
      await t.rejects(right(person(0), home), refused);
      t.equal(asked, 3);
    });
  });
}
