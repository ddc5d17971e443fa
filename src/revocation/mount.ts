/**
 * Revocation: revoking tokens, sessions, a user's sessions or a filter's, and what the deny-list answers from then on.
 * `propagation/` brings a revocation into effect on every node, `subscribers/` on every guard. Does not own sessions
 * (`sessions/`) or the filters, which guards use too (`@countersign/verifier`).
 */
import { createEarliestTime } from '@countersign/verifier/steadyTime';
import type { KeyRing } from '../keys/keyRing.ts';
import type { RevokeKey } from '../keys/revokeKey.ts';
import { type Job, pruningJob } from '../platform/jobs.ts';
import type { Log } from '../platform/observability/log.ts';
import type { Metrics } from '../platform/observability/metrics.ts';
import type { ReadingParts } from '../tokens/readToken.ts';
import type { Counted } from './countFailures.ts';
import { revocationService } from './grpc.ts';
import { pruneRequests } from './idempotency.ts';
import { createPreviewSessions } from './previewSessions.ts';
import type { RevokingParts } from './propagation/revokeAndPropagate.ts';
import { createRevoke } from './revoke.ts';
import { createRevokeBudgets, type RevokeBudgetParts, type SpendRevokeBudget } from './revokeBudgets.ts';
import type { Subscribers } from './subscribers/subscribers.ts';
import { createWatchRevocations } from './subscribers/watchRevocations.ts';
import { createWatchStream } from './subscribers/watchStream.ts';

export function openRevokeBudgets(parts: {
  readonly counting: RevokeBudgetParts['rateLimits'];
  readonly log: Log;
  readonly metrics: Metrics;
}): SpendRevokeBudget {
  const { counting, log, metrics } = parts;
  return createRevokeBudgets({
    rateLimits: counting,
    // Every refusal is counted; the first of a minute is logged.
    onUsedUp(service, budget, first) {
      metrics.revokeBudgetUsedUp(service, budget);
      if (first) log.warn({ service, budget }, 'a service revokes more than its budget');
    },
  });
}

export interface RevocationParts extends RevokingParts, ReadingParts {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly keyRing: KeyRing;
  readonly revokeKey: RevokeKey;
  readonly subscribers: Subscribers;
  readonly issuer: string;
  readonly sliceMs: number;
  readonly nodeId: string;
  readonly spendRevokeBudget: SpendRevokeBudget;
  readonly counted: Counted;
}

export function mountRevocation(parts: RevocationParts) {
  const { counted, revokeKey, subscribers, keyRing } = parts;
  const operations = {
    revoke: counted(createRevoke(parts)),
    ...createPreviewSessions(parts),
    watchRevocations: createWatchRevocations({ subscribers, keyRing }),
  };
  const watch = createWatchStream({ ...parts, watchRevocations: operations.watchRevocations });
  return {
    operations,
    service: revocationService({ ...operations, revokeKey }, watch),
    jobs: [oldRequestsJob(parts)],
  };
}

export function oldRequestsJob({
  database,
  clock,
  metrics,
}: Pick<RevocationParts, 'database' | 'clock' | 'metrics'>): Job {
  const earliestTime = createEarliestTime(clock);
  return pruningJob({
    name: 'old_requests',
    prune: (rows) => pruneRequests(database, earliestTime(), rows),
    onDeleted: (rows) => metrics.deleted('requests', rows),
  });
}
