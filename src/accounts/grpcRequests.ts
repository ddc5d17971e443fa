/** What requests of UserService have in common. */
import { invalidField } from '@countersign/verifier/errors';
import { isUuid, type UserId } from '@countersign/verifier/ids';
import type { Actor } from '../audit/auditEvent.ts';
import { checkRequestId } from '../revocation/idempotency.ts';
import { actorOf, type Caller } from '../transport/grpc/callers.ts';

/** Members that all requests have. */
export interface NamesUser {
  readonly userId: string;
  readonly requestId: string;
}

/** These operations are repeatable by themselves; `request_id` only enters the audit log. */
export function actor({ requestId }: NamesUser, caller: Caller): Actor {
  if (requestId !== '') checkRequestId(requestId);
  return actorOf(caller, requestId);
}

export function named({ userId }: NamesUser): { readonly userId: UserId } {
  if (!isUuid(userId)) throw invalidField('user_id', 'format', 'must be a UUID in lower case');
  return { userId: userId as UserId };
}
