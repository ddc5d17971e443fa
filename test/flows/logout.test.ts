/** Many logouts at once share transactions, and each is answered as if it were alone. */
import t from 'tap';
import { type SessionId, uuidBytes } from '../../src/core/ids.ts';
import { limits } from '../../src/core/limits.ts';
import type { Database } from '../../src/flows/database.ts';
import { createLogout, type LogoutParts } from '../../src/flows/logout.ts';
import { engines, openStorage } from '../support/engines.ts';
import { eventually } from '../support/eventually.ts';
import { createFlowParts, newOpenSession, withTransactions } from '../support/flowParts.ts';
import { createToldEffect } from '../support/keyNode.ts';
import { newUser } from '../support/rows.ts';

for (const { name, open } of engines) {
  t.test(name, async (t) => {
    const { engine, storage } = await openStorage(t, open);
    const base = await createFlowParts(storage);
    const { clock } = base;
    const user = await newUser(storage);

    const loginOften = async (count: number) => {
      const sessions = [];
      for (let made = 0; made < count; made += 1) sessions.push(await newOpenSession(storage, base, user));
      return sessions;
    };
    const eventsOf = (sessionId: SessionId) =>
      engine.prisma.auditEvent.findMany({ where: { sessionId }, select: { type: true, requestId: true } });

    const setUp = (transaction?: Database['transaction']) => {
      const { effect, told } = createToldEffect();
      const { parts, transactions } = withTransactions({ ...base, effect }, transaction);
      const logout = createLogout(parts as unknown as LogoutParts);
      const logOut = ({ id, token }: { id: SessionId; token: () => string }, from = id as string) =>
        logout({ refreshToken: token() }, { actor: 'user', requestId: from });
      return { logOut, told, transactions, deadlineMs: effect.longestMs() };
    };

    t.test('each session ends, with an audit event of its own request', async (t) => {
      const { logOut, told, transactions } = setUp();
      const sessions = await loginOften(30);
      await Promise.all(sessions.map((session) => logOut(session)));
      t.ok(transactions.begun < 10, `${transactions.begun} transactions for ${sessions.length} logouts`);
      const announced = told.flat().map(({ subject }) => subject);
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

    t.test('a logout is let in, however many transactions are under way', async (t) => {
      const full: Database['transaction'] = async (work, options) => {
        if (options?.always !== true) throw new Error('full');
        return storage.database.transaction(work, options);
      };
      const [session] = await loginOften(1);
      await t.resolves(setUp(full).logOut(session as NonNullable<typeof session>));
    });

    t.test('a database that hangs: also who waits for a turn is answered in time', async (t) => {
      const { logOut, deadlineMs } = setUp(() => new Promise<never>(() => {}));
      const sessions = await loginOften(limits.logouts.atOnce + 1);
      const before = clock.timers();
      const outcomes = Promise.allSettled(sessions.map((session) => logOut(session)));
      // One timer for each that waits, and another for each that has its turn.
      const allWait = () => clock.timers() - before === sessions.length + limits.logouts.atOnce;
      await eventually('each has found its session', allWait);
      await clock.advance(deadlineMs);
      for (const outcome of await outcomes)
        t.match(outcome, { status: 'rejected', reason: { code: 'unavailable', reason: 'effect_deadline' } });
    });
  });
}
