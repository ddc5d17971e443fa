/** The mark of `issuedBefore.ts`, and what is done with it, in both databases. */
import { randomBytes } from 'node:crypto';
import { markAt, markSubject } from '@countersign/verifier/revocation/issuedBefore';
import t from 'tap';
import { endEarlierSessions, refuseEarlierTokens } from '../../src/truth/restored.ts';
import { engines, openStorage } from '../support/engines.ts';
import { createOperationParts } from '../support/operationParts.ts';
import { minute, newSession, newUser, rowsMadeAt as now } from '../support/rows.ts';

const operator = { name: 'operator' } as const;

for (const { name, open } of engines) {
  t.test(name, async (t) => {
    const { storage } = await openStorage(t, open);
    const { database } = storage;

    t.test('a question is answered by any mark that says as much', async (t) => {
      const { revocations } = database;
      const token = { subject: randomBytes(27), reason: 'revoked', expiresAt: now };
      const asked = (moment: number) => revocations.find([markSubject(moment), token.subject]);
      t.strictSame(await asked(now), [], 'there is none');
      await revocations.record([token, markAt(now - 1_000), markAt(now)], now);
      t.match(await asked(now + 1), [{ reason: 'revoked' }], 'none of that time');
      for (const moment of [now, now - 1, now - 1_000, 1]) {
        const found = await asked(moment);
        t.match(found, [
          { reason: 'revoked' },
          { ...markAt(now), subject: Buffer.from(markSubject(moment)) },
        ]);
      }
      const several = await revocations.find([now - 1, now, now + 1].map(markSubject));
      t.equal(several.length, 2);
    });

    t.test('sessions of before end, and those of after go on', async (t) => {
      const parts = await createOperationParts(storage);
      const moment = parts.clock.now();
      const [alice, bob, idle] = [await newUser(storage), await newUser(storage), await newUser(storage)];
      const early = [
        await newSession(storage, alice, moment - minute),
        await newSession(storage, bob, moment),
      ];
      const ahead = await newSession(storage, alice, moment + 9_000);
      const late = await newSession(storage, bob, moment + minute);
      const versions = async () => {
        const users = await Promise.all([alice, bob, idle].map(({ id }) => database.users.find(id)));
        return users.map((user) => user?.tokenVersion);
      };
      const ended = async () => {
        const found = await Promise.all([...early, ahead, late].map(database.sessions.find));
        return found.map((session) => session?.endedAt !== undefined);
      };
      t.match(await endEarlierSessions(parts, moment, operator), { endedSessions: 3 });
      t.strictSame(await ended(), [true, true, true, false], 'that of a clock that is ahead among them');
      t.strictSame(await versions(), [1, 1, 0], 'what is in flight does not survive');
      t.match(await endEarlierSessions(parts, moment, operator), { endedSessions: 0 });
      t.strictSame(
        [await ended(), await versions()],
        [
          [true, true, true, false],
          [1, 1, 0],
        ],
        'again is no harm',
      );
      for (const session of [...early, ahead])
        t.match(await database.auditLog.list({ sessionId: session }, undefined, 5), [{ reason: 'restored' }]);
    });

    t.test('the later of two clocks, and the same again', async (t) => {
      const parts = await createOperationParts(storage);
      const { issuedUntil } = await refuseEarlierTokens(parts, operator);
      t.ok(issuedUntil >= parts.clock.now());
      t.ok(issuedUntil >= (await database.revocations.clock()) - minute);
      t.match(await refuseEarlierTokens(parts, operator, issuedUntil), { issuedUntil });
      t.equal((await database.revocations.find([markSubject(issuedUntil)])).length, 1);
      const events = await database.auditLog.list({ type: 'database_restored' }, undefined, 5);
      t.match(events, [{ actor: 'operator', detail: { issued_until: /Z$/ } }]);
      t.equal(events.length, 1, 'told once');
    });

    t.test('users page by page', async (t) => {
      const users = [await newUser(storage), await newUser(storage), await newUser(storage)];
      for (const user of users) await newSession(storage, user);
      let pages = 0;
      let after: (typeof users)[number]['id'] | undefined;
      do {
        after = await database.users.bumpTokenVersions(now + 1, after, 2);
        pages += 1;
      } while (after !== undefined);
      t.ok(pages > 1);
      for (const { id } of users) t.match(await database.users.find(id), { tokenVersion: 1 });
    });
  });
}
