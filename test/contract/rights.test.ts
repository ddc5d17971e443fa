/** Taking rights away, over PGlite and over a PostgreSQL server: who waits for whom, and what an interrupted change leaves. */
import { type SessionId, type UserId, uuidBytes } from '@countersign/verifier/ids';
import type { CommittedRevocations, Effect } from '@countersign/verifier/revocation/revocation';
import { lastRightsEpoch, rightsSubject } from '@countersign/verifier/tokens/jti';
import t from 'tap';
import { revokeAndPropagate } from '../../src/revocation/propagation/revokeAndPropagate.ts';
import { rightsLimits } from '../../src/rights/limits.ts';
import { takeAway, unfinishedChangesJob } from '../../src/rights/takeAway.ts';
import { factsSubject } from '../../src/sessions/lookUp/facts.ts';
import { noContext } from '../support/aSession.ts';
import { engines, openStorage } from '../support/engines.ts';
import { eventually } from '../support/eventually.ts';
import { createManualClock } from '../support/manualClock.ts';
import { minute, newSession, newUser, rowsMadeAt as now } from '../support/rows.ts';

const report = { effectAt: now, milliseconds: 1, nodes: [] };

/** Remembers what was announced; `fault`: announcing fails with it. */
function anEffect() {
  const announced: string[] = [];
  const told = { announced, fault: undefined as Error | undefined };
  const effect: Effect = {
    longestMs: () => 60_000,
    async announce({ revocations }: CommittedRevocations) {
      if (told.fault !== undefined) throw told.fault;
      announced.push(...revocations.map(({ subject }) => Buffer.from(subject).toString('hex')));
      return report;
    },
    suspect() {},
  };
  return { told, effect };
}

const factsOf = (user: UserId) => Buffer.from(factsSubject(user)).toString('hex');
const subjectOf = (id: SessionId, epoch: number) => rightsSubject(id, epoch).toString('hex');

