/**
 * Seals audit events that were committed, as one batch: the next link of the chain. Afterwards, by one node at a time, and
 * reading only: no transaction that records an event ever waits for it, or for another one.
 */

import type { Database, Stores } from '../database.ts';
import { type Seal, sealEvents } from './chain.ts';
import { auditLimits } from './limits.ts';

export type Sealed =
  /** Another node is at it. */
  | { readonly outcome: 'elsewhere' }
  /** The last seal is young; what came since can wait. */
  | { readonly outcome: 'fresh' }
  /** There is no event that could be sealed. */
  | { readonly outcome: 'nothing' }
  /** `more`: there may be another batch. */
  | { readonly outcome: 'sealed'; readonly seal: Seal; readonly more: boolean };

/** With `minimumAgeMs` nothing is done when the last seal is younger: many nodes make hardly more seals than one. */
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
  // A clock that was set back makes the last seal seem to be of the future: then it is not young either.
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
