/** Many logouts at once share transactions, and each is answered as if it were alone. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { type SessionId, uuidBytes } from '../../src/core/ids.ts';
import { limits } from '../../src/core/limits.ts';
import { createSealing } from '../../src/core/sealing.ts';
import type { Database } from '../../src/flows/database.ts';
import { createLogout, type LogoutParts } from '../../src/flows/logout.ts';
import type { CommittedRevocations, Effect } from '../../src/revocation/revocation.ts';
import { createRefreshTokens } from '../../src/sessions/refreshToken.ts';
import { createStorage, migrateStorage } from '../../src/storage/postgres/storage.ts';
import { engines } from '../support/engines.ts';
import { eventually } from '../support/eventually.ts';
import { createManualClock } from '../support/manualClock.ts';
import { newSession, newUser, rowsMadeAt as now } from '../support/rows.ts';

const deadlineMs = 6_000;

for (const { name, open } of engines) {
  t.test(name, async (t) => {
    const { engine, dispose } = await open();
    t.teardown(dispose);
    await migrateStorage(engine);
    const storage = createStorage(engine);
    const refreshTokens = createRefreshTokens(createSealing(randomBytes(32)));
    const clock = createManualClock(now);
    const user = await newUser(storage);

    const login = async () => {
      const id = await newSession(storage, user);
      const session = { id, sealedSecret: refreshTokens.newSealedSecret(id) };
      await storage.database.sessions.reseal(session);
      return { id, refreshToken: refreshTokens.derive(session, 0) };
    };
    const loginOften = async (count: number) => {
      const sessions = [];
      for (let made = 0; made < count; made += 1) sessions.push(await login());
      return sessions;
    };
    const eventsOf = (sessionId: SessionId) =>
      engine.prisma.auditEvent.findMany({ where: { sessionId }, select: { type: true, requestId: true } });

    /** With what was told to whoever brings it into effect, and how many transactions there were. */
    const setUp = (transaction: Database['transaction'] = storage.database.transaction) => {
      const told: CommittedRevocations[] = [];
      const transactions = { begun: 0 };
      const effect: Effect = {
        longestMs: () => deadlineMs,
        suspect: () => {},
        async announce(committed) {
          told.push(committed);
          return { effectAt: clock.now(), milliseconds: 0, nodes: [] };
        },
      };
      const database: Database = {
        ...storage.database,
        transaction(work) {
          transactions.begun += 1;
          return transaction(work);
        },
      };
      const parts = { database, effect, clock, refreshTokens } as unknown as LogoutParts;
      const logout = createLogout(parts);
      const logOut = ({ id, refreshToken }: { id: SessionId; refreshToken: string }, from = id as string) =>
        logout({ refreshToken }, { actor: 'user', requestId: from });
      return { logOut, told, transactions };
    };

    t.test('each session ends, with an audit event of its own request', async (t) => {
      const { logOut, told, transactions } = setUp();
      const sessions = await loginOften(30);
      await Promise.all(sessions.map((session) => logOut(session)));
      t.ok(transactions.begun < 10, `${transactions.begun} transactions for ${sessions.length} logouts`);
      const announced = told.flatMap(({ revocations }) => revocations).map(({ subject }) => subject);
      for (const { id } of sessions) {
        t.ok(announced.some((subject) => uuidBytes(id).equals(subject)));
        t.strictSame(await eventsOf(id), [{ type: 'session_ended', requestId: id }]);
      }
    });

    t.test('twice in one transaction: both are answered, one event is recorded', async (t) => {
      const { logOut } = setUp();
      const [busy, another, twice] = await loginOften(3);
      if (busy === undefined || another === undefined || twice === undefined) throw new Error('three');
      await Promise.all([logOut(busy), logOut(another), logOut(twice, 'one'), logOut(twice, 'two')]);
      t.equal((await eventsOf(twice.id)).length, 1);
    });

    t.test('a transaction that fails: nobody in it is told of success, and nothing is stored', async (t) => {
      const refused: Database['transaction'] = (work) =>
        storage.database.transaction(async (stores) => {
          await work(stores);
          throw new Error('on purpose');
        });
      const { logOut } = setUp(refused);
      const sessions = await loginOften(5);
      const outcomes = await Promise.allSettled(sessions.map((session) => logOut(session)));
      for (const outcome of outcomes) t.match(outcome, { status: 'rejected', reason: /on purpose/ });
      for (const { id } of sessions)
        t.match(await storage.database.sessions.find(id), { endedAt: undefined });
      await setUp().logOut(sessions[0] as (typeof sessions)[0]);
      t.type((await storage.database.sessions.find(sessions[0]?.id as SessionId))?.endedAt, 'number');
    });

    t.test('a database that hangs: also who waits for a turn is answered in time', async (t) => {
      const { logOut } = setUp(() => new Promise<never>(() => {}));
      const sessions = await loginOften(limits.logouts.atOnce + 1);
      const outcomes = Promise.allSettled(sessions.map((session) => logOut(session)));
      // One timer for each that waits, and another for each that has its turn.
      const allWait = () => clock.timers() === sessions.length + limits.logouts.atOnce;
      await eventually('each has found its session', allWait);
      await clock.advance(deadlineMs);
      for (const outcome of await outcomes)
        t.match(outcome, { status: 'rejected', reason: { code: 'unavailable', reason: 'effect_deadline' } });
    });
  });
}
