/** A node's background tasks beside renewals: it repairs the shared copy, saves its memory, and deletes expired revocations. */
import type { Cancel, Clock } from '@countersign/verifier/clock';
import type { DenyList } from '@countersign/verifier/revocation/denyList';
import type { Projection } from '@countersign/verifier/revocation/projection';
import type { RevocationSnapshots, RevocationStore } from '@countersign/verifier/revocation/revocation';
import { createEarliestTime } from '@countersign/verifier/steadyTime';
import { platformLimits } from '../../platform/limits.ts';
import { pruneInBatches } from '../../platform/pruneInBatches.ts';
import { propagationLimits } from './limits.ts';
import { createReconciler, type Reconciliation } from './reconciler.ts';
import type { Renewal } from './renewal.ts';
import { createMemorySaver, type SavedMemory } from './savedMemory.ts';

export interface NodeTasks {
  start(): void;
  stop(): void;
}

export function createNodeTasks(parts: {
  readonly store: Pick<RevocationStore, 'prune'>;
  readonly snapshots: RevocationSnapshots;
  readonly copy: Projection;
  readonly saved: SavedMemory;
  readonly denyList: Pick<DenyList, 'slices' | 'marks'>;
  readonly renewal: Renewal;
  readonly clock: Clock;
  /** Whether the database can be trusted. */
  readonly trusted: () => boolean;
  readonly onReconciled: (reconciliation: Reconciliation) => void;
  readonly faultIn: (task: 'reconciler' | 'saving' | 'pruning') => (error: unknown) => void;
}): NodeTasks {
  const { store, snapshots, clock, trusted, onReconciled, faultIn } = parts;
  const reconcile = createReconciler(parts);
  const saveMemory = createMemorySaver(parts);
  const earliestTime = createEarliestTime(clock);
  const timers: Cancel[] = [];
  let reconcileAfter = Number.NEGATIVE_INFINITY;

  const reconcileOrWait = async () => {
    if (clock.monotonic() < reconcileAfter) return;
    reconcileAfter = clock.monotonic() + propagationLimits.reconcileRetryMilliseconds;
    const reconciliation = await reconcile();
    reconcileAfter = Number.NEGATIVE_INFINITY;
    onReconciled(reconciliation);
  };
  // Other nodes must not start from a doubted database's memory.
  const saveIfTrusted = async () => {
    if (trusted()) await saveMemory();
  };
  const prune = () =>
    snapshots.readAlone('pruning', () => pruneInBatches((rows) => store.prune(earliestTime(), rows)));

  return {
    start() {
      const regularly = (
        milliseconds: number,
        task: () => Promise<unknown>,
        onFault: (error: unknown) => void,
      ) => timers.push(clock.every(milliseconds, () => task().then(() => {}, onFault)));
      regularly(propagationLimits.reconcileMilliseconds, reconcileOrWait, faultIn('reconciler'));
      regularly(propagationLimits.savedMemoryLookMilliseconds, saveIfTrusted, faultIn('saving'));
      regularly(platformLimits.pruneIntervalMilliseconds, prune, faultIn('pruning'));
    },
    stop() {
      for (const cancel of timers) cancel();
    },
  };
}
