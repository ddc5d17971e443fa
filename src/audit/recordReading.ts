/** Records who looked at users, or at what the log says of one. Written before the answer. */
import type { Clock } from '@countersign/verifier/clock';
import type { SessionId, UserId } from '@countersign/verifier/ids';
import type { Actor, AuditTrail } from './auditEvent.ts';

export interface ReadingParts {
  readonly database: { readonly audit: AuditTrail };
  readonly clock: Clock;
}

export interface Reading {
  /** The list of users, one user's account, or the events about one user or session. */
  readonly view: 'users' | 'user' | 'events';
  readonly userId?: UserId | undefined;
  readonly sessionId?: SessionId | undefined;
}

/** Nothing is recorded without a reader: then the authority reads for itself. */
export async function recordReading(
  { database, clock }: ReadingParts,
  reader: Actor | undefined,
  { view, ...about }: Reading,
): Promise<void> {
  if (reader === undefined) return;
  await database.audit.record(
    { type: 'user_data_read', actor: reader, ...about, detail: { view } },
    clock.now(),
  );
}
