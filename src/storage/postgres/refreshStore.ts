import { verifierLimits } from '@countersign/verifier/limits';
import { doubtfulAcr } from '@countersign/verifier/tokens/bearerToken';
import type { RefreshStore, SessionUse } from '../../sessions/refreshStore.ts';
import { eventsOf, recording } from './auditTrail.ts';
import type { Statements } from './driverStatements.ts';
import { Prisma } from './generated/client.ts';
import { prepared } from './prepared.ts';
import type { PrismaConnection } from './transactions.ts';

/** Each use is one statement, and so one transaction: the row and its events, or neither. */
export function createRefreshStore(prisma: PrismaConnection, statements: Statements = prisma): RefreshStore {
  return {
    async advance(id, from, use) {
      const jkt = use.jkt ?? null;
      return isWritten(
        await statements.$queryRaw`${prepared('advance_session')}
        WITH used AS (
          UPDATE sessions AS s
             SET generation = generation + 1, rotated_at = ${new Date(use.now)}, grace_repeats = 0,
                 jkt = COALESCE(jkt, ${jkt}::text),
                 jkt_since = CASE WHEN jkt IS NULL AND ${jkt}::text IS NOT NULL THEN generation + 1 ELSE jkt_since END,
                 idle_expires_at = ${new Date(use.idleExpiresAt)}, user_agent = ${use.userAgent ?? null}, ${common(use)}
           WHERE s.id = ${id}::uuid AND s.generation = ${from} AND ${unchanged(use)}
          RETURNING s.id),
        ${recordedFor(use)}`,
      );
    },

    async repeat(id, current, maximum, use) {
      return isWritten(
        await statements.$queryRaw`${prepared('repeat_session')}
        WITH used AS (
          UPDATE sessions AS s
             SET grace_repeats = LEAST(grace_repeats + 1, ${maximum}), ${common(use)}
           WHERE s.id = ${id}::uuid AND s.generation = ${current} 
             AND (s.grace_repeats < ${maximum} OR s.jkt IS NOT NULL) AND ${unchanged(use)}
          RETURNING s.id),
        ${recordedFor(use)}`,
      );
    },

    async restamp(id, current, now) {
      await prisma.session.updateMany({
        where: { id, generation: current },
        data: { rotatedAt: new Date(now) },
      });
    },
  };
}

function isWritten(rows: unknown): boolean {
  return (rows as readonly { sessions: number }[])[0]?.sessions === 1;
}

/** Joined to the written row: without it, no event is recorded. */
function recordedFor({ events, now }: SessionUse): Prisma.Sql {
  return Prisma.sql`told AS (${recording(eventsOf(events, now), Prisma.sql`, used`)})
        SELECT count(*)::int AS sessions FROM used`;
}

/** The columns every use writes. */
function common(use: SessionUse): Prisma.Sql {
  return Prisma.sql`last_used_at = ${new Date(use.now)}, ip = ${use.ip ?? null},
    access_expires_at = GREATEST(access_expires_at, ${new Date(use.accessExpiresAt)}),
    acr = CASE WHEN ${use.isDoubtful === true} THEN ${doubtfulAcr} ELSE acr END,
    signing_kids = ${signingKids(use)}, ${contextOf(use)}`;
}

/** No right was taken away since those of the token were read. */
function unchanged({ now, rightsEpoch }: SessionUse): Prisma.Sql {
  return Prisma.sql`s.rights_epoch = ${rightsEpoch} AND ${alive(now)}`;
}

/** The conditions `judgeRefresh` read, repeated when writing. */
export function alive(now: number): Prisma.Sql {
  const at = new Date(now);
  return Prisma.sql`s.ended_at IS NULL AND s.expires_at > ${at} AND s.idle_expires_at > ${at} AND EXISTS (
    SELECT 1 FROM users AS u
     WHERE u.id = s.user_id AND u.token_version = s.token_version AND u.disabled_at IS NULL)`;
}

function contextOf({ context }: SessionUse): Prisma.Sql {
  const { deviceId, otherIp, otherIpAt, quickRefreshes, contextSignals, contextScore } = context;
  return Prisma.sql`device_id = ${deviceId ?? null}, other_ip = ${otherIp ?? null}, other_ip_at = ${dateOf(otherIpAt)},
    quick_refreshes = ${quickRefreshes}, context_signals = ${contextSignals}::text[], context_score = ${contextScore},
    context_changed_at = ${dateOf(context.contextChangedAt)}`;
}

function dateOf(milliseconds: number | undefined): Date | null {
  return milliseconds === undefined ? null : new Date(milliseconds);
}

/**
 * Keys of tokens that may be live after this use; a revoked key is still looked for. Without earlier notes, it may be any key.
 */
export function signingKids({ now, signingKid }: Pick<SessionUse, 'now' | 'signingKid'>): Prisma.Sql {
  return Prisma.sql`CASE
    WHEN access_expires_at <= ${new Date(now - verifierLimits.clockSkewSeconds * 1000)} THEN ARRAY[${signingKid}::text]
    WHEN ${signingKid}::text = ANY (signing_kids) THEN signing_kids
    ELSE ARRAY(SELECT k.kid FROM signing_keys AS k
                WHERE (k.kid = ANY (s.signing_kids) OR cardinality(s.signing_kids) = 0)
                  AND k.state NOT IN ('next', 'retired') AND k.kid <> ${signingKid}) || ${signingKid}::text END`;
}
