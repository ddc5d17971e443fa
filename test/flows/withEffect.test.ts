/** The two ways in which a transaction that ends sessions can fail: refused, and done but the answer was lost. */
import t from 'tap';
import { uuidBytes } from '../../src/core/ids.ts';
import type { Database } from '../../src/flows/database.ts';
import { withEffect } from '../../src/flows/withEffect.ts';
import { createDenyList } from '../../src/revocation/denyList.ts';
import { createLocalEffect } from '../../src/storage/local/effect.ts';
import { createStorage, migrateStorage } from '../../src/storage/postgres/storage.ts';
import { engines } from '../support/engines.ts';
import { createManualClock } from '../support/manualClock.ts';
import { newSession, newUser, rowsMadeAt as now } from '../support/rows.ts';

const failures: Record<string, { revoked: boolean; fail: (database: Database) => Database['transaction'] }> =
  {
    refused: {
      revoked: false,
      fail: (database) => (work) =>
        database.transaction(async (stores) => {
          await work(stores);
          throw new Error('on purpose');
        }),
    },
    'done, but the answer was lost': {
      revoked: true,
      fail: (database) => async (work) => {
        await database.transaction(work);
        throw new Error('on purpose');
      },
    },
  };

for (const { name, open } of engines) {
  t.test(name, async (t) => {
    const { engine, dispose } = await open();
    t.teardown(dispose);
    await migrateStorage(engine);
    const storage = createStorage(engine);
    const { database } = storage;
    const clock = createManualClock(now);
    const denyList = createDenyList({
      store: database.revocations,
      clock,
      accessTtlMs: 900_000,
      onVerdict: () => {},
    });
    await denyList.load();
    const effect = createLocalEffect({ denyList, clock, onEffect: () => {} });

    for (const [how, { revoked, fail }] of Object.entries(failures)) {
      const sessionId = await newSession(storage, await newUser(storage));
      const parts = { database: { ...database, transaction: fail(database) }, effect };
      const ending = withEffect(parts, now, (stores) => stores.endSessions({ sessionId }, 'logout'));
      await t.rejects(ending, { message: 'on purpose' }, `${how}: it is not acknowledged`);
      t.match(await denyList.check([uuidBytes(sessionId)]), { revoked }, `${how}: revoked is ${revoked}`);
    }
  });
}
