/** Rows of sessions that somebody deletes by hand: the database revokes them, as long as the application would. */

import { uuidBytes } from '@countersign/verifier/ids';
import { verifierLimits } from '@countersign/verifier/limits';
import t from 'tap';
import { engines, openStorage } from '../support/engines.ts';
import { minute, newSession, newUser } from '../support/rows.ts';

const marginMs = verifierLimits.revocationMarginSeconds * 1000;
/** By how much the clock of the database may be ahead of those of nodes. */
const generousMs = 180 * minute;
const lifetimeMs = 15 * minute;

for (const { name, embedded, open } of engines) {
  t.test(name, async (t) => {
    const { engine, storage } = await openStorage(t, open);
    const connection = await engine.connect();
    t.teardown(() => connection.close());
    const user = await newUser(storage);
    /** Its access tokens expire in so many milliseconds. */
    const expiringIn = (milliseconds: number) =>
      newSession(storage, user, Date.now() + milliseconds - lifetimeMs);
    const find = async (id: string) => (await storage.database.revocations.find([uuidBytes(id)]))[0];

    for (const how of ['DELETE FROM sessions', 'TRUNCATE sessions', 'TRUNCATE users CASCADE']) {
      t.test(how, async (t) => {
        const [live, barely, over] = [
          await expiringIn(lifetimeMs),
          await expiringIn(10_000 - generousMs),
          await expiringIn(-10_000 - generousMs),
        ];
        const { accessExpiresAt } = (await storage.database.sessions.find(live)) ?? { accessExpiresAt: 0 };
        await connection.execute(how);
        t.match(await find(live), { reason: 'session_deleted', expiresAt: accessExpiresAt + marginMs });
        t.ok(await find(barely), 'somebody may take it for live yet');
        t.equal(await find(over), undefined, 'nobody does');
      });
    }

    t.test('one that was revoked before', async (t) => {
      const owner = await newUser(storage);
      const id = await newSession(storage, owner, Date.now());
      const subject = uuidBytes(id);
      const before = { subject, reason: 'logout', expiresAt: Date.now() + 60 * minute };
      await storage.database.revocations.record([before], Date.now());
      const xid = async () => {
        const text = 'SELECT xid::text FROM revocations WHERE subject = uuid_send($1::uuid)';
        return (await connection.query<{ xid: string }>(text, [id]))[0]?.xid;
      };
      const first = await xid();
      await connection.query('DELETE FROM sessions WHERE id = $1', [id]);
      t.match(await find(id), { reason: 'logout', expiresAt: before.expiresAt }, 'is not shortened');
      t.not(await xid(), first, 'and all hear of it again');
    });

    if (embedded) return;
    t.test('whatever the search path of who deletes', async (t) => {
      const owner = await newUser(storage);
      const id = await newSession(storage, owner, Date.now());
      await connection.execute(`CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.revocations (subject int);
        SET search_path = elsewhere; DELETE FROM public.sessions WHERE id = '${id}'; SET search_path = DEFAULT`);
      t.ok(await find(id));
    });

    t.test('tables in another schema', async (t) => {
      await connection.execute(`ALTER TABLE sessions SET SCHEMA elsewhere;
        DROP TABLE elsewhere.revocations; ALTER TABLE revocations SET SCHEMA elsewhere`);
      const owner = await newUser(storage);
      await connection.query(
        `INSERT INTO elsewhere.sessions (id, user_id, sealed_secret, token_version, client_id, scope, auth_time,
           created_at, last_used_at, idle_expires_at, expires_at, access_expires_at)
         VALUES (gen_random_uuid(), $1, '', 0, '', '', now(), now(), now(), now(), now(), now() + interval '1 hour')`,
        [owner.id],
      );
      await connection.execute('DELETE FROM elsewhere.sessions');
      const [row] = await connection.query<{ rows: number }>(
        "SELECT count(*)::int AS rows FROM elsewhere.revocations WHERE expires_at > now() + interval '1 hour'",
      );
      t.equal(row?.rows, 1);
    });
  });
}
