/** Reads, seals and deletes audit events. docs/audit.md defines ranges and why they are complete. */

import type { AuditEventId } from '@countersign/verifier/ids';
import type { RecordedEvent } from '../../audit/auditEvent.ts';
import type { AuditFilter, AuditLog, UnsealedRange } from '../../audit/auditLog.ts';
import {
  beginning,
  type ChainedEvent,
  type Position,
  type Seal,
  type SealedRange,
} from '../../audit/chain.ts';
import { idBefore } from '../../platform/newId.ts';
import { type AuditEvent as AuditRow, Prisma } from './generated/client.ts';
import type { PrismaConnection } from './transactions.ts';

export function createAuditLog(prisma: PrismaConnection): AuditLog {
  // Orders by the columns: a bare name would mean the selected text of the same name.
  const seals = async (which: Prisma.Sql): Promise<Seal[]> => {
    const rows = await prisma.$queryRaw<SealRow[]>`
      SELECT number::text, origin::text, from_xid::text, from_id::text, to_xid::text, to_id::text, events,
             events_hash, previous_hash, hash, ${milliseconds('sealed_at')} AS sealed_at
        FROM audit_seals AS s ${which}`;
    return rows.map(toSeal);
  };
  const events = (where: Prisma.Sql, limit: number) => prisma.$queryRaw<ChainedEvent[]>`
    SELECT id::text, origin::text, xid::text, ${milliseconds('occurred_at')} AS "occurredAt", type, actor,
           user_id::text AS "userId", session_id::text AS "sessionId", reason, request_id AS "requestId", ip,
           detail::text AS detail
      FROM audit_events AS e WHERE ${where} ORDER BY e.xid, e.id LIMIT ${limit}`;

  return {
    async list(filter, after, limit, way = 'desc') {
      const rows = await prisma.auditEvent.findMany({
        where: listed(filter, after, way),
        orderBy: { id: way },
        take: limit,
      });
      return rows.map(toEvent);
    },

    async chainEnd() {
      const [head] = await seals(Prisma.sql`ORDER BY s.number DESC LIMIT 1`);
      // A separate statement after reading the head: it can only find more settled.
      const rows = await prisma.$queryRaw<EndRow[]>`
        WITH RECURSIVE ${origins}
        SELECT ${milliseconds('here.now')} AS now, o.origin::text, s.xid::text, s.id::text,
               CASE WHEN o.origin = here.origin THEN pg_snapshot_xmin(pg_current_snapshot())::text END AS settled
          FROM (SELECT clock_timestamp() AS now, audit_origin() AS origin) AS here
          LEFT JOIN origins AS o ON o.origin IS NOT NULL
          LEFT JOIN LATERAL (SELECT to_xid AS xid, to_id AS id FROM audit_seals WHERE origin = o.origin
                              ORDER BY number DESC LIMIT 1) AS s ON true
         ORDER BY o.origin = here.origin, o.origin`;
      return { head, now: Number(rows[0]?.now), unsealed: rows.flatMap(toUnsealed) };
    },

    readUnsealed: (range, limit) => events(sealable(range), limit),
    readSealed: (range, limit) => events(within(range), limit),

    async addSeal({ number, origin, from, to, events: count, eventsHash, previousHash, hash, sealedAt }) {
      await prisma.$executeRaw`
        INSERT INTO audit_seals (number, origin, from_xid, from_id, to_xid, to_id, events, events_hash, previous_hash,
                                 hash, sealed_at)
        VALUES (${number}, ${origin}::text::bigint, ${from.xid}::text::xid8, ${from.id}::uuid, ${to.xid}::text::xid8,
                ${to.id}::uuid, ${count}, ${Buffer.from(eventsHash)}, ${Buffer.from(previousHash)},
                ${Buffer.from(hash)}, ${new Date(sealedAt)})`;
    },

    seals: (after, limit) => seals(Prisma.sql`WHERE s.number > ${after} ORDER BY s.number LIMIT ${limit}`),

    async countUnsealed(range) {
      const [row] = await prisma.$queryRaw<{ count: string }[]>`
        SELECT count(*)::text AS count FROM audit_events WHERE ${following(range)}`;
      return Number(row?.count ?? 0);
    },

    async firstUnsealed(range) {
      const [first] = await events(following(range), 1);
      return first === undefined ? undefined : Number(first.occurredAt);
    },

    async deletedUpTo() {
      // The greatest number, not the last event's: which event is last depends on clocks. Read as text, because a column can hold
      // JSON no operator can read. More digits may not be a safe integer.
      const [row] = await prisma.$queryRaw<{ number: string | null }[]>`
        SELECT max(substring(detail::text FROM '"last_seal": ?([0-9]{1,15})[,}]')::bigint)::text AS number
          FROM audit_events WHERE type = 'audit_events_deleted'`;
      return Number(row?.number ?? 0);
    },

    async firstLeft(upTo) {
      // Searches seals only when needed: they have no index by position.
      const [row] = await prisma.$queryRaw<{ number: string | null }[]>`
        WITH RECURSIVE ${origins}
        SELECT min(CASE WHEN (last.to_xid, last.to_id) >= (e.xid, e.id) THEN (
                 SELECT min(s.number) FROM audit_seals AS s
                  WHERE s.origin = o.origin AND (s.to_xid, s.to_id) >= (e.xid, e.id)) END)::text AS number
          FROM origins AS o
         CROSS JOIN LATERAL (SELECT xid, id FROM audit_events WHERE origin = o.origin ORDER BY xid, id LIMIT 1) AS e
         CROSS JOIN LATERAL (SELECT to_xid, to_id FROM audit_seals WHERE origin = o.origin AND number <= ${upTo}
                              ORDER BY number DESC LIMIT 1) AS last`;
      const number = row?.number ?? undefined;
      return number === undefined ? undefined : Number(number);
    },

    async deleteSealed(range) {
      await prisma.$executeRaw`SELECT set_config('countersign.audit_retention', 'on', true)`;
      const deleted = await prisma.$executeRaw`DELETE FROM audit_events WHERE ${within(range)}`;
      await prisma.$executeRaw`SELECT set_config('countersign.audit_retention', 'off', true)`;
      return deleted;
    },
  };
}

