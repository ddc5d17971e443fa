import type { SessionId } from '@countersign/verifier/ids';
import { verifierLimits } from '@countersign/verifier/limits';
import type { EndReason } from '../../sessions/session.ts';
import type { SessionStore, SessionWithUser } from '../../sessions/store.ts';
import { canaryUserId } from '../../truth/canary.ts';
import { truthLimits } from '../../truth/limits.ts';
import type { Statements } from './driverStatements.ts';
import { beforeEither } from './earlierClock.ts';
import { type EndedRow, ending, fromEndedRow } from './endingSessions.ts';
import { Prisma, type Session as SessionRow } from './generated/client.ts';
import { prepared } from './prepared.ts';
import { alive, signingKids } from './refreshStore.ts';
import { fromRightsJson, type RightsJson, rightsJson } from './rightsStore.ts';
import { createSessionFacts } from './sessionFacts.ts';
import { createSessionLists } from './sessionLists.ts';
import { createSessionPages } from './sessionPages.ts';
import { fromRow, toRow } from './sessionRow.ts';
import { createSessionSecretStore } from './sessionSecretStore.ts';
import { expiredAt, live, noCanary, notSpared, selected } from './sessionSelection.ts';
import { createStartedSessions } from './startedSessions.ts';
import type { PrismaConnection } from './transactions.ts';

