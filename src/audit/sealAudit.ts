/**
 * Seals committed audit events as one batch: the next link of the chain. One node does it, afterwards and only reading, so no
 * transaction that records an event waits for it or for another one.
 */

import type { Database, Stores } from '../database.ts';
import { type Seal, sealEvents } from './chain.ts';
import { auditLimits } from './limits.ts';

export type Sealed =
  /** Another node is sealing. */
  | { readonly outcome: 'elsewhere' }
  /** The last seal is recent; newer events can wait. */
  | { readonly outcome: 'fresh' }
  /** No event can be sealed. */
  | { readonly outcome: 'nothing' }
  /** `more`: there may be another batch. */
  | { readonly outcome: 'sealed'; readonly seal: Seal; readonly more: boolean };

/** With `minimumAgeMs`, does nothing when the last seal is younger: many nodes hardly make more seals than one. */
export type SealAudit = (options?: { readonly minimumAgeMs?: number }) => Promise<Sealed>;

export function createSealAudit(
  { database }: { readonly database: Pick<Database, 'transaction'> },
  batch: number = auditLimits.auditSealEvents,
): SealAudit {
  return ({ minimumAgeMs = 0 } = {}) =>
    database.transaction((stores) => sealBatch(stores, minimumAgeMs, batch), { always: true });
}

async function sealBatch(
  { advisoryLocks, auditLog }: Stores,
  minimumAgeMs: number,
  batch: number,
): Promise<Sealed> {
  if (!(await advisoryLocks.take('sealing'))) return { outcome: 'elsewhere' };
  const { head, unsealed, now } = await auditLog.chainEnd();
  const ageMs = head === undefined ? Number.POSITIVE_INFINITY : now - head.sealedAt;
  // A negative age means that the clock was set back; that seal does not count as recent.
  if (ageMs >= 0 && ageMs < minimumAgeMs) return { outcome: 'fresh' };
  for (const [index, range] of unsealed.entries()) {
    const [first, ...others] = await auditLog.readUnsealed(range, batch);
    if (first === undefined) continue;
    const seal = sealEvents(head, range.after, [first, ...others], now);
    await auditLog.addSeal(seal);
    return { outcome: 'sealed', seal, more: seal.events === batch || index < unsealed.length - 1 };
  }
  return { outcome: 'nothing' };
}