/** A recursion that ends without a row: finds each origin with events without reading the events. */
const origins = Prisma.sql`origins AS (
  SELECT (SELECT min(origin) FROM audit_events) AS origin
  UNION ALL
  SELECT (SELECT min(e.origin) FROM audit_events AS e WHERE e.origin > o.origin)
    FROM origins AS o WHERE o.origin IS NOT NULL)`;

function listed(
  filter: AuditFilter,
  after: AuditEventId | undefined,
  way: 'asc' | 'desc',
): Prisma.AuditEventWhereInput {
  const { userId, sessionId, type, exceptType, requestId, since, until } = filter;
  return {
    ...(userId === undefined ? {} : { userId }),
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(type === undefined ? {} : { type }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(exceptType === undefined ? {} : { type: { not: exceptType } }),
    // Ids begin with their event's time.
    id: {
      ...(since === undefined ? {} : { gte: idBefore<AuditEventId>(since) }),
      ...(until === undefined ? {} : { lt: idBefore<AuditEventId>(until) }),
    },
    ...(after === undefined ? {} : { AND: { id: way === 'asc' ? { gt: after } : { lt: after } } }),
  };
}

/** Whole milliseconds as text for any value: `infinity` becomes text instead of an error. */
function milliseconds(column: string): Prisma.Sql {
  return Prisma.raw(`trunc(extract(epoch FROM ${column})::numeric * 1000)::text`);
}

function after(origin: string, { xid, id }: Position): Prisma.Sql {
  return Prisma.sql`origin = ${origin}::text::bigint AND (xid, id) > (${xid}::text::xid8, ${id}::uuid)`;
}

function following({ origin, after: position }: UnsealedRange): Prisma.Sql {
  return after(origin, position);
}

function sealable(range: UnsealedRange): Prisma.Sql {
  if (range.settledBefore === undefined) return following(range);
  return Prisma.sql`${following(range)} AND xid < ${range.settledBefore}::text::xid8`;
}

function within({ origin, from, to }: SealedRange): Prisma.Sql {
  return Prisma.sql`${after(origin, from)} AND (xid, id) <= (${to.xid}::text::xid8, ${to.id}::uuid)`;
}

interface SealRow {
  readonly number: string;
  readonly origin: string;
  readonly from_xid: string;
  readonly from_id: string;
  readonly to_xid: string;
  readonly to_id: string;
  readonly events: number;
  readonly events_hash: Uint8Array;
  readonly previous_hash: Uint8Array;
  readonly hash: Uint8Array;
  readonly sealed_at: string;
}

function toSeal(row: SealRow): Seal {
  return {
    number: Number(row.number),
    origin: row.origin,
    from: { xid: row.from_xid, id: row.from_id },
    to: { xid: row.to_xid, id: row.to_id },
    events: row.events,
    eventsHash: row.events_hash,
    previousHash: row.previous_hash,
    hash: row.hash,
    sealedAt: Number(row.sealed_at),
  };
}

interface EndRow {
  readonly now: string;
  /** Null without an event. */
  readonly origin: string | null;
  readonly xid: string | null;
  readonly id: string | null;
  readonly settled: string | null;
}

function toUnsealed({ origin, xid, id, settled }: EndRow): UnsealedRange[] {
  if (origin === null) return [];
  const position = xid === null || id === null ? beginning : { xid, id };
  return [{ origin, after: position, settledBefore: settled ?? undefined }];
}

function toEvent(row: AuditRow): RecordedEvent {
  return {
    id: row.id as AuditEventId,
    occurredAt: row.occurredAt.getTime(),
    type: row.type,
    actor: row.actor,
    userId: row.userId ?? undefined,
    sessionId: row.sessionId ?? undefined,
    reason: row.reason ?? undefined,
    requestId: row.requestId ?? undefined,
    ip: row.ip ?? undefined,
    detail: row.detail ?? undefined,
  };
}
