/**
 * Keeps the shared copy complete: adds revocations that are only in the database, after a flush, restart, failover or failed
 * write. One node at a time: with two, the stamp would accept one of them wrongly. Deletes nothing: entries of the copy expire by
 * themselves.
 */
import type { Clock } from '@countersign/verifier/clock';
import type { Projection, Stamp } from '@countersign/verifier/revocation/projection';
import type {
  OnPage,
  Revocation,
  RevocationSnapshot,
  RevocationSnapshots,
} from '@countersign/verifier/revocation/revocation';
import { propagationLimits } from './limits.ts';

export type Reconciled =
  /** Another node is doing it, or just did. */
  | 'elsewhere'
  /** The copy has everything the database had at the start of this round. */
  | 'done'
  /** As `done`, and the copy was built anew. */
  | 'rebuilt'
  /** The copy changed meanwhile; the next round starts again. */
  | 'overtaken';

export interface Reconciliation {
  readonly outcome: Reconciled;
  /** How long the copy may have lacked a revocation; undefined without a stamp. */
  readonly ageMs: number | undefined;
}

export function createReconciler(parts: {
  snapshots: RevocationSnapshots;
  copy: Projection;
  clock: Clock;
}): () => Promise<Reconciliation> {
  const { snapshots, copy, clock } = parts;

  /** Adds page by page, each conditional on the previous page's stamp. */
  const addAll = async (
    begin: Stamp,
    snapshot: RevocationSnapshot,
    read: (onPage: OnPage) => Promise<void>,
  ): Promise<boolean> => {
    let stamp: Stamp | undefined = begin;
    let page: readonly Revocation[] = [];
    await read(async (next) => {
      if (stamp !== undefined && page.length > 0) stamp = await copy.advance(stamp, page);
      page = next;
    });
    // The last page and the position are written in one step.
    return stamp !== undefined && (await copy.advance(stamp, page, snapshot.position)) !== undefined;
  };

  const reconcile = async (snapshot: RevocationSnapshot): Promise<Reconciled> => {
    const stamped = await copy.stamped(snapshot.position.history);
    if (stamped !== undefined) {
      const whole = await addAll(stamped.stamp, snapshot, (onPage) =>
        snapshot.readSince(stamped.position, onPage),
      );
      return whole ? 'done' : 'overtaken';
    }
    const stamp = await copy.beginRebuild();
    const whole = await addAll(stamp, snapshot, (onPage) => snapshot.readLive(clock.now(), onPage));
    return whole ? 'rebuilt' : 'overtaken';
  };

  return async () => {
    const ageMs = await copy.age();
    const isFresh = ageMs !== undefined && ageMs < propagationLimits.reconcileMilliseconds;
    const outcome = isFresh ? undefined : await snapshots.readAlone('reconciling', reconcile);
    return {
      outcome: outcome ?? 'elsewhere',
      ageMs: outcome === 'done' || outcome === 'rebuilt' ? 0 : ageMs,
    };
  };
}
