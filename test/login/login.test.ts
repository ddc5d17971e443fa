/** A login in place of another session: both changes are one, and neither is made when the login is refused at the last moment. */

import { type SessionId, type UserId, uuidBytes } from '@countersign/verifier/ids';
import t from 'tap';
import type { Email } from '../../src/accounts/email.ts';
import type { Database } from '../../src/database.ts';
import { loginLimits } from '../../src/login/limits.ts';
import { createLogin } from '../../src/login/login.ts';
import { newId } from '../../src/platform/newId.ts';
import { engines, openStorage } from '../support/engines.ts';
import { importedHashes, importedPassword } from '../support/importedHashes.ts';
import { createToldEffect } from '../support/keyNode.ts';
import {
  createOperationParts,
  newOpenSession,
  passwordAttemptsOver,
  withTransactions,
} from '../support/operationParts.ts';
import { newUser, rowsMadeAt as now } from '../support/rows.ts';

const password = 'correct horse battery staple';
const actor = { name: 'user', requestId: 'this-login' };

for (const { name, embedded, open } of engines) {
  t.test(name, async (t) => {
    const { engine, storage } = await openStorage(t, open);
    const { database } = storage;
    const base = await createOperationParts(storage);
    const passwordHash = await base.passwords.hash(password, { place: '', first: false });

    /** A user, a session that somebody else had in the same browser, and a login that replaces it. */
    const setUp = async (
      transaction: (userId: UserId) => Database['transaction'],
      { passwordFailures = database.passwordFailures, sessionsPerUser = 100 } = {},
    ) => {
      const userId = newId<UserId>(now);
      const email = `${userId}@example.com` as Email;
      await database.users.create({ id: userId, email, passwordHash }, now);
      const before = await newOpenSession(storage, base, await newUser(storage));

      const { effect, told } = createToldEffect();
      const passwordAttempts = passwordAttemptsOver({ ...database, passwordFailures }, base.clock);
      const { parts, transactions } = withTransactions(
        { ...base, effect, passwordAttempts, sessionsPerUser },
        transaction(userId),
      );
      const logIn = (replaces?: string) => createLogin(parts)({ email, password, replaces }, actor);
      /** With a wrong password, in vain. */
      const guess = (email: string, ip: string) =>
        t.rejects(createLogin(parts)({ email, password: 'wrong' }, { ...actor, ip }), {
          code: 'invalid_credentials',
        });
      const eventsOf = (sessionId: SessionId) =>
        engine.prisma.auditEvent.findMany({
          where: { sessionId },
          select: { type: true, reason: true, requestId: true },
          // Those of one moment have no order.
          orderBy: { type: 'asc' },
        });
      const account = Buffer.from(passwordAttempts.accountOf(email));
      return {
        before,
        userId,
        email,
        account,
        logIn,
        guess,
        told,
        transactions,
        eventsOf,
        token: before.token(),
      };
    };
    const endedAt = async (id: SessionId) => (await database.sessions.find(id))?.endedAt;

    t.test('a password that is set while the hash of another system is replaced stays', async (t) => {
      for (const [how, bumps] of [
        ['by its user, which ends the login', true],
        ['in another way', false],
      ] as const) {
        const id = newId<UserId>(now);
        const email = `${id}@example.com` as Email;
        const imported = { id, email, passwordHash: importedHashes.bcrypt };
        await database.users.create(imported, now);
        const passwords: typeof base.passwords = {
          ...base.passwords,
          async hash(...given) {
            await database.users.setPassword(id, 'set meanwhile', now);
            if (bumps) await database.users.bumpTokenVersion(id);
            return base.passwords.hash(...given);
          },
        };
        const { effect } = createToldEffect();
        const logIn = createLogin({ ...base, effect, passwords });
        const login = logIn({ email, password: importedPassword }, actor);
        if (bumps) await t.rejects(login, { code: 'invalid_credentials' }, how);
        else await login;
        t.equal((await database.users.find(id))?.passwordHash, 'set meanwhile', how);
      }
    });

    t.test('the session of before ends in the transaction of the login, and with effect', async (t) => {
      const { before, logIn, token, told, transactions, eventsOf } = await setUp(() => database.transaction);
      const { sessionId } = await logIn(token);
      t.equal(await endedAt(sessionId), undefined);
      t.not(await endedAt(before.id), undefined);
      t.equal(transactions.begun, 1);
      const announced = told.flat().map(({ subject }) => subject);
      t.ok(announced.length === 1 && announced[0] && uuidBytes(before.id).equals(announced[0]));
      const { requestId } = actor;
      t.strictSame(await eventsOf(before.id), [
        { type: 'session_ended', reason: 'replaced_by_login', requestId },
      ]);
      t.strictSame(await eventsOf(sessionId), [{ type: 'login_succeeded', reason: 'password', requestId }]);

      await logIn(token);
      t.equal((await eventsOf(before.id)).length, 1, 'what has ended does not end again');
    });

    t.test(
      'what has to make room for it ends in the same transaction, and says for which login',
      async (t) => {
        const { logIn, transactions, eventsOf } = await setUp(() => database.transaction, {
          sessionsPerUser: 1,
        });
        const { sessionId } = await logIn();
        await logIn();
        t.equal(transactions.begun, 2);
        t.match(await eventsOf(sessionId), [
          { type: 'login_succeeded' },
          { type: 'session_ended', reason: 'session_limit', requestId: actor.requestId },
        ]);
      },
    );

    t.test('a right password is no guess when something else fails', async (t) => {
      let failing = true;
      const { logIn } = await setUp(
        () => (work) =>
          database.transaction(async (stores) => {
            const result = await work(stores);
            if (failing) throw new Error('on purpose');
            return result;
          }),
      );
      for (let tries = 0; tries < 2 * loginLimits.passwordFailuresFree; tries += 1)
        await t.rejects(logIn(), { message: 'on purpose' });
      failing = false;
      t.type((await logIn()).accessToken, 'string');
    });

    t.test('nor when the database fails so that it cannot be told', async (t) => {
      let failing = true;
      const fail = async () => {
        if (failing) throw new Error('on purpose');
      };
      const passwordFailures: Database['passwordFailures'] = {
        ...database.passwordFailures,
        async giveBack(...attempt) {
          await fail();
          return database.passwordFailures.giveBack(...attempt);
        },
      };
      const { logIn } = await setUp(
        () => (work) =>
          database.transaction(async (stores) => {
            const result = await work(stores);
            await fail();
            return result;
          }),
        { passwordFailures },
      );
      for (let tries = 0; tries < 2 * loginLimits.passwordFailuresFree; tries += 1)
        await t.rejects(logIn(), { message: 'on purpose' });
      failing = false;
      t.type((await logIn()).accessToken, 'string');
    });

    t.test('a token that is none of ours replaces nothing, and keeps nobody out', async (t) => {
      const { before, logIn, token, told } = await setUp(() => database.transaction);
      for (const other of ['', 'x', `${token}A`, token.replace(/....$/, 'AAAA')]) {
        t.match(await logIn(other), { sessionId: /./ }, JSON.stringify(other.slice(-5)));
      }
      t.equal(await endedAt(before.id), undefined);
      t.equal(told.length, 0);
    });

    /** As if the password had been changed while this one was checked. */
    const changedMeanwhile =
      (userId: UserId): Database['transaction'] =>
      async (work) => {
        await database.transaction(({ users }) => users.bumpTokenVersion(userId));
        return database.transaction(work);
      };

    t.test('a login that is refused after the password was right ends nothing', async (t) => {
      const { before, logIn, token, told, eventsOf } = await setUp(changedMeanwhile);
      await t.rejects(logIn(token), { code: 'invalid_credentials' });
      t.equal(await endedAt(before.id), undefined);
      t.strictSame([told, await eventsOf(before.id)], [[], []]);
    });

    t.test(
      'e-mails that nobody has leave a few events of each network, and cost as much as others',
      async (t) => {
        const { email, guess } = await setUp(() => database.transaction);
        const events = (reason: string) =>
          engine.prisma.auditEvent.count({ where: { type: 'login_failed', reason } });
        const writes = async (work: () => Promise<unknown>) => {
          const read = async () => {
            const [row] = await engine.prisma.$queryRaw<[{ xid: string }]>`
            SELECT pg_current_xact_id()::text AS xid`;
            return Number(row.xid);
          };
          const before = await read();
          await work();
          return (await read()) - before;
        };
        const spent: number[] = [];
        const { unknownEmailsRecorded: few } = loginLimits;
        for (let number = 0; number < 2 * few; number += 1)
          spent.push(await writes(() => guess(`nobody${number}@example.com`, `192.0.2.${number}`)));
        t.equal(await events('unknown_user'), few);
        await guess('nobody@example.com', '192.0.3.1');
        t.equal(await events('unknown_user'), few + 1, 'of another network');
        spent.push(await writes(() => guess(email, '192.0.2.1')));
        t.equal(await events('wrong_password'), 1, 'of somebody, each');
        // A server has other transactions besides.
        if (embedded) t.strictSame(new Set(spent), new Set([spent.at(-1)]));
      },
    );

    t.test('the hundredth attempt locks only if the password was wrong', async (t) => {
      const { userId, email, account, logIn, guess } = await setUp(changedMeanwhile);
      await guess(email, '192.0.2.1');
      const last = { failures: loginLimits.passwordFailuresMaximum - 1, retryAt: new Date(0) };
      await engine.prisma.passwordFailures.updateMany({ where: { account }, data: last });
      const events = () =>
        engine.prisma.auditEvent.groupBy({
          by: ['type', 'reason'],
          where: { userId, NOT: { reason: 'wrong_password' } },
          _count: true,
        });
      const refused = { type: 'login_failed', reason: 'version', _count: 1 };
      await t.rejects(logIn(), { code: 'invalid_credentials' });
      t.strictSame(await events(), [refused], 'a right one that came too late is given back');
      await guess(email, '192.0.2.1');
      const locked = { type: 'password_locked', reason: 'strangers', _count: 1 };
      const told = await events();
      t.match(
        told.sort((one, other) => (one.type < other.type ? -1 : 1)),
        [refused, locked],
      );
      t.equal(told.length, 2, 'and the next wrong one is the last');
    });
  });
}
