/**
 * The audit log: what happened to which user, by which actor and why, chained by seals. Owns the format, its verification,
 * retention, and the jobs that seal and delete. Does not own what is recorded: each operation records its own events, in its own
 * transaction.
 */

import { auditService } from './grpc.ts';
import { activityRoute } from './http.ts';
import { type AuditJobParts, deletingEventsJob, sealingJob } from './jobs.ts';
import { createListAudit } from './listAudit.ts';
import { createVerifyAudit } from './verifyAudit.ts';

export function mountAudit(parts: AuditJobParts) {
  const { database, retentionMs } = parts;
  const operations = {
    listAudit: createListAudit(parts),
    verifyAudit: createVerifyAudit({ database, retentionMs }),
  };
  return {
    operations,
    service: auditService(operations),
    routes: [activityRoute(database.auditLog)],
    jobs: [sealingJob(parts), deletingEventsJob(parts)],
  };
}
