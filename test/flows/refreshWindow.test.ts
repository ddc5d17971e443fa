/** The grace window is for clients whose answer was lost: what waits inside the authority must not use it up. */
import t from 'tap';
import type { Database, Stores } from '../../src/flows/database.ts';
import { createRefresh, type RefreshParts } from '../../src/flows/refresh.ts';
import { createRefusalMemory } from '../../src/sessions/refusalMemory.ts';
import { ignoringContext } from '../support/aSession.ts';
import { engines, openStorage } from '../support/engines.ts';
import { createFlowParts, newOpenSession, withTransactions } from '../support/flowParts.ts';
import { newUser } from '../support/rows.ts';

const grace = 10_000;
/** As the sessions of `newSession` say. */
const origin = { actor: 'user', userAgent: 'agent', ip: '127.0.0.1' };

for (const { name, open } of engines) {
  t.test(name, async (t) => {
    const { storage } = await openStorage(t, open);
    const base = await createFlowParts(storage);
    const { database, clock } = base;
    const user = await newUser(storage);

    /** Refreshes a new session; a part of the database may be slow. */
    const setUp = async () => {
      const session = await newOpenSession(storage, base, user);
      const refreshOver = (slow: Partial<Database>, transaction?: Database['transaction']) => {
        const { parts } = withTransactions({ ...base, database: { ...database, ...slow } }, transaction);
        const rest = {
          refreshGraceMs: grace,
          replayEnds: 'session',
          contextPolicy: ignoringContext,
        } as const;
        const more = { ...rest, refusals: createRefusalMemory(), onContextChange: () => {} };
        const refresh = createRefresh({ ...parts, ...more } satisfies RefreshParts);
        return (generation: number) => refresh(session.token(generation), origin);
      };
      const find = async () => database.sessions.find(session.id);
      return { refreshOver, refresh: refreshOver({}), find };
    };

    t.test('a repeat that arrives in time is one, however long it takes to read the session', async (t) => {
      const { refreshOver, refresh, find } = await setUp();
      const first = await refresh(0);
      await clock.advance(grace - 1);
      const slowToRead = {
        async find(...id: Parameters<Database['sessions']['find']>) {
          await clock.advance(2_000);
          return database.sessions.find(...id);
        },
      };
      const again = await refreshOver({ sessions: { ...database.sessions, ...slowToRead } })(0);
      t.equal(again.refreshToken, first.refreshToken);
      t.match(await find(), { generation: 1, endedAt: undefined });
    });

    t.test('the window opens when the row is written, not when it was read', async (t) => {
      const { refreshOver, refresh } = await setUp();
      const first = await refreshOver({}, async (work) => {
        await clock.advance(5_000);
        return database.transaction(work);
      })(0);
      await clock.advance(grace - 1);
      t.equal((await refresh(0)).refreshToken, first.refreshToken);
      await clock.advance(1);
      await t.rejects(refresh(0), { code: 'invalid_grant', reason: 'replayed' });
    });

    t.test('a write that takes half of the window is not made, and the token stays good', async (t) => {
      const { refreshOver, refresh, find } = await setUp();
      const slowToWrite =
        (milliseconds: number): Database['transaction'] =>
        (work) =>
          database.transaction((stores: Stores) => {
            const advance: Stores['sessions']['advance'] = async (...use) => {
              await clock.advance(milliseconds);
              return stores.sessions.advance(...use);
            };
            return work({ ...stores, sessions: { ...stores.sessions, advance } });
          });
      const late = { code: 'unavailable', reason: 'refresh_late' };
      await t.rejects(refreshOver({}, slowToWrite(grace / 2 + 1))(0), late);
      t.match(await find(), { generation: 0, rotatedAt: undefined });
      t.type((await refreshOver({}, slowToWrite(grace / 2))(0)).refreshToken, 'string');
      t.type((await refresh(1)).refreshToken, 'string');
    });
  });
}