export function createSessionStore(prisma: PrismaConnection, statements: Statements = prisma): SessionStore {
  return {
    ...createSessionSecretStore(prisma),
    ...createSessionLists(prisma),
    ...createSessionPages(prisma),
    ...createStartedSessions(prisma),
    ...createSessionFacts(prisma, columns),

    async create(session, signingKid) {
      await prisma.session.create({ data: { ...toRow(session), signingKids: [signingKid] } });
    },

    async find(id) {
      const [row] = await statements.$queryRaw<RowWithUser[]>`${prepared('find_session')}
        SELECT ${withUser} WHERE s.id = ${id}::uuid`;
      return row && fromRowWithUser(row);
    },

    async findWithRights(id, audience) {
      const its = Prisma.sql`COALESCE(s.audience, ${audience}::text)`;
      const rights = rightsJson(Prisma.sql`s.user_id::text`, Prisma.sql`s.client_id`, its);
      const [row] = await statements.$queryRaw<
        (RowWithUser & { rights: RightsJson })[]
      >`${prepared('session_with_rights')}
        SELECT ${rights} AS rights, ${withUser} WHERE s.id = ${id}::uuid`;
      return row && { ...fromRowWithUser(row), rights: fromRightsJson(row.rights) };
    },

    async lock(id) {
      await prisma.$queryRaw`SELECT 1 FROM sessions WHERE id = ${id}::uuid FOR UPDATE`;
    },

    async takeRights(selection, now) {
      const expired = expiredAt(now);
      const rows = await prisma.$queryRaw<RightsTakenRow[]>`
        WITH target AS (
          SELECT s.id, ${live(expired)} AS live FROM sessions AS s WHERE ${selected(selection, expired)}
           ORDER BY s.id FOR UPDATE)
        UPDATE sessions AS s SET rights_epoch = s.rights_epoch + target.live::int
          FROM target WHERE s.id = target.id AND (target.live OR s.ended_at IS NOT NULL AND s.access_expires_at > ${expired})
        RETURNING s.id, s.rights_epoch - target.live::int AS epoch, s.access_expires_at, s.end_reason`;
      return rows.map((row) => ({
        ...{ id: row.id as SessionId, rightsEpoch: row.epoch },
        accessExpiresAt: row.access_expires_at.getTime(),
        endReason: (row.end_reason ?? undefined) as EndReason | undefined,
      }));
    },

    async end(selection, reason, now) {
      const rows = await prisma.$queryRaw<EndedRow[]>`
        WITH ${ending(selection, reason, now)} SELECT * FROM ended`;
      return rows.map(fromEndedRow);
    },

    async count(selection, now) {
      const expired = expiredAt(now);
      const [row] = await prisma.$queryRaw<{ count: number }[]>`
        SELECT count(*)::int AS count FROM sessions AS s
         WHERE ${selected(selection, expired)} AND ${notSpared(selection)} AND ${live(expired)}`;
      return row?.count ?? 0;
    },

    async forgetPersonal(userId) {
      const data = { deviceName: null, userAgent: null, ip: null, deviceId: null, otherIp: null };
      await prisma.session.updateMany({ where: { userId }, data });
    },

    deleteFinished(retentionMs, now, limit) {
      const finishedBefore = beforeEither(now, retentionMs);
      const forgottenBefore = beforeEither(now, verifierLimits.revocationMarginSeconds * 1000);
      // The day uses the index, the rest is exact. A locked session is in use, or is judged next time.
      return prisma.$executeRaw`
        DELETE FROM sessions WHERE id = ANY (ARRAY(
          SELECT s.id FROM sessions AS s
           WHERE s.finished_on <= (${finishedBefore} AT TIME ZONE 'UTC')::date
             AND LEAST(s.ended_at, s.idle_expires_at, s.expires_at) < ${finishedBefore}
             AND s.access_expires_at < ${forgottenBefore}
             AND (${noCanary} OR s.last_used_at < ${beforeEither(now, truthLimits.canaryKeptMilliseconds)})
           ORDER BY s.finished_on LIMIT ${limit} FOR UPDATE SKIP LOCKED))`;
    },

    async reopen(id, tokenVersion, expiresAt) {
      const until = new Date(expiresAt);
      const data = { endedAt: null, endReason: null, tokenVersion, idleExpiresAt: until, expiresAt: until };
      await prisma.session.update({ where: { id, userId: canaryUserId }, data });
    },

    async setTokenVersion(id, tokenVersion) {
      await prisma.session.update({ where: { id }, data: { tokenVersion } });
    },

    async stepUp(id, proof) {
      const { now, authTime, acr, amr, openedBy, accessExpiresAt } = proof;
      const sessions = await prisma.$executeRaw`
        UPDATE sessions AS s
           SET auth_time = ${new Date(authTime)}, acr = ${acr}, amr = ${[...amr]}::text[], opened_by = ${[...openedBy]}::uuid[],
               access_expires_at = GREATEST(access_expires_at, ${new Date(accessExpiresAt)}), signing_kids = ${signingKids(proof)}
         WHERE s.id = ${id}::uuid AND ${alive(now)}`;
      return sessions === 1;
    },
  };
}

interface RowWithUser extends SessionRow {
  readonly userVersion: number;
  readonly userDisabled: boolean;
  readonly startedFromEndedAt: Date | null;
}

function fromRowWithUser(row: RowWithUser): SessionWithUser {
  const session = fromRow(row);
  // Also when a crash came between the end of the one and of the other.
  const endedAt = session.endedAt ?? row.startedFromEndedAt?.getTime();
  return { ...session, endedAt, user: { tokenVersion: row.userVersion, disabled: row.userDisabled } };
}

interface RightsTakenRow {
  readonly id: string;
  readonly epoch: number;
  readonly access_expires_at: Date;
  readonly end_reason: string | null;
}

/** Prisma's names, listed one by one: a column that a newer node adds must not change a prepared statement's result. */
const columns = Prisma.raw(
  Object.keys(Prisma.SessionScalarFieldEnum)
    .map((name) => `s.${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)} AS "${name}"`)
    .join(', '),
);

const withUser = Prisma.sql`${columns}, u.token_version AS "userVersion", u.disabled_at IS NOT NULL AS "userDisabled",
                 (SELECT p.ended_at FROM sessions AS p WHERE p.id = s.started_from) AS "startedFromEndedAt"
          FROM sessions AS s JOIN users AS u ON u.id = s.user_id`;
