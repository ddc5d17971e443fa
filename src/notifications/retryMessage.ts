/** What waits in the outbox, for operators, and trying it again at once. */

import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import type { MessageId } from '@countersign/verifier/ids';
import type { Actor } from '../audit/auditEvent.ts';
import type { Database } from '../database.ts';
import type { OutboxPage, WaitingMessage } from './outbox.ts';

export interface LookAfterOutbox {
  listMessages(page: OutboxPage): Promise<{
    readonly messages: readonly WaitingMessage[];
    readonly waiting: number;
  }>;
  /** One that is being sent just now is left alone. Throws `not_found`. */
  retryMessage(id: MessageId, actor: Actor): Promise<void>;
}

export function createLookAfterOutbox({
  database,
  clock,
}: {
  readonly database: Database;
  readonly clock: Pick<Clock, 'now'>;
}): LookAfterOutbox {
  return {
    async listMessages(page) {
      const messages = await database.outbox.list(page);
      return { messages, waiting: (await database.outbox.waiting()).entries };
    },

    async retryMessage(id, actor) {
      const now = clock.now();
      await database.transaction(async ({ outbox, audit }) => {
        const state = await outbox.sendNow(id, now);
        if (state === 'being_sent') return;
        if (state === 'gone')
          throw new AuthorityError('not_found', {
            detail: 'There is no such message: it was sent or given up.',
          });
        await audit.record({ type: 'message_retried', actor, detail: { message_id: id } }, now);
      });
    },
  };
}