for (const { name, embedded, open } of engines) {
  t.test(name, async (t) => {
    const { engine, storage } = await openStorage(t, open);
    const { database } = storage;
    const sql = await engine.connect();
    t.teardown(() => sql.close());
    const clock = createManualClock(now);
    const { told, effect } = anEffect();
    const parts = { database, clock, effect };
    const aUse = (rightsEpoch: number) => ({
      ...{ now, userAgent: '', ip: '', context: noContext, idleExpiresAt: now + 40 * minute },
      ...{ accessExpiresAt: now + 15 * minute, signingKid: 'kid', rightsEpoch, events: [] },
    });
    const session = async () => {
      const user = await newUser(storage);
      return { user, id: await newSession(storage, user, now) };
    };

    t.test('a session in its next epoch', async (t) => {
      const [{ user, id }, other] = [await session(), await session()];
      const { result } = await revokeAndPropagate(parts, now, (stores) =>
        stores.takeRights({ subjects: [user.id] }),
      );
      t.equal(result, 1);
      t.strictSame(told.announced.splice(0), [subjectOf(id, 0)]);
      t.match(await database.sessions.find(id), { rightsEpoch: 1 });
      t.match(await database.sessions.find(other.id), { rightsEpoch: 0 });
      t.equal(
        await database.refreshes.advance(id, 0, aUse(0)),
        false,
        'a refresh that read the rights before',
      );
      t.equal(await database.refreshes.advance(id, 0, aUse(1)), true);
      t.equal(await database.refreshes.repeat(id, 1, 5, aUse(0)), false);
      t.equal(await database.refreshes.repeat(id, 1, 5, aUse(1)), true);
      await database.sessions.end({ sessionIds: [id] }, 'logout', now);
      t.match(
        await database.sessions.takeRights({ subjects: [user.id] }, now),
        [{ id, rightsEpoch: 1, endReason: 'logout' }],
        'one that ended has no next epoch, and its end is told again',
      );
      t.match(await database.sessions.find(id), { rightsEpoch: 1 });
    });

    t.test('the last epoch ends the session: a jti has no room for the next', async (t) => {
      const { user, id } = await session();
      await sql.query('UPDATE sessions SET rights_epoch = $1 WHERE id = $2', [lastRightsEpoch, id]);
      await revokeAndPropagate(parts, now, (stores) => stores.takeRights({ subjects: [user.id] }));
      t.match(await database.sessions.find(id), { endedAt: now });
      t.strictSame(told.announced.splice(0), [subjectOf(id, lastRightsEpoch), uuidBytes(id).toString('hex')]);
    });

    t.test('a change whose effect was not certain is finished by the next call', async (t) => {
      const { user, id } = await session();
      const touched = { kind: 'subject', subject: user.id } as const;
      told.fault = new Error('no node answers');
      await t.rejects(
        takeAway(parts, touched, async () => true),
        /no node answers/,
      );
      t.match(await database.rights.openChanges({ touched }), [{ touched, after: undefined }]);
      told.fault = undefined;
      t.match(await takeAway(parts, touched, async () => false), { sessions: 1, effect: report });
      t.strictSame(
        told.announced.splice(0),
        [factsOf(user.id), subjectOf(id, 1), subjectOf(id, 0)],
        'and says what the first one took',
      );
      t.equal((await database.revocations.find([rightsSubject(id, 0)])).length, 1);
      t.strictSame(await database.rights.openChanges({ touched }), []);
      t.match(await takeAway(parts, touched, async () => false), { sessions: 0, effect: undefined });
      t.strictSame(told.announced.splice(0), [factsOf(user.id)], 'look-ups may say more');
    });

    t.test('or by the job', async (t) => {
      const { user } = await session();
      const touched = { kind: 'subject', subject: user.id } as const;
      await database.rights.openChange(touched, now);
      const job = unfinishedChangesJob(parts);
      await job.run();
      t.equal(told.announced.length, 0, 'its caller may still be there');
      clock.stepWall(rightsLimits.takeOverMilliseconds);
      await job.run();
      t.equal(told.announced.splice(0).length, 1);
      t.strictSame(await database.rights.openChanges({ until: clock.now() }), []);
    });

    t.test('all who have a role, and all sessions, page by page', async (t) => {
      await database.rights.setResource(
        { audience: 'a', scopes: ['x'], everyone: [], accessTtlMs: undefined },
        now,
      );
      await database.rights.setRole({ name: 'many', audience: 'a', scopes: ['x'] }, now);
      const holders = rightsLimits.pageSubjects + 3;
      const ids: SessionId[] = [];
      for (let count = 0; count < holders; count += 1) {
        const { user, id } = await session();
        ids.push(id);
        const grant = {
          role: 'many',
          subject: user.id,
          grantedAt: now,
          grantedBy: 'operator',
          expiresAt: undefined,
        };
        await database.rights.grant(grant);
      }
      t.match(await takeAway(parts, { kind: 'role', role: 'many' }, async () => true), { sessions: holders });
      t.strictSame(told.announced.splice(0).sort(), ids.map((id) => subjectOf(id, 0)).sort());
      const all = await takeAway(parts, { kind: 'all' }, async () => true);
      t.ok(all.sessions > holders);
      t.ok(ids.every((id) => told.announced.includes(subjectOf(id, 1))));
      told.announced.length = 0;
    });

    // PGlite has one connection: there, transactions take turns anyway.
    if (embedded) return;
    t.test('a session that starts keeps definitions as they are until it is there', async (t) => {
      let changed = false;
      let change: Promise<void> | undefined;
      await database.transaction(async (stores) => {
        await stores.rights.keepDefinitions();
        change = database.transaction(async (other) => {
          await other.rights.changeDefinitions();
          changed = true;
        });
        const waiting = `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
        await eventually('it waits', async () => (await sql.query(waiting)).length > 0);
        t.equal(changed, false, 'a change waits');
      });
      await eventually('it goes on', () => changed);
      await change;
    });
  });
}
