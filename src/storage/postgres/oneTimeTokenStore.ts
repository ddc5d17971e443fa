import type { UserId } from '@countersign/verifier/ids';
import type { OneTimeToken, OneTimeTokenStore } from '../../platform/oneTimeTokens.ts';
import { beforeEither } from './earlierClock.ts';
import { Prisma } from './generated/client.ts';
import type { PrismaConnection } from './transactions.ts';

interface Row {
  readonly tokenHash: Uint8Array;
  readonly purpose: string;
  readonly userId: string | null;
  readonly codeHash: Uint8Array | null;
  readonly tries: number;
  readonly detail: unknown;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

const columns =
  Prisma.raw(`t.token_hash AS "tokenHash", t.purpose, t.user_id AS "userId", t.code_hash AS "codeHash", t.tries,
  t.detail, t.created_at AS "createdAt", t.expires_at AS "expiresAt"`);

export function createOneTimeTokenStore(prisma: PrismaConnection): OneTimeTokenStore {
  return {
    async create({ hash, purpose, userId, codeHash, tries, detail, createdAt, expiresAt }) {
      await prisma.oneTimeToken.create({
        data: {
          tokenHash: new Uint8Array(hash),
          codeHash: codeHash === undefined ? null : new Uint8Array(codeHash),
          ...{ purpose, userId: userId ?? null, tries, detail: detail as Prisma.InputJsonObject },
          ...{ createdAt: new Date(createdAt), expiresAt: new Date(expiresAt) },
        },
      });
    },

    async find(hash, purpose, now) {
      return fromRows(
        await prisma.$queryRaw<Row[]>`
        SELECT ${columns} FROM one_time_tokens AS t WHERE ${valid(hash, purpose, now)}`,
      );
    },

    async findOfUser(userId, purpose, now) {
      return fromRows(
        await prisma.$queryRaw<Row[]>`
        SELECT ${columns} FROM one_time_tokens AS t
         WHERE t.user_id = ${userId}::uuid AND t.purpose = ${purpose} AND t.expires_at > ${new Date(now)}
         ORDER BY t.created_at DESC LIMIT 1`,
      );
    },

    async take(hash, purpose, now) {
      return fromRows(
        await prisma.$queryRaw<Row[]>`
        DELETE FROM one_time_tokens AS t WHERE ${valid(hash, purpose, now)} RETURNING ${columns}`,
      );
    },

    async tryCode(hash, purpose, most, now) {
      return fromRows(
        await prisma.$queryRaw<Row[]>`
        UPDATE one_time_tokens AS t SET tries = t.tries + 1
         WHERE ${valid(hash, purpose, now)} AND t.tries < ${most} RETURNING ${columns}`,
      );
    },

    async replace(hash, { detail, codeHash, expiresAt }, now) {
      const { count } = await prisma.oneTimeToken.updateMany({
        where: { tokenHash: new Uint8Array(hash), expiresAt: { gt: new Date(now) } },
        data: {
          detail: detail as Prisma.InputJsonObject,
          ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt) }),
          ...(codeHash === undefined ? {} : { codeHash: new Uint8Array(codeHash), tries: 0 }),
        },
      });
      return count === 1;
    },

    async countOfTemplate(userId, purpose, template, since) {
      const [row] = await prisma.$queryRaw<{ count: number }[]>`
        SELECT count(*)::int AS count FROM one_time_tokens AS t
         WHERE t.user_id = ${userId}::uuid AND t.purpose = ${purpose} AND t.created_at > ${new Date(since)}
           AND t.detail ->> 'template' = ${template}`;
      return row?.count ?? 0;
    },

    async forgetAddresses(...addresses) {
      await prisma.$executeRaw`
        DELETE FROM one_time_tokens AS t WHERE t.user_id IS NULL
           AND (t.detail ->> 'email' = ANY (${addresses}::text[]) OR t.detail ->> 'address' = ANY (${addresses}::text[]))`;
    },

    async disown(userId, purpose, codeHash) {
      await prisma.oneTimeToken.updateMany({
        where: { userId, purpose },
        data: { userId: null, codeHash: new Uint8Array(codeHash) },
      });
    },

    async forget(userId, purpose) {
      await prisma.oneTimeToken.deleteMany({
        where: { userId, ...(purpose === undefined ? {} : { purpose }) },
      });
    },

    async forgetTakingBack(userId, about, since) {
      await prisma.$executeRaw`
        DELETE FROM one_time_tokens AS t
         WHERE t.user_id = ${userId}::uuid AND t.purpose = 'not_me' AND t.created_at > ${new Date(since)}
           AND t.detail -> 'takes_back' ->> 'about' = ${about}`;
    },

    async clear() {
      await prisma.oneTimeToken.deleteMany();
    },

    prune(now, limit) {
      return prisma.$executeRaw`
        DELETE FROM one_time_tokens WHERE token_hash = ANY (ARRAY(
          SELECT token_hash FROM one_time_tokens WHERE expires_at < ${beforeEither(now, 0)}
           ORDER BY expires_at LIMIT ${limit} FOR UPDATE SKIP LOCKED))`;
    },
  };
}

function valid(hash: Uint8Array, purpose: string, now: number): Prisma.Sql {
  return Prisma.sql`t.token_hash = ${new Uint8Array(hash)}::bytea AND t.purpose = ${purpose} AND t.expires_at > ${new Date(now)}`;
}

function fromRows([row]: readonly Row[]): OneTimeToken | undefined {
  if (row === undefined) return undefined;
  return {
    hash: row.tokenHash,
    purpose: row.purpose,
    userId: (row.userId ?? undefined) as UserId | undefined,
    codeHash: row.codeHash ?? undefined,
    tries: row.tries,
    detail: row.detail as OneTimeToken['detail'],
    createdAt: row.createdAt.getTime(),
    expiresAt: row.expiresAt.getTime(),
  };
}
