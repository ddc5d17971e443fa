/** Attempts at a password: waits that are remembered, turns, and lost races. */

import type { SessionId } from '@countersign/verifier/ids';
import t from 'tap';
import type { Email } from '../../src/accounts/email.ts';
import type { Database } from '../../src/database.ts';
import { loginLimits } from '../../src/login/limits.ts';
import type { Place } from '../../src/login/throttling/attemptSources.ts';
import { noFailures } from '../../src/login/throttling/passwordFailures.ts';
import { newId } from '../../src/platform/newId.ts';
import { engines, openStorage } from '../support/engines.ts';
import { createManualClock } from '../support/manualClock.ts';
import { passwordAttemptsOver } from '../support/operationParts.ts';
import { rowsMadeAt as now } from '../support/rows.ts';

const { passwordFailuresFree: free, passwordAttemptsOwed: owed } = loginLimits;
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
  return { wrong: make(false), right: make(true), clock };
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

    t.test(
      'who was told to wait costs no query within the second, and is let in when it is over',
      async (t) => {
        let asked = 0;
        const { wrong, right, clock } = attemptsOver(database, {
          take(...from) {
            asked += 1;
            return store.take(...from);
          },
        });
        const waits = { code: 'rate_limited', reason: 'password_delay' };
        const email = person(owed + 2);
        for (let count = 1; count <= free + 1; count += 1) {
          await t.rejects(wrong(email, home), count <= free ? { message: 'wrong' } : waits);
        }
        asked = 0;
        for (let count = 0; count < 10; count += 1) await t.rejects(right(email, home), waits);
        t.equal(asked, 0);
        await t.rejects(right(email, work), waits, 'elsewhere it is asked for');
        t.equal(asked, 1);
        await clock.advance(loginLimits.passwordDelayFirstMilliseconds);
        await t.rejects(wrong(email, home), { message: 'wrong' });
        await t.rejects(wrong(email, home), waits, 'now for two seconds');
        asked = 0;
        await clock.advance(loginLimits.passwordWaitsMilliseconds);
        await t.rejects(right(email, home), waits);
        t.equal(asked, 1, 'each second it is asked again, since an operator may have ended it');
      },
    );

    t.test(
      'whose turn it is: known places and sessions are first, by the network that they are in',
      async (t) => {
        const { attempt } = passwordAttemptsOver(database, createManualClock(now));
        const turnOf = (place: Place) => attempt(person(owed + 3), place, async ({ turn }) => turn);
        const stranger = { place: '192.0.2.0/24', first: false };
        t.strictSame(await turnOf(home), stranger);
        const email = person(owed + 3);
        await attempt(email, home, ({ succeeded }) => succeeded(database, { email }, now));
        t.strictSame(await turnOf(home), { ...stranger, first: true });
        t.strictSame(await turnOf(work), { place: '198.51.100.0/24', first: false });
        const session = { ...work, sessionId: newId<SessionId>(now) };
        t.strictSame(await turnOf(session), { place: '198.51.100.0/24', first: true });
        t.strictSame(await turnOf({ ip: undefined }), { place: '', first: false });
      },
    );

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
