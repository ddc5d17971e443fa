/**
 * Retention of the audit log: deletes the events of old seals, whole seals from the front; the seals stay, so that the chain can
 * be verified. Each deletion is recorded as an event.
 */

import type { ReadTime } from '@countersign/verifier/steadyTime';
import type { Database, Stores } from '../database.ts';
import type { Actor } from './auditEvent.ts';
import type { AuditLog } from './auditLog.ts';
import type { Seal, SealedRange } from './chain.ts';
import { auditLimits } from './limits.ts';

export interface DeletedEvents {
  readonly events: number;
  /** Events according to the seals; another number means that somebody deleted or added some. */
  readonly sealed: number;
  /** There may be another batch. */
  readonly more: boolean;
}

/** Deletes one batch in one transaction. Does nothing while another node deletes. */
export type DeleteOldEvents = () => Promise<DeletedEvents>;

interface RetentionParts {
  readonly database: Pick<Database, 'transaction'>;
  readonly retentionMs: number;
  /** The earliest time it can be, so that nothing is deleted too early. */
  readonly earliestTime: ReadTime;
}

const retention: Actor = { name: 'authority' };
const nothing: DeletedEvents = { events: 0, sealed: 0, more: false };

export function createDeleteOldEvents(
  parts: RetentionParts,
  batch: number = auditLimits.auditDeletedEvents,
): DeleteOldEvents {
  return () => parts.database.transaction((stores) => deleteBatch(stores, parts, batch), { always: true });
}

async function deleteBatch(
  { advisoryLocks, auditLog, audit }: Stores,
  { retentionMs, earliestTime }: RetentionParts,
  batch: number,
): Promise<DeletedEvents> {
  if (!(await advisoryLocks.take('deleting_events'))) return nothing;
  // The database's clock dates the seals. A clock that is ahead must not delete early.
  const now = Math.min(earliestTime(), (await auditLog.chainEnd()).now);
  const old = await firstOld(auditLog, now - retentionMs, batch);
  const [first] = old;
  const last = old.at(-1);
  if (first === undefined || last === undefined) return nothing;
  const events = await deleteRuns(auditLog, old);
  const sealed = eventsOf(old);
  const detail = {
    first_seal: first.number,
    last_seal: last.number,
    events,
    ...(events === sealed ? {} : { sealed_events: sealed }),
    retention_ms: retentionMs,
  };
  await audit.record({ type: 'audit_events_deleted', actor: retention, reason: 'retention', detail }, now);
  return { events, sealed, more: true };
}

/** The first old seals that still have events, one transaction's worth. */
async function firstOld(auditLog: AuditLog, sealedBefore: number, batch: number): Promise<readonly Seal[]> {
  const told = await auditLog.deletedUpTo();
  // Starts at remaining events even if a deletion was declared: a false declaration must not keep events for ever.
  const first = (await auditLog.firstLeft(told)) ?? told + 1;
  const old: Seal[] = [];
  for (const seal of await auditLog.seals(first - 1, auditLimits.auditDeletedSeals)) {
    if (seal.sealedAt > sealedBefore) break;
    if (old.length > 0 && eventsOf(old) + seal.events > batch) break;
    old.push(seal);
  }
  return old;
}

function eventsOf(seals: readonly Seal[]): number {
  return seals.reduce((sum, { events }) => sum + events, 0);
}

/** Consecutive seals of one origin are one range, and one statement. */
async function deleteRuns(auditLog: AuditLog, seals: readonly Seal[]): Promise<number> {
  const runs: SealedRange[] = [];
  for (const { origin, from, to } of seals) {
    const run = runs.at(-1);
    if (run?.origin === origin) runs[runs.length - 1] = { ...run, to };
    else runs.push({ origin, from, to });
  }
  let events = 0;
  for (const run of runs) events += await auditLog.deleteSealed(run);
  return events;
}
