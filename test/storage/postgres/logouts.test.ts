/** The one statement of a logout beside others that write the same rows. */

import { type SessionId, uuidBytes } from '@countersign/verifier/ids';
import { verifierLimits } from '@countersign/verifier/limits';
import t from 'tap';
import { endAllOfUser, endOf } from '../../../src/sessions/endSessions.ts';
import { eventually } from '../../support/eventually.ts';
import { minute, newSession, newUser, rowsMadeAt as now } from '../../support/rows.ts';
import { openSharedDatabase } from '../../support/sharedDatabase.ts';

const actor = { name: 'user' } as const;

async function open(t: Parameters<typeof openSharedDatabase>[0]) {
  const { engine, database, connect } = await openSharedDatabase(t);
  const user = await newUser({ database });
  return {
    ...{ database, connect, user },
    aSession: () => newSession({ database }, user),
    logOut: (ids: readonly SessionId[], at = now) =>
      database.logouts.end(
        ids.map((id) => endOf(id, 'logout', actor)),
        'logout',
        at,
      ),
    countEvents: (sessionId: SessionId) => engine.prisma.auditEvent.count({ where: { sessionId } }),
  };
}

t.test('a refresh that was first: what it wrote is what is revoked', async (t) => {
  const { database, connect, aSession, logOut } = await open(t);
  const id = await aSession();
  const expiresAt = now + 20 * minute;
  const [refresh, look] = [await connect(), await connect()];
  await refresh.query('BEGIN');
  await refresh.query('UPDATE sessions SET access_expires_at = $2 WHERE id = $1', [id, new Date(expiresAt)]);
  const ending = logOut([id]);
  await eventually('the logout waits for it', async () => {
    const { rows } = await look.query('SELECT 1 FROM pg_locks WHERE NOT granted');
    return rows.length > 0;
  });
  await refresh.query('COMMIT');
  t.match(await ending, { ended: [{ id, accessExpiresAt: expiresAt, newlyEnded: true }] });
  const [revocation] = await database.revocations.find([uuidBytes(id)]);
  t.equal(revocation?.expiresAt, expiresAt + verifierLimits.revocationMarginSeconds * 1000);
});

t.test('the same sessions in another order, and all of their user: each is told of once', async (t) => {
  const { database, user, aSession, logOut, countEvents } = await open(t);
  for (let round = 0; round < 20; round += 1) {
    const ids = [await aSession(), await aSession(), await aSession()];
    await Promise.all([
      logOut(ids),
      logOut(ids.toReversed()),
      database.transaction(async (stores) => {
        const endSessions: Parameters<typeof endAllOfUser>[0]['endSessions'] = async (selection, reason) =>
          (await stores.sessions.end(selection, reason, now)).filter(({ newlyEnded }) => newlyEnded);
        const ending = { reason: 'logout_all', actor, now } as const;
        return endAllOfUser(
          { ...stores, endSessions, takeRights: async () => 0, revoke: async () => {} },
          user.id,
          ending,
        );
      }),
    ]);
    t.strictSame(await Promise.all(ids.map(countEvents)), [1, 1, 1]);
  }
});

t.test('what is answered: those of which a token may live', async (t) => {
  const { database, aSession, logOut, countEvents } = await open(t);
  const [live, expired] = [await aSession(), await aSession()];
  const first = await logOut([live]);
  t.match(first, { ended: [{ id: live, newlyEnded: true }], mark: { transaction: /^\d+$/ } });
  const again = await logOut([live]);
  t.match(again, { ended: [{ id: live, newlyEnded: false }], mark: { history: first.mark?.history } });
  t.not(again.mark?.transaction, first.mark?.transaction, 'recorded again, so that all hear of it again');
  t.equal(await countEvents(live), 1);

  const later = now + 365 * 24 * 60 * minute;
  t.strictSame(await logOut([expired], later), { ended: [], mark: undefined }, 'none that had expired');
  t.match(
    await database.sessions.find(expired),
    { endedAt: later },
    'though it ends, since clocks may be set back',
  );
  t.equal(await countEvents(expired), 0);
  const unknown = '00000000-0000-7000-8000-000000000000' as SessionId;
  t.strictSame(await logOut([unknown]), { ended: [], mark: undefined });
  t.strictSame(await database.revocations.find([uuidBytes(expired), uuidBytes(unknown)]), []);
});
