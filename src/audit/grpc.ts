/** AuditService: translate, call one operation, translate back. The contract is in proto/countersign/v1. */
import type { ListEventsRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/ListEventsRequest';
import type { ListEventsResponse } from '@countersign/verifier/contract/generated/countersign/v1/ListEventsResponse';
import type { UserEvent } from '@countersign/verifier/contract/generated/countersign/v1/UserEvent';
import type { VerifyChainRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/VerifyChainRequest';
import type { VerifyChainResponse } from '@countersign/verifier/contract/generated/countersign/v1/VerifyChainResponse';
import { invalidField } from '@countersign/verifier/errors';
import { readOrder } from '../platform/listOrder.ts';
import { pageTokenAfter, readPageToken } from '../platform/pageToken.ts';
import { actorOf, type Caller } from '../transport/grpc/callers.ts';
import { change, type Methods, search } from '../transport/grpc/methodRow.ts';
import type { GrpcService } from '../transport/grpc/server.ts';
import type { RecordedEvent } from './auditEvent.ts';
import { auditLimits } from './limits.ts';
import type { ListAudit } from './listAudit.ts';
import type { VerifyAudit } from './verifyAudit.ts';

export interface AuditServiceOperations {
  readonly listAudit: ListAudit;
  readonly verifyAudit: VerifyAudit;
}

export const auditMethods = {
  ListEvents: { permission: 'audit.read', ...search },
  VerifyChain: { permission: 'audit.read', ...change },
} as const satisfies Methods;

export function auditService({ listAudit, verifyAudit }: AuditServiceOperations): GrpcService {
  return {
    methods: auditMethods,
    mount({ v1, add, unary }) {
      add(v1.AuditService.service, {
        ListEvents: unary('ListEvents', (request: ListEventsRequest__Output, caller) =>
          listEvents(listAudit, request, caller),
        ),
        VerifyChain: unary('VerifyChain', (request: VerifyChainRequest__Output) =>
          verifyChain(verifyAudit, request),
        ),
      });
    },
  };
}

async function listEvents(
  listAudit: ListAudit,
  request: ListEventsRequest__Output,
  caller: Caller,
): Promise<ListEventsResponse> {
  const { pageSize, pageToken, sinceMs, untilMs } = request;
  if (pageSize < 0 || pageSize > auditLimits.auditPageMaximum)
    throw invalidField('page_size', 'range', `must be 1 to ${auditLimits.auditPageMaximum}, or 0`);
  const limit = pageSize === 0 ? auditLimits.auditListDefault : pageSize;
  const query = {
    ...{ userId: given(request.userId), sessionId: given(request.sessionId), type: given(request.type) },
    ...{ requestId: given(request.requestId), limit },
    ...{ since: sinceMs === 0 ? undefined : sinceMs, until: untilMs === 0 ? undefined : untilMs },
    after: pageToken === '' ? undefined : readPageToken<string>(pageToken),
    way: readOrder(request.orderBy, ['time'], { by: 'time', way: 'desc' }).way,
  };
  const events = await listAudit(query, actorOf(caller));
  const last = events.length === limit ? events.at(-1) : undefined;
  return {
    events: events.map(({ userId = '', email = '', program = '', ...event }) => ({
      ...{ event: eventMessage({ ...event, userId }), userId, email, program },
    })),
    nextPageToken: last === undefined ? '' : pageTokenAfter(last.id),
  };
}

async function verifyChain(
  verifyAudit: VerifyAudit,
  { notedSeal, notedHash }: VerifyChainRequest__Output,
): Promise<VerifyChainResponse> {
  const noted = notedSeal === 0 ? undefined : { number: notedSeal, hash: notedHash };
  const { seals, events, unsealed, head, fault, deleted } = await verifyAudit(noted);
  return {
    ...{ intact: fault === undefined, seals, events, unsealed, deletedEvents: deleted?.events ?? 0 },
    ...{ headSeal: head?.number ?? 0, headHash: head?.hash ?? '' },
    ...{ faultySeal: fault?.seal ?? 0, fault: fault?.what ?? '' },
  };
}

function given(text: string): string | undefined {
  return text === '' ? undefined : text;
}

export function eventMessage(event: RecordedEvent): UserEvent {
  const { id, occurredAt, type, actor, sessionId = '', reason = '', requestId = '', ip = '', detail } = event;
  const about = { sessionId, reason, requestId, ip };
  const more = detail === undefined || detail === null ? '' : JSON.stringify(detail);
  return { eventId: id, timeMs: occurredAt, type, actor, ...about, detail: more };
}
