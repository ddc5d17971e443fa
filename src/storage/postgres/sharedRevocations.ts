/** What many nodes share in PostgreSQL: the table of nodes, and snapshots of the revocations. On connections of their own. */

import type { RevocationSnapshots } from '@countersign/verifier/revocation/revocation';
import type { NodeStore } from '../../revocation/propagation/liveNodes.ts';
import type { PostgresEngine } from './engine.ts';
import { postgresLimits } from './limits.ts';
import { createNodeStore } from './nodeStore.ts';
import { createOwnConnection } from './ownConnection.ts';
import { createRevocationSnapshots } from './revocationSnapshots.ts';

export interface SharedRevocations {
  readonly nodes: NodeStore;
  /** For the lease, which waits for nothing else. */
  readonly snapshots: RevocationSnapshots;
  readonly loadingSnapshots: RevocationSnapshots;
  readonly slowSnapshots: RevocationSnapshots;
  close(): Promise<void>;
}

export function openSharedRevocations(engine: PostgresEngine, leaseMs: number): SharedRevocations {
  // A renewal that hangs is given up in time for another one.
  const renewalMs = Math.max(leaseMs / 2, postgresLimits.renewalQueryMilliseconds);
  const renewing = createOwnConnection(engine, { queryMs: renewalMs, idleMs: renewalMs });
  const listing = createOwnConnection(engine, { queryMs: postgresLimits.listingMilliseconds });
  const patience = {
    queryMs: postgresLimits.loadQueryMilliseconds,
    idleMs: postgresLimits.slowIdleMilliseconds,
  };
  const loading = createOwnConnection(engine, patience);
  const slow = createOwnConnection(engine, patience);
  return {
    nodes: createNodeStore({ renewing, listing }),
    snapshots: createRevocationSnapshots(renewing),
    loadingSnapshots: createRevocationSnapshots(loading),
    slowSnapshots: createRevocationSnapshots(slow),
    async close() {
      await Promise.all([renewing.close(), listing.close(), loading.close(), slow.close()]);
    },
  };
}
