/** What waits in the outbox, for operators, and trying it again at once. */

import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import type { MessageId } from '@countersign/verifier/ids';
import type { Actor } from '../audit/auditEvent.ts';
import type { Database } from '../database.ts';
import type { WaitingMessage } from './outbox.ts';

export interface LookAfterOutbox {
  listMessages(page: { readonly after: MessageId | undefined; readonly limit: number }): Promise<{
    readonly messages: readonly WaitingMessage[];
    readonly waiting: number;
  }>;
  /** Throws `not_found`. */
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
    async listMessages({ after, limit }) {
      const messages = await database.outbox.list(after, limit);
      return { messages, waiting: (await database.outbox.waiting()).entries };
    },

    async retryMessage(id, actor) {
      const now = clock.now();
      await database.transaction(async ({ outbox, audit }) => {
        if (!(await outbox.sendNow(id, now)))
          throw new AuthorityError('not_found', {
            detail: 'There is no such message: it was sent or given up.',
          });
        await audit.record({ type: 'message_retried', actor, detail: { message_id: id } }, now);
      });
    },
  };
}
