/** Shared by many nodes in PostgreSQL, on separate connections: the table of nodes, and snapshots of revocations. */

import type { RevocationSnapshots } from '@countersign/verifier/revocation/revocation';
import type { NodeReport, NodeStore } from '../../revocation/propagation/liveNodes.ts';
import type { PostgresEngine } from './engine.ts';
import { postgresLimits } from './limits.ts';
import { createNodeReports, createNodeStore } from './nodeStore.ts';
import { createOwnConnection } from './ownConnection.ts';
import { createRevocationSnapshots } from './revocationSnapshots.ts';

export interface SharedRevocations {
  readonly nodes: NodeStore;
  readonly nodeReports: () => Promise<readonly NodeReport[]>;
  /** Reserved for the lease. */
  readonly snapshots: RevocationSnapshots;
  readonly loadingSnapshots: RevocationSnapshots;
  readonly slowSnapshots: RevocationSnapshots;
  close(): Promise<void>;
}

export function openSharedRevocations(engine: PostgresEngine, leaseMs: number): SharedRevocations {
  // A hanging renewal is given up in time for another.
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
    nodeReports: createNodeReports(engine.prisma),
    snapshots: createRevocationSnapshots(renewing),
    loadingSnapshots: createRevocationSnapshots(loading),
    slowSnapshots: createRevocationSnapshots(slow),
    async close() {
      await Promise.all([renewing.close(), listing.close(), loading.close(), slow.close()]);
    },
  };
}
