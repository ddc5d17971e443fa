/** Named requests, and sessions that a filter selects page by page, over PGlite and over a PostgreSQL server. */
import { randomBytes } from 'node:crypto';
import type { SessionId } from '@countersign/verifier/ids';
import { verifierLimits } from '@countersign/verifier/limits';
import type { Effect } from '@countersign/verifier/revocation/revocation';
import t from 'tap';
import { idBefore, newId } from '../../src/platform/newId.ts';
import { nameRequest, openRequest, pruneRequests } from '../../src/revocation/idempotency.ts';
import { endMatching, sessionsMatching } from '../../src/revocation/matchingSessions.ts';
import { countByPage, endSessionsByPage } from '../../src/sessions/endSessionsByPage.ts';
import { sessionLimits } from '../../src/sessions/limits.ts';
import { noContext } from '../support/aSession.ts';
import { engines, openStorage } from '../support/engines.ts';
import { createManualClock } from '../support/manualClock.ts';
import { minute, newSession, newUser, rowsMadeAt as now } from '../support/rows.ts';

const day = 24 * 60 * minute;
const hash = () => randomBytes(32);

for (const { name, open } of engines) {
  t.test(name, async (t) => {
    const { storage } = await openStorage(t, open);
    const { database } = storage;
    const { requests, sessions, refreshes } = database;

    t.test('a request is what it was the first time', async (t) => {
      const first = { caller: 'service:a', id: 'x', targetHash: hash() };
      const fresh = { openedAt: now, endedSessions: 0, isNew: true, finished: false };
      t.match(await requests.open(first, now, day), fresh);
      t.equal(await requests.note(first, 3, false), 3);
      t.equal(await requests.note(first, 4, true), 7);
      const known = { openedAt: now, endedSessions: 7, isNew: false, finished: true };
      const again = await requests.open({ ...first, targetHash: hash() }, now + 1, day);
      t.match(again, known);
      t.equal(Buffer.compare(again.targetHash, first.targetHash), 0, 'with its target');
      t.match(await requests.open({ ...first, caller: 'service:b' }, now + 1, day), {
        finished: false,
      });
      t.match(await requests.open({ ...first, id: 'y' }, now + 1, day), { finished: false });
      t.match(
        await requests.open(first, now + 2, 1),
        { ...fresh, openedAt: now + 2 },
        'one that is too old is forgotten',
      );
    });

    t.test('one that was refused left nothing, and one that is open is waited for', async (t) => {
      const request = { caller: 'service:c', id: 'x', targetHash: hash() };
      const refused = database.transaction(async (stores) => {
        await stores.requests.open(request, now, day);
        throw new Error('on purpose');
      });
      await t.rejects(refused, /on purpose/);
      t.match(await requests.open(request, now + 5, day), { openedAt: now + 5 });
      let finish = () => {};
      const finished = new Promise<void>((resolve) => {
        finish = resolve;
      });
      const first = database.transaction(async (stores) => {
        await stores.requests.open(request, now, day);
        await finished;
        return stores.requests.note(request, 1, true);
      });
      const second = database.transaction((stores) => stores.requests.open(request, now, day));
      finish();
      await first;
      t.match(await second, { endedSessions: 1, finished: true });
    });

    t.test('the same name for another target is refused; a day later it is free', async (t) => {
      const actor = { name: 'service:d' };
      const open = (target: object, at: number) =>
        openRequest(database, nameRequest('x', actor, { ...target }) as never, at);
      await open({ sessionId: 'a', b: 1 }, now);
      await open({ b: 1, sessionId: 'a' }, now + day);
      await t.rejects(open({ sessionId: 'c' }, now + day), { code: 'invalid_request' });
      t.match(await open({ sessionId: 'c' }, now + day + 1), { openedAt: now + day + 1 });
    });

    t.test('what is too old is deleted, and nothing else', async (t) => {
      const request = { caller: 'service:e', id: 'young', targetHash: hash() };
      await requests.open(request, now + 5 * day, day);
      t.ok((await pruneRequests(database, now + 5 * day, 100)) >= 3);
      t.equal(await pruneRequests(database, now + 5 * day, 100), 0);
      t.match(await requests.open(request, now + 5 * day + 1, day), { openedAt: now + 5 * day });
    });

    t.test('a filter ends, over many pages, what it says and nothing else', async (t) => {
      const [user, other] = [await newUser(storage), await newUser(storage)];
      const rows = sessionLimits.sessionsPageRows + 50;
      const ids: SessionId[] = [];
      for (let made = 0; made < rows; made += 1) ids.push(await newSession(storage, user, now + made));
      const bystander = await newSession(storage, other, now + 10);
      const clock = createManualClock(now + minute);
      const announced: number[] = [];
      const effect: Effect = {
        longestMs: () => 1_000,
        suspect: () => {},
        async announce({ revocations }) {
          announced.push(revocations.length);
          return { effectAt: clock.now(), milliseconds: revocations.length, nodes: [] };
        },
      };
      const parts = { database, clock, effect };
      const ending = { reason: 'revoked', actor: { name: 'operator' } } as const;

      const filter = { userId: user.id, createdFrom: now + 5, createdBefore: now + rows - 5 };
      const select = sessionsMatching(filter);
      t.equal(await countByPage(parts, select), rows - 10);
      const ended = await endSessionsByPage(parts, { select, ...ending });
      t.equal(ended.endedSessions, rows - 10);
      t.strictSame(
        announced,
        [sessionLimits.sessionsPageRows, rows - 10 - sessionLimits.sessionsPageRows],
        'page by page',
      );
      t.equal(ended.effect?.milliseconds, sessionLimits.sessionsPageRows, 'as long as what took longest');
      for (const [id, dead] of [
        [ids[4], false],
        [ids[5], true],
        [ids[rows - 6], true],
        [ids[rows - 5], false],
        [bystander, false],
      ] as const)
        t.equal((await sessions.find(id as SessionId))?.endedAt !== undefined, dead);
      t.equal(await countByPage(parts, select), 0);

      announced.length = 0;
      const again = sessionsMatching({ userId: user.id }, 0);
      t.match(await endSessionsByPage(parts, { select: again, ...ending }), { endedSessions: 0 });
      t.equal(
        announced.reduce((sum, count) => sum + count),
        rows - 10,
        'brought into effect again',
      );
      t.equal((await sessions.find(ids[0] as SessionId))?.endedAt, undefined);
    });

    t.test('what has expired is not live', async (t) => {
      const user = await newUser(storage);
      await newSession(storage, user, now);
      const count = (at: number) =>
        sessions.count({ matching: { userId: user.id }, range: { after: undefined, last: undefined } }, at);
      t.equal(await count(now + 29 * minute), 1);
      t.equal(await count(now + 31 * minute), 0);
    });

    t.test('one that has expired is not counted as ended, whatever names it', async (t) => {
      const user = await newUser(storage);
      const late = now + 31 * minute;
      for (const select of [
        (sessionId: SessionId) => ({ sessionIds: [sessionId] }),
        () => ({ userId: user.id }),
        () => ({ matching: { userId: user.id }, range: { after: undefined, last: undefined } }),
      ]) {
        const selection = select(await newSession(storage, user, now));
        t.equal(await sessions.count(selection, now), 1, JSON.stringify(Object.keys(selection)));
        t.equal(await sessions.count(selection, late), 0);
        t.strictSame(await sessions.end(selection, 'revoked', late), []);
        await sessions.end({ userId: user.id }, 'revoked', now);
      }
      const kept = await newSession(storage, user, now);
      await sessions.end({ sessionIds: [kept] }, 'revoked', late);
      t.match(
        await sessions.find(kept),
        { endedAt: late },
        'it has ended all the same: clocks may be set back',
      );
      const use = { context: noContext, idleExpiresAt: now, signingKid: 'kid', rightsEpoch: 0, events: [] };
      const refreshed = { now, userAgent: '', ip: '', ...use };
      const busy = await newSession(storage, user, now);
      await refreshes.advance(busy, 0, { ...refreshed, accessExpiresAt: now + 40 * minute });
      t.match(await sessions.end({ sessionIds: [busy] }, 'revoked', late), [{ id: busy, newlyEnded: true }]);
    });

    t.test('a named request for a filter', async (t) => {
      const clock = createManualClock(now);
      const announced: number[] = [];
      const effect: Effect = {
        longestMs: () => 1_000,
        suspect: () => {},
        async announce({ revocations }) {
          announced.push(revocations.length);
          return { effectAt: clock.now(), milliseconds: 0, nodes: [] };
        },
      };
      const actor = { name: 'service:f' };
      const user = await newUser(storage);
      const filter = { userId: user.id };
      const name = (id: string) => nameRequest(id, actor, filter);
      const run = (id: string) => endMatching({ database, clock, effect }, filter, actor, name(id));

      await newSession(storage, user, now - 1);
      await newSession(storage, user, now + 2_000);
      t.match(await run('first'), { endedSessions: 2 }, 'also one of a node whose clock is ahead');
      const later = await newSession(storage, user, now + 1);
      announced.length = 0;
      t.match(await run('first'), { endedSessions: 2 });
      t.strictSame(announced, [2], 'a repetition brings both into effect again');
      t.match(await sessions.find(later), { endedAt: undefined }, 'and ends nothing');

      await openRequest(database, name('cut short') as never, now);
      const dead = await newSession(storage, user, now + minute);
      await sessions.end({ sessionIds: [dead] }, 'revoked', now);
      const ahead = await newSession(storage, user, now + verifierLimits.clockSkewSeconds * 1000 - 1);
      const newer = await newSession(storage, user, now + verifierLimits.clockSkewSeconds * 1000);
      announced.length = 0;
      t.match(await run('cut short'), { endedSessions: 2 }, 'finished: what had begun by any clock');
      t.match(await sessions.find(ahead), { endedAt: Number });
      t.match(await sessions.find(newer), { endedAt: undefined });
      t.strictSame(announced, [5], 'and whatever the first run may have ended is in effect');
    });
  });
}

t.test('ids are in the order of time', async (t) => {
  for (const at of [1, 2 ** 32, now, 2 ** 47]) {
    t.ok(idBefore<SessionId>(at) < newId<SessionId>(at));
    t.ok(newId<SessionId>(at - 1) < idBefore<SessionId>(at));
  }
  for (const [at, id] of [
    [-1, '00000000-0000-0000-0000-000000000000'],
    [-62_135_596_800_000, '00000000-0000-0000-0000-000000000000'],
    [2 ** 48 - 1, 'ffffffff-ffff-0000-0000-000000000000'],
    [2 ** 48, 'ffffffff-ffff-0000-0000-000000000000'],
    [253_402_300_799_999, 'e677d21f-dbff-0000-0000-000000000000'],
  ] as const) {
    t.equal(idBefore<SessionId>(at), id, `${at}: what is no time of an id is before all, or after`);
  }
});
