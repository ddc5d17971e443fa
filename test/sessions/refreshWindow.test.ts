/** The grace window is for clients whose answer was lost: what waits inside the authority must not use it up. */
import t from 'tap';
import type { Database } from '../../src/database.ts';
import { createRefresh, type RefreshParts } from '../../src/sessions/refresh.ts';
import { createRefusalMemory } from '../../src/sessions/refusalMemory.ts';
import { ignoringContext } from '../support/aSession.ts';
import { engines, openStorage } from '../support/engines.ts';
import { createOperationParts, newOpenSession } from '../support/operationParts.ts';
import { newUser } from '../support/rows.ts';

const grace = 10_000;
/** As the sessions of `newSession` say. */
const actor = { name: 'user', userAgent: 'agent', ip: '127.0.0.1' };

for (const { name, open } of engines) {
  t.test(name, async (t) => {
    const { storage } = await openStorage(t, open);
    const base = await createOperationParts(storage);
    const { database, clock } = base;
    const user = await newUser(storage);

    /** Refreshes a new session; a part of the database may be slow. */
    const setUp = async () => {
      const session = await newOpenSession(storage, base, user);
      const refreshOver = (slow: Partial<Database>) => {
        const rest = {
          refreshGraceMs: grace,
          replayEnds: 'session',
          contextPolicy: ignoringContext,
        } as const;
        const more = {
          ...rest,
          refusals: createRefusalMemory(),
          onContextChange: () => {},
          onTheft: () => {},
        };
        const refresh = createRefresh({
          ...base,
          database: { ...database, ...slow },
          ...more,
        } satisfies RefreshParts);
        return (generation: number) =>
          refresh({ refreshToken: session.token(generation), clientId: 'client' }, actor);
      };
      const find = async () => database.sessions.find(session.id);
      return { refreshOver, refresh: refreshOver({}), find };
    };

    /** Does this before the session is read. */
    const beforeReading = (wait: () => Promise<unknown>): Partial<Database> => ({
      sessions: {
        ...database.sessions,
        async findWithRights(...asked) {
          await wait();
          return database.sessions.findWithRights(...asked);
        },
      },
    });

    t.test('a repeat that arrives in time is one, however long it takes to read the session', async (t) => {
      const { refreshOver, refresh, find } = await setUp();
      const first = await refresh(0);
      await clock.advance(grace - 1);
      const again = await refreshOver(beforeReading(() => clock.advance(2_000)))(0);
      t.equal(again.refreshToken, first.refreshToken);
      t.match(await find(), { generation: 1, endedAt: undefined });
    });

    t.test('a request that others overtake while it waits is no theft, and gets nothing', async (t) => {
      const { refreshOver, refresh, find } = await setUp();
      const others = beforeReading(async () => {
        await clock.advance(10);
        await refresh(0);
        await refresh(1);
      });
      await t.rejects(refreshOver(others)(0), { code: 'refresh_repeated' });
      t.match(await find(), { generation: 2, endedAt: undefined });
      await t.rejects(refresh(0), { code: 'invalid_grant' }, 'one that comes later is');
      t.match(await find(), { endedAt: Number });
    });

    /** Waits before the statement and after it. */
    const slowToWrite = (beforeMs: number, afterMs: number): Partial<Database> => ({
      refreshes: {
        ...database.refreshes,
        async advance(...use) {
          await clock.advance(beforeMs);
          const done = await database.refreshes.advance(...use);
          await clock.advance(afterMs);
          return done;
        },
      },
    });

    for (const [beforeMs, afterMs, leftMs] of [
      [grace / 2, 0, grace / 2],
      [0, grace / 2, grace / 2],
      [grace / 2, 1, grace],
      [grace, 3 * grace, grace],
    ] as const)
      t.test(
        `${beforeMs} ms before the row is written, and ${afterMs} after: ${leftMs} are left`,
        async (t) => {
          const { refreshOver, refresh, find } = await setUp();
          const first = await refreshOver(slowToWrite(beforeMs, afterMs))(0);
          await clock.advance(leftMs - 1);
          t.equal((await refresh(0)).refreshToken, first.refreshToken);
          await clock.advance(1);
          await t.rejects(refresh(0), { code: 'invalid_grant', reason: 'replayed' });
          t.type((await find())?.endedAt, 'number');
        },
      );

    t.test('a window that cannot be opened anew keeps nobody from the answer', async (t) => {
      const { refreshOver, refresh } = await setUp();
      let restamps = 0;
      const away: Partial<Database> = {
        refreshes: {
          ...slowToWrite(0, grace).refreshes,
          async restamp() {
            restamps += 1;
            throw new Error('the database has just gone away');
          },
        } as Database['refreshes'],
      };
      const { refreshToken } = await refreshOver(away)(0);
      t.equal(restamps, 1);
      t.equal((await refresh(1)).refreshToken === refreshToken, false, 'its token goes on');
    });

    t.test('who was slow does not open the window of a session that has gone on', async (t) => {
      const { refreshOver, refresh, find } = await setUp();
      const goesOn: Partial<Database> = {
        refreshes: {
          ...database.refreshes,
          async advance(...use) {
            const done = await database.refreshes.advance(...use);
            await refresh(1);
            await clock.advance(grace);
            return done;
          },
        },
      };
      await refreshOver(goesOn)(0);
      await t.rejects(refresh(1), { code: 'invalid_grant', reason: 'replayed' });
      t.match(await find(), { generation: 2 });
    });
  });
}
