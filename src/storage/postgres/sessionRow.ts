/** A session as a row, and back. */
import type { FactorId, SessionId, UserId } from '@countersign/verifier/ids';
import type { Acr, Session } from '../../sessions/session.ts';
import type { NewSession } from '../../sessions/store.ts';
import type { Prisma, Session as SessionRow } from './generated/client.ts';

export function toRow(session: NewSession): Prisma.SessionUncheckedCreateInput {
  return {
    id: session.id,
    userId: session.userId,
    ...{ startedFrom: session.startedFrom ?? null, hasStarted: session.hasStarted ?? false },
    sealedSecret: new Uint8Array(session.sealedSecret),
    jkt: session.boundKey?.jkt ?? null,
    jktSince: session.boundKey?.since ?? null,
    tokenVersion: session.tokenVersion,
    rightsEpoch: session.rightsEpoch,
    clientId: session.clientId,
    scope: session.scope,
    audience: session.audience ?? null,
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
    contextSignals: [...(session.contextSignals ?? [])],
    contextScore: session.contextScore ?? 0,
    contextChangedAt: session.contextChangedAt === undefined ? null : new Date(session.contextChangedAt),
  };
}

export function fromRow(row: SessionRow): Session {
  return {
    id: row.id as SessionId,
    // Sessions without a user are read by tokenSessionStore.ts.
    userId: row.userId as UserId,
    ...{ startedFrom: (row.startedFrom ?? undefined) as SessionId | undefined, hasStarted: row.hasStarted },
    sealedSecret: row.sealedSecret,
    generation: Number(row.generation),
    rotatedAt: row.rotatedAt?.getTime(),
    graceRepeats: row.graceRepeats,
    boundKey: row.jkt === null ? undefined : { jkt: row.jkt, since: Number(row.jktSince) },
    tokenVersion: row.tokenVersion,
    rightsEpoch: row.rightsEpoch,
    clientId: row.clientId,
    scope: row.scope,
    audience: row.audience ?? undefined,
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
