/** Waiting messages under another KEY_ENCRYPTION_KEY. */
import { randomBytes } from 'node:crypto';
import type { MessageId } from '@countersign/verifier/ids';
import t from 'tap';
import {
  createNotify,
  createResealMessage,
  type OutboxEntry,
  openMessage,
} from '../../src/notifications/outbox.ts';
import { newId } from '../../src/platform/newId.ts';
import { createSealing, UnsealError } from '../../src/platform/sealing.ts';
import { engines, openStorage } from '../support/engines.ts';
import { rowsMadeAt as now } from '../support/rows.ts';

const [oldKey, newKey] = [randomBytes(32), randomBytes(32)];
const before = createSealing(oldKey);
const alone = createSealing(newKey);
const message = {
  ...({ channel: 'mail', template: 'email_taken', to: 'ada@example.com', locale: undefined } as const),
  data: { at: now },
};

for (const { name, open } of engines) {
  t.test(name, async (t) => {
    const { database } = (await openStorage(t, open)).storage;
    const notify = createNotify({ sealing: before, channels: { mail: true, sms: false, operator: false } });
    for (let messages = 0; messages < 2; messages += 1)
      await notify(database, message, { userId: undefined, now });
    const decoy = { channel: 'none', template: '', userId: undefined, createdAt: now } as const;
    await database.outbox.add({ id: newId<MessageId>(now), ...decoy, sealedMessage: randomBytes(512) });
    const list = (after?: MessageId, limit = 10) =>
      database.outbox.listSealedOtherwise(alone.header, after, limit);
    const found = await list();
    t.equal(found.length, 2, 'no decoy');
    t.strictSame(await list(found[0]?.id, 1), found.slice(1));
    for (const { id, sealedMessage } of found) {
      t.throws(() => createResealMessage(alone)({ id, sealedMessage }), UnsealError);
      const resealed = createResealMessage(createSealing(newKey, [oldKey]))({ id, sealedMessage });
      await database.outbox.reseal({ id, sealedMessage: resealed });
    }
    t.strictSame(await list(), []);
    const mails = await database.outbox.claim(now, 1_000, 10, 'mail');
    t.match(
      mails.map((entry: OutboxEntry) => openMessage(alone, entry)),
      [{ to: 'ada@example.com' }, { to: 'ada@example.com' }],
    );
  });
}
