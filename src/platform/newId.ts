/** New UUIDv7 (RFC 9562 §5.7), which begin with their creation time. */
import type {
  AuditEventId,
  FactorId,
  MessageId,
  ServiceId,
  SessionId,
  UserId,
} from '@countersign/verifier/ids';
import { v7 } from 'uuid';

type AnyId = UserId | SessionId | ServiceId | AuditEventId | FactorId | MessageId;

export function newId<Id extends AnyId>(now: number): Id {
  return v7({ msecs: now }) as Id;
}

/** The largest time an id can hold. */
const lastTime = 2 ** 48 - 1;

/** An id before every id of that time or later, in id order. Times before 1970 or after `lastTime` are clamped. */
export function idBefore<Id extends SessionId | AuditEventId>(milliseconds: number): Id {
  const time = Math.min(Math.max(0, milliseconds), lastTime);
  const hex = time.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000` as Id;
}
