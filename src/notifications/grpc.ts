/** OutboxService: translate, call one operation, translate back. The contract is in proto/countersign/v1. */
import type { ListMessagesRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/ListMessagesRequest';
import type { ListMessagesResponse } from '@countersign/verifier/contract/generated/countersign/v1/ListMessagesResponse';
import type { RetryMessageRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/RetryMessageRequest';
import { invalidField } from '@countersign/verifier/errors';
import { isUuid, type MessageId } from '@countersign/verifier/ids';
import { pageTokenAfter, readPageToken } from '../platform/pageToken.ts';
import { actorOf, type Caller } from '../transport/grpc/callers.ts';
import { changes, check, type Methods } from '../transport/grpc/methodRow.ts';
import type { GrpcService } from '../transport/grpc/server.ts';
import { notificationLimits } from './limits.ts';
import type { LookAfterOutbox } from './retryMessage.ts';

export const outboxMethods = {
  ListMessages: { permission: 'outbox.manage', ...check },
  RetryMessage: { permission: 'outbox.manage', ...changes },
} as const satisfies Methods;

export function outboxService({ listMessages, retryMessage }: LookAfterOutbox): GrpcService {
  return {
    methods: outboxMethods,
    mount({ v1, add, unary }) {
      add(v1.OutboxService.service, {
        ListMessages: unary('ListMessages', (request: ListMessagesRequest__Output) =>
          list(listMessages, request),
        ),
        RetryMessage: unary(
          'RetryMessage',
          async ({ messageId }: RetryMessageRequest__Output, caller: Caller) => {
            if (!isUuid(messageId))
              throw invalidField('message_id', 'format', 'must be a UUID in lower case');
            await retryMessage(messageId as MessageId, actorOf(caller));
            return {};
          },
        ),
      });
    },
  };
}

async function list(
  listMessages: LookAfterOutbox['listMessages'],
  { pageSize, pageToken, givenUp }: ListMessagesRequest__Output,
): Promise<ListMessagesResponse> {
  const { outboxPageDefault, outboxPageMaximum } = notificationLimits;
  if (pageSize < 0 || pageSize > outboxPageMaximum)
    throw invalidField('page_size', 'range', `must be 1 to ${outboxPageMaximum}, or 0`);
  const limit = pageSize === 0 ? outboxPageDefault : pageSize;
  const after = pageToken === '' ? undefined : readPageToken<MessageId>(pageToken);
  const { messages, waiting } = await listMessages({ after, limit, givenUp });
  const last = messages.length === limit ? messages.at(-1) : undefined;
  return {
    messages: messages.map(
      ({ id, channel, template, userId = '', createdAt, dueAt, attempts, lastFault, ...state }) => ({
        ...{ messageId: id, channel, template, userId, createTimeMs: createdAt, dueTimeMs: dueAt, attempts },
        ...{ lastFault: lastFault ?? '', claimedUntilTimeMs: state.claimedUntil ?? 0 },
        giveUpTimeMs: state.givenUpAt ?? 0,
      }),
    ),
    nextPageToken: last === undefined ? '' : pageTokenAfter(last.id),
    waiting,
  };
}
