/** The two ways in which a transaction that ends sessions can fail: refused, and done but the answer was lost. */
import t from 'tap';
import { uuidBytes } from '../../src/core/ids.ts';
import type { Database } from '../../src/flows/database.ts';
import { withEffect } from '../../src/flows/withEffect.ts';
import { createConfirmation } from '../../src/revocation/confirmation.ts';
import { createDenyList } from '../../src/revocation/denyList.ts';
import { permanentLease } from '../../src/revocation/lease.ts';
import { loadFromStore } from '../../src/revocation/loading.ts';
import { createLocalEffect } from '../../src/storage/local/effect.ts';
import { createStorage, migrateStorage } from '../../src/storage/postgres/storage.ts';
import { engines } from '../support/engines.ts';
import { createManualClock } from '../support/manualClock.ts';
import { newSession, newUser, rowsMadeAt as now } from '../support/rows.ts';

const sliceMs = 60_000;

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
    const store = database.revocations;
    const confirm = createConfirmation({ find: store.find, clock });
    const denyList = createDenyList({ lease: permanentLease, confirm, sliceMs, onVerdict: () => {} });
    await loadFromStore({ denyList, store, clock, sliceMs });
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
