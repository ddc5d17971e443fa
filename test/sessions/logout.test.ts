/** Many logouts at once share transactions, and each is answered as if it were alone. */

import { type SessionId, uuidBytes } from '@countersign/verifier/ids';
import { verifierLimits } from '@countersign/verifier/limits';
import type { Revocation } from '@countersign/verifier/revocation/revocation';
import t from 'tap';
import { sessionLimits } from '../../src/sessions/limits.ts';
import { createLogout, type LogoutParts } from '../../src/sessions/logout.ts';
import type { LogoutStore } from '../../src/sessions/logoutStore.ts';
import { engines, openStorage } from '../support/engines.ts';
import { eventually } from '../support/eventually.ts';
import { createToldEffect } from '../support/keyNode.ts';
import { createOperationParts, newOpenSession } from '../support/operationParts.ts';
import { newUser } from '../support/rows.ts';

const hour = 3_600_000;

for (const { name, open } of engines) {
  t.test(name, async (t) => {
    const { engine, storage } = await openStorage(t, open);
    const base = await createOperationParts(storage);
    const { clock } = base;
    const user = await newUser(storage);

    const loginOften = async (count: number) => {
      const sessions = [];
      for (let made = 0; made < count; made += 1) sessions.push(await newOpenSession(storage, base, user));
      return sessions;
    };
    const eventsOf = (sessionId: SessionId) =>
      engine.prisma.auditEvent.findMany({ where: { sessionId }, select: { type: true, requestId: true } });

    const setUp = (end = storage.database.logouts.end) => {
      const { effect, told } = createToldEffect();
      const suspected: Revocation[] = [];
      effect.suspect = (revocations) => void suspected.push(...revocations);
      const statements = { run: 0 };
      const logouts: LogoutStore = {
        end(...logouts) {
          statements.run += 1;
          return end(...logouts);
        },
      };
      const parts = { ...base, effect, database: { ...storage.database, logouts } };
      const logout = createLogout(parts as unknown as LogoutParts);
      const logOut = ({ id, token }: { id: SessionId; token: () => string }, from = id as string) =>
        logout({ refreshToken: token() }, { name: 'user', requestId: from });
      return { logOut, told, suspected, statements, deadlineMs: effect.longestMs() };
    };

    t.test('each session ends, with an audit event of its own request', async (t) => {
      const { logOut, told, statements } = setUp();
      const sessions = await loginOften(30);
      await Promise.all(sessions.map((session) => logOut(session)));
      t.ok(statements.run < 10, `${statements.run} statements for ${sessions.length} logouts`);
      const announced = told.flat().map(({ subject }) => subject);
      for (const { id } of sessions) {
        t.ok(announced.some((subject) => uuidBytes(id).equals(subject)));
        t.strictSame(await eventsOf(id), [{ type: 'session_ended', requestId: id }]);
      }
    });

    t.test('twice in one statement: both are answered, one event is recorded', async (t) => {
      const { logOut } = setUp();
      const [busy, another, twice] = await loginOften(3);
      if (busy === undefined || another === undefined || twice === undefined) throw new Error('three');
      await Promise.all([logOut(busy), logOut(another), logOut(twice, 'one'), logOut(twice, 'two')]);
      t.equal((await eventsOf(twice.id)).length, 1);
    });

    t.test('a statement that fails: nobody in it is told of success, and nothing is stored', async (t) => {
      // That one is the last thing to be written.
      const unwritable: LogoutStore['end'] = (events, ...how) =>
        storage.database.logouts.end(
          events.map((event) => ({ ...event, reason: '\0' })),
          ...how,
        );
      const { logOut, told, suspected } = setUp(unwritable);
      const sessions = await loginOften(5);
      const outcomes = await Promise.allSettled(sessions.map((session) => logOut(session)));
      for (const outcome of outcomes) t.match(outcome, { status: 'rejected' });
      t.strictSame(told, []);
      for (const { id } of sessions) {
        t.match(await storage.database.sessions.find(id), { endedAt: undefined });
        t.strictSame(await storage.database.revocations.find([uuidBytes(id)]), []);
        const doubt = suspected.find(({ subject }) => uuidBytes(id).equals(subject));
        const longest =
          (verifierLimits.accessTokenMaximumSeconds + verifierLimits.revocationMarginSeconds) * 1000;
        t.ok((doubt?.expiresAt ?? 0) >= clock.now() + longest, 'for as long as a token of it may live');
        t.equal(
          (doubt?.expiresAt ?? 1) % hour,
          0,
          'to the hour: each other expiry may be a time slice of its own',
        );
      }
      await setUp().logOut(sessions[0] as (typeof sessions)[0]);
      t.type((await storage.database.sessions.find(sessions[0]?.id as SessionId))?.endedAt, 'number');
    });

    t.test('what is stored is what is announced, once more when it is done again', async (t) => {
      const [session] = await loginOften(1);
      if (session === undefined) throw new Error('one');
      const { logOut, told } = setUp();
      await logOut(session);
      const [revocation] = await storage.database.revocations.find([uuidBytes(session.id)]);
      const { accessExpiresAt = 0 } = (await storage.database.sessions.find(session.id)) ?? {};
      const until = accessExpiresAt + verifierLimits.revocationMarginSeconds * 1000;
      t.match(revocation, { reason: 'logout', expiresAt: until });
      t.match(told.flat(), [{ reason: 'logout', expiresAt: until }], 'what is announced is what is stored');
      await setUp().logOut(session);
      t.equal((await eventsOf(session.id)).length, 1, 'again: it is brought into effect, and not told twice');
    });

    t.test('a database that hangs: also who waits for a turn is answered in time', async (t) => {
      const { logOut, deadlineMs } = setUp(() => new Promise<never>(() => {}));
      const sessions = await loginOften(sessionLimits.logouts.atOnce + 1);
      const before = clock.timers();
      const outcomes = Promise.allSettled(sessions.map((session) => logOut(session)));
      // One timer for each that waits, and another for each that has its turn.
      const allWait = () => clock.timers() - before === sessions.length + sessionLimits.logouts.atOnce;
      await eventually('each has found its session', allWait);
      await clock.advance(deadlineMs);
      for (const outcome of await outcomes)
        t.match(outcome, { status: 'rejected', reason: { code: 'unavailable', reason: 'effect_deadline' } });
    });
  });
}
