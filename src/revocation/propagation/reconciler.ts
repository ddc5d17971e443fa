/**
 * Keeps the shared copy whole: adds what the truth has and the copy has not, after a flush, a restart, a failover or a
 * write that failed. One node at a time does it; were there two, the stamp would let one of them through. It drops
 * nothing: what has expired, the copy drops by itself.
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
  /** Another node is at it, or has just done it. */
  | 'elsewhere'
  /** The copy has all that the truth had when this began. */
  | 'done'
  /** The same, and it was made anew. */
  | 'rebuilt'
  /** The copy changed under our hands; the next round begins again. */
  | 'overtaken';

export interface Reconciliation {
  readonly outcome: Reconciled;
  /** For how long the copy may have been without something that the truth has; undefined when it bears no stamp. */
  readonly ageMs: number | undefined;
}

export function createReconciler(parts: {
  snapshots: RevocationSnapshots;
  copy: Projection;
  clock: Clock;
}): () => Promise<Reconciliation> {
  const { snapshots, copy, clock } = parts;

  /** Adds page by page, each on the stamp that the one before it left. */
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
    // The last page and the position are one step.
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
