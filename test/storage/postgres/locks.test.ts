/** What waits for what in a PostgreSQL server, and what becomes of two that wait for each other. */

import type { UserId } from '@countersign/verifier/ids';
import t from 'tap';
import { createStorage } from '../../../src/storage/postgres/storage.ts';
import { newSession, newUser, rowsMadeAt as now } from '../../support/rows.ts';
import { openSharedDatabase } from '../../support/sharedDatabase.ts';

t.test('two transactions that wait for each other are both done', async (t) => {
  const { engine, database } = await openSharedDatabase(t);
  const storage = createStorage(engine);
  const [one, other] = [(await newUser(storage)).id, (await newUser(storage)).id];
  let bothHaveOne = () => {};
  const both = new Promise<void>((resolve) => {
    bothHaveOne = resolve;
  });
  let oneIsDone = () => {};
  const anotherIsDone = new Promise<void>((resolve) => {
    oneIsDone = resolve;
  });
  let runs = 0;
  const bump = async (first: UserId, second: UserId) => {
    await database.transaction(async ({ users }) => {
      runs += 1;
      // A second run that overtook the other transaction would wait in a circle with it again.
      if (runs > 2) await anotherIsDone;
      await users.bumpTokenVersion(first);
      if (runs === 2) bothHaveOne();
      await both;
      await users.bumpTokenVersion(second);
    });
    oneIsDone();
  };
  await Promise.all([bump(one, other), bump(other, one)]);
  t.equal(runs, 3, 'one of them was run once more');
  for (const id of [one, other]) t.match(await database.users.find(id), { tokenVersion: 2 });
});

t.test('a session that stays is locked in its turn with those that end', async (t) => {
  const { engine, database, connect } = await openSharedDatabase(t);
  const storage = createStorage(engine);
  const user = await newUser(storage);
  const [ended, kept] = [await newSession(storage, user), await newSession(storage, user)];
  const client = await connect();
  await database.transaction(async ({ sessions }) => {
    t.match(await sessions.end({ userId: user.id, except: kept }, 'password_changed', now), [{ id: ended }]);
    const look = client.query('SELECT 1 FROM sessions WHERE id = $1 FOR UPDATE NOWAIT', [kept]);
    await t.rejects(look, { code: '55P03' });
  });
  t.match(await database.sessions.find(kept), { endedAt: undefined });
});
