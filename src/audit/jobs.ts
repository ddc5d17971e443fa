/** Jobs of the audit log: one node at a time seals events and deletes old ones. */
import type { Clock } from '@countersign/verifier/clock';
import { createEarliestTime } from '@countersign/verifier/steadyTime';
import type { Database } from '../database.ts';
import type { Job } from '../platform/jobs.ts';
import { platformLimits } from '../platform/limits.ts';
import type { Log } from '../platform/observability/log.ts';
import type { Metrics } from '../platform/observability/metrics.ts';
import { createDeleteOldEvents } from './deleteOldEvents.ts';
import { auditLimits } from './limits.ts';
import { createSealAudit } from './sealAudit.ts';

export interface AuditJobParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly retentionMs: number;
}

export function sealingJob({ database, clock, metrics }: Omit<AuditJobParts, 'log' | 'retentionMs'>): Job {
  const seal = createSealAudit({ database });
  let waitingSince: number | undefined;
  metrics.gauge(
    'countersign_audit_seal_overdue_seconds',
    'How late the sealing of audit events is, as this node last saw.',
    // Small delays read as 0: they would reveal whether a login caused an event, and so whether the e-mail is registered.
    () => {
      const age = waitingSince === undefined ? 0 : clock.now() - waitingSince;
      return Math.max(0, age - auditLimits.auditSealOverdueMilliseconds) / 1000;
    },
  );
  let continuing = false;
  return {
    name: 'audit_seals',
    firstMs: auditLimits.auditSealMilliseconds,
    async run() {
      const minimumAgeMs = continuing ? 0 : auditLimits.auditSealAgeMilliseconds;
      const sealed = await seal({ minimumAgeMs });
      continuing = sealed.outcome === 'sealed' && sealed.more;
      if (continuing) return platformLimits.cleanUpPauseMilliseconds;
      const { unsealed } = await database.auditLog.chainEnd();
      const firsts = await Promise.all(unsealed.map((range) => database.auditLog.firstUnsealed(range)));
      waitingSince = firsts.filter((at) => at !== undefined).sort((one, other) => one - other)[0];
      return auditLimits.auditSealMilliseconds;
    },
  };
}

export function deletingEventsJob({ database, clock, log, metrics, retentionMs }: AuditJobParts): Job {
  const deleteOld = createDeleteOldEvents({ database, retentionMs, earliestTime: createEarliestTime(clock) });
  return {
    name: 'old_audit_events',
    async run() {
      const { events, sealed, more } = await deleteOld();
      metrics.deleted('audit_events', events);
      if (events !== sealed)
        log.error(
          { events, sealed },
          'somebody had deleted or added audit events before retention deleted them',
        );
      return more ? platformLimits.cleanUpPauseMilliseconds : auditLimits.auditRetentionMilliseconds;
    },
  };
}
