import type { FactorId, SessionId, UserId } from '@countersign/verifier/ids';
import { verifierLimits } from '@countersign/verifier/limits';
import type { Acr, Session } from '../../sessions/session.ts';
import type { NewSession, SessionStore } from '../../sessions/store.ts';
import { canaryUserId } from '../../truth/canary.ts';
import { truthLimits } from '../../truth/limits.ts';
import { beforeEither } from './earlierClock.ts';
import { type EndedRow, ending, fromEndedRow } from './endingSessions.ts';
import { Prisma, type Session as SessionRow } from './generated/client.ts';
import { prepared } from './prepared.ts';
import { alive, signingKids } from './refreshStore.ts';
import { createSessionSecretStore } from './sessionSecretStore.ts';
import { expiredAt, inRange, live, noCanary, notSpared, selected } from './sessionSelection.ts';
import type { PrismaConnection } from './transactions.ts';

export function createSessionStore(prisma: PrismaConnection): SessionStore {
  return {
    ...createSessionSecretStore(prisma),

    async create(session, signingKid) {
      await prisma.session.create({ data: { ...toRow(session), signingKids: [signingKid] } });
    },

    async find(id) {
      const [row] = await prisma.$queryRaw<RowWithUser[]>`${prepared('find_session')}
        SELECT ${columns}, u.token_version AS "userVersion", u.disabled_at IS NOT NULL AS "userDisabled"
          FROM sessions AS s JOIN users AS u ON u.id = s.user_id WHERE s.id = ${id}::uuid`;
      if (row === undefined) return undefined;
      return { ...fromRow(row), user: { tokenVersion: row.userVersion, disabled: row.userDisabled } };
    },

    async userAgents(ids) {
      const rows = await prisma.session.findMany({
        where: { id: { in: [...ids] }, userAgent: { not: null } },
        select: { id: true, userAgent: true },
      });
      return new Map(rows.map(({ id, userAgent }) => [id as SessionId, userAgent ?? '']));
    },

    async list(userId, { now, limit, before }) {
      const at = new Date(now);
      const start = before === undefined ? Prisma.sql`true` : Prisma.sql`id < ${before}::uuid`;
      // NULLS LAST forces the index of a user's live sessions: the planner would otherwise scan the primary key backwards through
      // all sessions.
      const ids = await prisma.$queryRaw<{ id: string }[]>`
        SELECT id FROM sessions
         WHERE user_id = ${userId}::uuid AND ended_at IS NULL AND idle_expires_at > ${at} AND expires_at > ${at} AND ${start}
         ORDER BY id DESC NULLS LAST LIMIT ${limit}`;
      if (ids.length === 0) return [];
      const rows = await prisma.session.findMany({
        where: { id: { in: ids.map(({ id }) => id) } },
        orderBy: { id: 'desc' },
      });
      return rows.map(fromRow);
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

    async nextRange(after, rows, userId) {
      const inAll = inRange({ after, last: undefined });
      const from = userId === undefined ? inAll : Prisma.sql`${inAll} AND s.user_id = ${userId}::uuid`;
      const [found] = await prisma.$queryRaw<{ id: string }[]>`
        SELECT s.id FROM sessions AS s WHERE ${from} ORDER BY s.id OFFSET ${rows - 1} LIMIT 1`;
      return { after, last: found?.id as SessionId | undefined };
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
}

/** Prisma's names, listed one by one: a column that a newer node adds must not change a prepared statement's result. */
const columns = Prisma.raw(
  Object.keys(Prisma.SessionScalarFieldEnum)
    .map((name) => `s.${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)} AS "${name}"`)
    .join(', '),
);

function toRow(session: NewSession): Prisma.SessionUncheckedCreateInput {
  return {
    id: session.id,
    userId: session.userId,
    sealedSecret: new Uint8Array(session.sealedSecret),
    tokenVersion: session.tokenVersion,
    clientId: session.clientId,
    scope: session.scope,
    amr: [...session.amr],
    acr: session.acr,
    openedBy: [...session.openedBy],
    authTime: new Date(session.authTime),
    deviceName: session.deviceName ?? null,
    userAgent: session.userAgent ?? null,
    ip: session.ip ?? null,
    deviceId: session.deviceId ?? null,
    createdAt: new Date(session.createdAt),
    lastUsedAt: new Date(session.lastUsedAt),
    idleExpiresAt: new Date(session.idleExpiresAt),
    expiresAt: new Date(session.expiresAt),
    accessExpiresAt: new Date(session.accessExpiresAt),
  };
}

function fromRow(row: SessionRow): Session {
  return {
    id: row.id as SessionId,
    userId: row.userId as UserId,
    sealedSecret: row.sealedSecret,
    generation: Number(row.generation),
    rotatedAt: row.rotatedAt?.getTime(),
    graceRepeats: row.graceRepeats,
    tokenVersion: row.tokenVersion,
    clientId: row.clientId,
    scope: row.scope,
    amr: row.amr,
    acr: row.acr as Acr,
    openedBy: row.openedBy as FactorId[],
    authTime: row.authTime.getTime(),
    deviceName: row.deviceName ?? undefined,
    userAgent: row.userAgent ?? undefined,
    ip: row.ip ?? undefined,
    createdAt: row.createdAt.getTime(),
    lastUsedAt: row.lastUsedAt.getTime(),
    idleExpiresAt: row.idleExpiresAt.getTime(),
    expiresAt: row.expiresAt.getTime(),
    accessExpiresAt: row.accessExpiresAt.getTime(),
    endedAt: row.endedAt?.getTime(),
    deviceId: row.deviceId ?? undefined,
    otherIp: row.otherIp ?? undefined,
    otherIpAt: row.otherIpAt?.getTime(),
    quickRefreshes: row.quickRefreshes,
    contextSignals: row.contextSignals,
    contextScore: row.contextScore,
    contextChangedAt: row.contextChangedAt?.getTime(),
  };
}
