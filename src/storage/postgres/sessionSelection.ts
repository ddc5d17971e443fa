/** SQL conditions that select sessions; the table's alias is `s`. */
import type { FactorId, SessionId } from '@countersign/verifier/ids';
import { verifierLimits } from '@countersign/verifier/limits';
import { idBefore } from '../../platform/newId.ts';
import type { SessionFilter, SessionRange, SessionSelection, Subject } from '../../sessions/store.ts';
import { canaryUserId } from '../../truth/canary.ts';
import { Prisma } from './generated/client.ts';

/** By the clock of any verifier. */
export function expiredAt(now: number): Date {
  return new Date(now - verifierLimits.clockSkewSeconds * 1000);
}

/** Not ended, and one of its tokens may be accepted: an access token, or the refresh token. */
export function live(at: Date): Prisma.Sql {
  return Prisma.sql`(s.ended_at IS NULL
    AND (s.access_expires_at > ${at} OR (s.idle_expires_at > ${at} AND s.expires_at > ${at})))`;
}

/** Only its own node ends a canary. */
export const noCanary = Prisma.sql`s.user_id IS DISTINCT FROM ${canaryUserId}::uuid`;

export function selected(selection: SessionSelection, at: Date): Prisma.Sql {
  const those = withCanaries(selection, at);
  return 'sessionIds' in selection ? those : Prisma.sql`${those} AND ${noCanary}`;
}

function withCanaries(selection: SessionSelection, at: Date): Prisma.Sql {
  const tokensLive = Prisma.sql`s.access_expires_at > ${at}`;
  if ('signedWith' in selection) {
    const { signedWith, range } = selection;
    return Prisma.sql`${inRange(range)} AND ${tokensLive}
      AND (cardinality(s.signing_kids) = 0 OR ${signedWith}::text = ANY (s.signing_kids))`;
  }
  if ('onlyEnded' in selection && selection.onlyEnded)
    return Prisma.sql`${whose(selection)} AND s.ended_at IS NOT NULL AND ${tokensLive}`;
  if ('matching' in selection) {
    const { newBefore } = selection;
    const mayEnd =
      newBefore === undefined
        ? Prisma.sql`true`
        : Prisma.sql`(s.ended_at IS NOT NULL OR s.created_at < ${new Date(newBefore)})`;
    return Prisma.sql`${whose(selection)} AND ${mayEnd} AND (${tokensLive} OR ${live(at)})`;
  }
  if ('allButNewest' in selection) {
    const { userId, allButNewest } = selection;
    const lives = Prisma.sql`s.user_id = ${userId}::uuid AND ${live(at)}`;
    return Prisma.sql`s.id IN (
      SELECT s.id FROM sessions AS s WHERE ${lives} ORDER BY s.id DESC OFFSET ${allButNewest})`;
  }
  if ('subjects' in selection) {
    const { subjects } = selection;
    return Prisma.sql`(s.user_id = ANY (${subjects}::uuid[]) OR s.user_id IS NULL AND s.client_id = ANY (${subjects}::text[]))
      AND (s.ended_at IS NULL OR ${tokensLive})`;
  }
  if ('openedBy' in selection)
    return Prisma.sql`s.user_id = ${selection.userId}::uuid AND ${selection.openedBy}::uuid = ANY (s.opened_by)
      AND (s.ended_at IS NULL OR ${tokensLive})`;
  return Prisma.sql`${whose(selection)} AND (s.ended_at IS NULL OR ${tokensLive})`;
}

/** Selected, and so locked in order, but left unchanged. */
export function notSpared(selection: SessionSelection): Prisma.Sql {
  if (!('except' in selection) || selection.except === undefined) return Prisma.sql`true`;
  return Prisma.sql`s.id <> ${selection.except}::uuid`;
}

export function inRange({ after, last }: SessionRange): Prisma.Sql {
  const start = after === undefined ? Prisma.sql`true` : Prisma.sql`s.id > ${after}::uuid`;
  return last === undefined ? start : Prisma.sql`${start} AND s.id <= ${last}::uuid`;
}

function whose(
  selection: Exclude<
    SessionSelection,
    | { signedWith: string }
    | { allButNewest: number }
    | { openedBy: FactorId }
    | { subjects: readonly Subject[] }
  >,
): Prisma.Sql {
  if ('sessionIds' in selection) return Prisma.sql`s.id = ANY (${selection.sessionIds}::uuid[])`;
  if ('startedFrom' in selection) return Prisma.sql`s.started_from = ANY (${selection.startedFrom}::uuid[])`;
  if ('matching' in selection)
    return Prisma.sql`${inRange(selection.range)} AND ${matching(selection.matching)}`;
  return Prisma.sql`s.user_id = ${selection.userId}::uuid`;
}

export function matching(filter: SessionFilter): Prisma.Sql {
  const { createdBefore, createdFrom, ip } = filter;
  const conditions = [
    createdBefore === undefined ? [] : Prisma.sql`s.created_at < ${new Date(createdBefore)}`,
    createdFrom === undefined ? [] : Prisma.sql`s.created_at >= ${new Date(createdFrom)}`,
    ip === undefined ? [] : Prisma.sql`s.ip = ${ip}`,
  ].flat();
  return Prisma.join([matchingByIndex(filter), ...conditions], ' AND ');
}

/** What an index answers of a filter. Ids begin with the time of creation. */
export function matchingByIndex({ userId, clientId, createdBefore, createdFrom }: SessionFilter): Prisma.Sql {
  const conditions = [
    userId === undefined ? [] : Prisma.sql`s.user_id = ${userId}::uuid`,
    clientId === undefined ? [] : Prisma.sql`s.client_id = ${clientId}`,
    createdBefore === undefined ? [] : Prisma.sql`s.id < ${idBefore<SessionId>(createdBefore)}::uuid`,
    createdFrom === undefined ? [] : Prisma.sql`s.id > ${idBefore<SessionId>(createdFrom)}::uuid`,
  ].flat();
  return Prisma.join([Prisma.sql`true`, ...conditions], ' AND ');
}
