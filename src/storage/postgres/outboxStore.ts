import type { MessageId, UserId } from '@countersign/verifier/ids';
import type { OutboxEntry, OutboxStore, WaitingMessage } from '../../notifications/outbox.ts';
import { type OutboxMessage as OutboxRow, Prisma } from './generated/client.ts';
import type { PrismaConnection } from './transactions.ts';

export function createOutboxStore(prisma: PrismaConnection): OutboxStore {
  return {
    async add({ id, channel, template, userId, sealedMessage, createdAt }) {
      const at = new Date(createdAt);
      const data = { id, channel, template, userId: userId ?? null, createdAt: at, dueAt: at };
      await prisma.outboxMessage.create({ data: { ...data, sealedMessage: new Uint8Array(sealedMessage) } });
    },

    async claim(now, claimMs, limit, channel) {
      const rows = await prisma.$queryRaw<OutboxRow[]>`
        UPDATE outbox AS o SET due_at = ${new Date(now + claimMs)}, claimed_until = ${new Date(now + claimMs)}, attempts = o.attempts + 1
         WHERE o.id = ANY (ARRAY(
           SELECT id FROM outbox WHERE due_at <= ${new Date(now)} AND channel = ${channel} AND given_up_at IS NULL
            ORDER BY due_at LIMIT ${limit} FOR UPDATE SKIP LOCKED))
        RETURNING o.id, o.channel, o.template, o.user_id AS "userId", o.sealed_message AS "sealedMessage",
                  o.created_at AS "createdAt", o.attempts`;
      return rows.map(fromRow);
    },

    async remove(id) {
      await prisma.outboxMessage.deleteMany({ where: { id } });
    },

    async retry(id, dueAt, fault) {
      await prisma.outboxMessage.updateMany({
        where: { id },
        data: { dueAt: new Date(dueAt), lastFault: fault, claimedUntil: null },
      });
    },

    async giveUp(id, { now, keptMs, fault }) {
      const kept = { givenUpAt: new Date(now), dueAt: new Date(now + keptMs), lastFault: fault };
      await prisma.outboxMessage.updateMany({
        where: { id },
        data: { ...kept, sealedMessage: new Uint8Array(), claimedUntil: null },
      });
    },

    async forgetGivenUp(now) {
      await prisma.outboxMessage.deleteMany({
        where: { dueAt: { lte: new Date(now) }, givenUpAt: { not: null } },
      });
    },

    async forget(userId, template) {
      const ofTemplate = template === undefined ? {} : { template };
      await prisma.outboxMessage.deleteMany({ where: { userId, ...ofTemplate } });
    },

    async clear() {
      await prisma.outboxMessage.deleteMany();
    },

    async listSealedOtherwise(header, after, limit) {
      const start = after === undefined ? Prisma.sql`true` : Prisma.sql`id > ${after}::uuid`;
      const rows = await prisma.$queryRaw<{ id: string; sealedMessage: Uint8Array }[]>`
        SELECT id, sealed_message AS "sealedMessage" FROM outbox
         WHERE ${start} AND channel NOT IN ('none', 'client') AND given_up_at IS NULL
           AND substring(sealed_message FROM 1 FOR ${header.length}::int) <> ${Buffer.from(header)}
         ORDER BY id LIMIT ${limit}`;
      return rows.map(({ id, sealedMessage }) => ({ id: id as MessageId, sealedMessage }));
    },

    async reseal({ id, sealedMessage }) {
      await prisma.outboxMessage.updateMany({
        where: { id },
        data: { sealedMessage: new Uint8Array(sealedMessage) },
      });
    },

    async list({ after, limit, givenUp }) {
      const givenUpAt = givenUp ? { not: null } : null;
      const rows = await prisma.outboxMessage.findMany({
        where: { channel: { not: 'none' }, givenUpAt, ...(after === undefined ? {} : { id: { gt: after } }) },
        orderBy: { id: 'asc' },
        take: limit,
      });
      return rows.map(withoutContent);
    },

    async sendNow(id, now) {
      const at = new Date(now);
      const where = { id, channel: { not: 'none' }, givenUpAt: null };
      const free = { OR: [{ claimedUntil: null }, { claimedUntil: { lte: at } }] };
      const { count } = await prisma.outboxMessage.updateMany({
        where: { ...where, ...free },
        data: { dueAt: at },
      });
      if (count > 0) return 'due';
      return (await prisma.outboxMessage.count({ where })) > 0 ? 'being_sent' : 'gone';
    },

    async waiting() {
      const { _count, _min } = await prisma.outboxMessage.aggregate({
        where: { givenUpAt: null },
        _count: true,
        _min: { createdAt: true },
      });
      return { entries: _count, oldest: _min.createdAt?.getTime() };
    },
  };
}

function fromRow(row: OutboxRow): OutboxEntry {
  return {
    id: row.id as MessageId,
    channel: row.channel as OutboxEntry['channel'],
    template: row.template,
    userId: (row.userId ?? undefined) as UserId | undefined,
    sealedMessage: row.sealedMessage,
    createdAt: row.createdAt.getTime(),
    attempts: row.attempts,
  };
}

function withoutContent(row: OutboxRow): WaitingMessage {
  const { sealedMessage: _, ...message } = fromRow(row);
  return {
    ...{ ...message, dueAt: row.dueAt.getTime(), lastFault: row.lastFault ?? undefined },
    ...{ claimedUntil: row.claimedUntil?.getTime(), givenUpAt: row.givenUpAt?.getTime() },
  };
}
