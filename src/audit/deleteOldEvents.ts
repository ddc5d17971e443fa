/**
 * Retention of the audit log: events of seals that are old enough are deleted, whole seals at a time and from the front; the
 * seals stay, so that the chain can be verified. What was deleted, and why it could be, is an event itself.
 */

import type { ReadTime } from '@countersign/verifier/steadyTime';
import type { Database, Stores } from '../database.ts';
import type { Actor } from './auditEvent.ts';
import type { AuditLog } from './auditLog.ts';
import { oldSeals, type Seal, type SealedRange, type SealTimes } from './chain.ts';
import { auditLimits } from './limits.ts';

export interface DeletedEvents {
  readonly events: number;
  /** How many the seals say that there were; another number means that somebody else has deleted some, or added. */
  readonly sealed: number;
  /** There may be another batch. */
  readonly more: boolean;
}

/** One batch, in one transaction. Does nothing while another node is at it. */
export type DeleteOldEvents = () => Promise<DeletedEvents>;

interface RetentionParts {
  readonly database: Pick<Database, 'transaction'>;
  readonly retentionMs: number;
  /** By which nothing is forgotten too early. */
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
  // Of our clock and the database's, by which seals are dated: one that is ahead must not delete what is young, and one that is
  // behind must not make it a seal of the future, which is passed over.
  const clocks = [earliestTime(), (await auditLog.chainEnd()).now];
  const now = Math.min(...clocks);
  const times = { madeBefore: now - retentionMs, now: Math.max(...clocks) };
  const old = await firstOld(auditLog, times, batch);
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

/** Those that are old enough and have not been deleted, as many as one transaction should delete. */
async function firstOld(auditLog: AuditLog, times: SealTimes, batch: number): Promise<readonly Seal[]> {
  const told = await auditLog.deletedUpTo();
  // What is told and not so, whoever told it, keeps nothing from being deleted.
  const first = (await auditLog.firstLeft(told)) ?? told + 1;
  const read = await auditLog.seals(Math.max(0, first - 2), auditLimits.auditDeletedSeals);
  const after = read.find(({ number }) => number < first);
  const seals = read.filter(({ number }) => number >= first);
  const old: Seal[] = [];
  for (const group of oldSeals(seals, after, times)) {
    if (old.length > 0 && eventsOf(old) + eventsOf(group) > batch) break;
    old.push(...group);
  }
  return old;
}

function eventsOf(seals: readonly Seal[]): number {
  return seals.reduce((sum, { events }) => sum + events, 0);
}

/** Seals of one origin that follow each other are one range, and one statement. */
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
