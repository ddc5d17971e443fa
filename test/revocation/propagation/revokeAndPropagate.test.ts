/**
 * A transaction that ends sessions: it is committed, then brought into effect, then answered. And the two ways in which it
 * can fail: refused, and done but the answer was lost.
 */

import { type UserId, uuidBytes } from '@countersign/verifier/ids';
import { createConfirmation } from '@countersign/verifier/revocation/confirmation';
import { createDenyList } from '@countersign/verifier/revocation/denyList';
import { permanentLease } from '@countersign/verifier/revocation/lease';
import type { CommittedRevocations, Effect } from '@countersign/verifier/revocation/revocation';
import t from 'tap';
import type { Database } from '../../../src/database.ts';
import { loadFromStore } from '../../../src/revocation/propagation/loading.ts';
import { createLocalEffect } from '../../../src/revocation/propagation/localEffect.ts';
import { revokeAndPropagate } from '../../../src/revocation/propagation/revokeAndPropagate.ts';
import { engines, openStorage } from '../../support/engines.ts';
import { createManualClock } from '../../support/manualClock.ts';
import { noSubscribers } from '../../support/noSubscribers.ts';
import { newSession, newUser, rowsMadeAt as now } from '../../support/rows.ts';

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
    const { storage } = await openStorage(t, open);
    const { database } = storage;
    const clock = createManualClock(now);
    const store = database.revocations;
    const confirm = createConfirmation({ find: store.find, clock });
    const denyList = createDenyList({ lease: permanentLease, confirm, sliceMs, onVerdict: () => {} });
    await loadFromStore({ denyList, store, clock, sliceMs });
    const effect = createLocalEffect({
      denyList,
      subscribers: noSubscribers,
      earlierSubscribers: { gone: Promise.resolve(), remainingMs: () => 0 },
      leaseMs: 5_000,
      clock,
      onEffect: () => {},
    });

    t.test('what is committed is brought into effect before it is answered', async (t) => {
      const [user, other] = [await newUser(storage), await newUser(storage)];
      const ended = [await newSession(storage, user), await newSession(storage, user)];
      const subjects = ended.map(uuidBytes);
      const told: CommittedRevocations[] = [];
      const recording: Effect = {
        ...effect,
        suspect: () => t.fail('nothing is in doubt'),
        async announce(committed) {
          t.equal((await store.find(subjects)).length, 2, 'everybody can read it already');
          told.push(committed);
          return effect.announce(committed);
        },
      };
      const end = (userId: UserId) =>
        revokeAndPropagate({ database, clock, effect: recording }, now, async (stores) => {
          const sessions = await stores.endSessions({ userId }, 'logout_all');
          await stores.revoke([]);
          return sessions.length;
        });
      t.match(await end(user.id), { result: 2, effect: { nodes: [], effectAt: now } });
      t.match(told, [
        { mark: { transaction: /^\d+$/, history: /./ }, revocations: [{ reason: 'logout_all' }, {}] },
      ]);
      for (const subject of subjects) {
        t.match(await denyList.check([subject]), { revoked: true, decidedBy: 'lru' });
      }
      t.match(await end(user.id), { result: 0, effect: { nodes: [] } }, 'repeated, it is in effect again');
      t.equal(told.length, 2);
      t.ok(
        BigInt(told[1]?.mark.transaction ?? 0) > BigInt(told[0]?.mark.transaction ?? 0),
        'by its own transaction',
      );
      t.strictSame(await end(other.id), { result: 0, effect: undefined }, 'nothing was revoked');
      t.equal(told.length, 2, 'so nobody is told');
    });

    t.test('work that had to be begun anew is told as it was done', async (t) => {
      const [lost, kept] = [
        await newSession(storage, await newUser(storage)),
        await newSession(storage, await newUser(storage)),
      ];
      const anew: Database['transaction'] = async (work) => {
        const rolledBack = new Error('rolled back');
        await t.rejects(
          database.transaction(async (stores) => {
            await work(stores);
            throw rolledBack;
          }),
          rolledBack,
        );
        return database.transaction(work);
      };
      const told: CommittedRevocations[] = [];
      const recording: Effect = {
        ...effect,
        async announce(committed) {
          told.push(committed);
          return effect.announce(committed);
        },
      };
      const parts = { database: { ...database, transaction: anew }, clock, effect: recording };
      let runs = 0;
      await revokeAndPropagate(parts, now, (stores) => {
        runs += 1;
        return stores.endSessions({ sessionIds: [runs === 1 ? lost : kept] }, 'logout');
      });
      t.equal(runs, 2);
      const subjects = told.flatMap(({ revocations }) => revocations.map(({ subject }) => subject));
      t.strictSame(subjects, [uuidBytes(kept)], 'of the first run, nothing was stored');
      t.match(await denyList.check([uuidBytes(lost)]), { revoked: false });
    });

    t.test('an effect that cannot be known is no acknowledgement', async (t) => {
      const sessionId = await newSession(storage, await newUser(storage));
      const unknown = new Error('on purpose');
      const failing: Effect = { ...effect, suspect: () => {}, announce: () => Promise.reject(unknown) };
      const ending = revokeAndPropagate({ database, clock, effect: failing }, now, (stores) =>
        stores.endSessions({ sessionIds: [sessionId] }, 'logout'),
      );
      await t.rejects(ending, unknown);
      t.equal((await store.find([uuidBytes(sessionId)])).length, 1, 'though it is committed');
    });

    for (const [how, { revoked, fail }] of Object.entries(failures)) {
      const sessionId = await newSession(storage, await newUser(storage));
      const parts = { database: { ...database, transaction: fail(database) }, clock, effect };
      const ending = revokeAndPropagate(parts, now, (stores) =>
        stores.endSessions({ sessionIds: [sessionId] }, 'logout'),
      );
      await t.rejects(ending, { message: 'on purpose' }, `${how}: it is not acknowledged`);
      t.match(await denyList.check([uuidBytes(sessionId)]), { revoked }, `${how}: revoked is ${revoked}`);
    }

    t.test('what takes too long is not acknowledged, at the commit or later', async (t) => {
      const hanging = { database: { ...database, transaction: () => new Promise<never>(() => {}) }, effect };
      const silent = { database, effect: { ...effect, announce: () => new Promise<never>(() => {}) } };
      for (const parts of [hanging, silent]) {
        const sessionId = await newSession(storage, await newUser(storage));
        const ending = revokeAndPropagate({ ...parts, clock }, now, (stores) =>
          stores.endSessions({ sessionIds: [sessionId] }, 'logout'),
        );
        const refused = t.rejects(ending, { code: 'unavailable', reason: 'effect_deadline' });
        await clock.advance(effect.longestMs());
        await refused;
      }
    });
  });
}
