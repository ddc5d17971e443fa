/**
 * What goes on beside the requests: audit events are sealed, and what has had its time is deleted, in small batches with a
 * pause between them. Seals, sessions and events are seen to by whichever node comes first; requests and wrong passwords by
 * each, and what another one has locked is passed over. Owns when; what is done is in the flows.
 */

import type { Clock } from '@countersign/verifier/clock';
import { createEarliestTime } from '@countersign/verifier/steadyTime';
import { createDeleteOldEvents } from '../audit/deleteOldEvents.ts';
import { createSealAudit } from '../audit/sealAudit.ts';
import type { Database } from '../database.ts';
import { prunePasswordFailures } from '../login/throttling/passwordAttempts.ts';
import { pruneRequests } from '../revocation/idempotency.ts';
import { createDeleteOldSessions } from '../sessions/deleteOldSessions.ts';
import type { Config } from './config/config.ts';
import { limits } from './limits.ts';
import type { FaultLog } from './observability/faultLog.ts';
import type { Log } from './observability/log.ts';
import type { Metrics } from './observability/metrics.ts';
import { startRounds } from './poller.ts';

interface UpkeepParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly onFault: FaultLog;
  readonly database: Database;
}

/** Answers how to stop: what is under way is finished first. */
export function startUpkeep(parts: UpkeepParts): () => Promise<void> {
  const { clock, metrics, onFault } = parts;
  const keepUp = (part: string, firstMs: number, run: () => Promise<number>) =>
    startRounds({
      ...{ clock, firstMs, retryMs: limits.auditSealMilliseconds, run },
      onFault(fault) {
        metrics.upkeepFault(part);
        onFault(part, fault);
      },
    });
  const soon = limits.pruneIntervalMilliseconds;
  const stops = [
    keepUp('audit_seals', limits.auditSealMilliseconds, sealing(parts)),
    keepUp('old_sessions', soon, deletingSessions(parts)),
    keepUp('old_audit_events', soon, deletingEvents(parts)),
    keepUp('old_requests', soon, forgetting(parts, 'requests')),
    keepUp('old_password_failures', soon, forgetting(parts, 'password_failures')),
  ];
  return async () => {
    await Promise.all(stops.map((stop) => stop()));
  };
}

function sealing({ database, clock, metrics }: UpkeepParts): () => Promise<number> {
  const seal = createSealAudit({ database });
  let waitingSince: number | undefined;
  metrics.gauge(
    'countersign_audit_seal_overdue_seconds',
    'By how much sealing audit events is late, as this node last saw.',
    // Below that it would tell whether there was an event, and so whether a login was for somebody who is registered.
    () => {
      const age = waitingSince === undefined ? 0 : clock.now() - waitingSince;
      return Math.max(0, age - limits.auditSealOverdueMilliseconds) / 1000;
    },
  );
  let continuing = false;
  return async () => {
    const minimumAgeMs = continuing ? 0 : limits.auditSealAgeMilliseconds;
    const sealed = await seal({ minimumAgeMs });
    continuing = sealed.outcome === 'sealed' && sealed.more;
    if (continuing) return limits.cleanUpPauseMilliseconds;
    const { unsealed } = await database.auditLog.chainEnd();
    const firsts = await Promise.all(unsealed.map((range) => database.auditLog.firstUnsealed(range)));
    waitingSince = firsts.filter((at) => at !== undefined).sort((one, other) => one - other)[0];
    return limits.auditSealMilliseconds;
  };
}

function deletingSessions({ config, database, clock, metrics }: UpkeepParts): () => Promise<number> {
  const { retentionMs } = config.sessions;
  const run = createDeleteOldSessions({ database, retentionMs, earliestTime: createEarliestTime(clock) });
  return async () => {
    const { sessions, more } = await run();
    metrics.deleted('sessions', sessions);
    return more ? limits.cleanUpPauseMilliseconds : limits.pruneIntervalMilliseconds;
  };
}

function deletingEvents({ config, database, clock, log, metrics }: UpkeepParts): () => Promise<number> {
  const { retentionMs } = config.audit;
  const run = createDeleteOldEvents({ database, retentionMs, earliestTime: createEarliestTime(clock) });
  return async () => {
    const { events, sealed, more } = await run();
    metrics.deleted('audit_events', events);
    if (events !== sealed)
      log.error(
        { events, sealed },
        'of the audit events that were due for deletion, others had been deleted or added',
      );
    return more ? limits.cleanUpPauseMilliseconds : limits.auditRetentionMilliseconds;
  };
}

/** One batch a round of what says nothing any more: requests that callers named, and counts of wrong passwords. */
function forgetting(
  { database, clock, metrics }: UpkeepParts,
  table: 'requests' | 'password_failures',
): () => Promise<number> {
  const earliestTime = createEarliestTime(clock);
  const prune = { requests: pruneRequests, password_failures: prunePasswordFailures }[table];
  return async () => {
    const deleted = await prune(database, earliestTime(), limits.pruneRows);
    metrics.deleted(table, deleted);
    return deleted === limits.pruneRows ? limits.cleanUpPauseMilliseconds : limits.pruneIntervalMilliseconds;
  };
}
