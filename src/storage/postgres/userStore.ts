import type { FactorId, UserId } from '@countersign/verifier/ids';
import type { Email } from '../../accounts/email.ts';
import type { Phone } from '../../accounts/phone/phoneNumber.ts';
import type { User, UserPhone, UserStore } from '../../accounts/user.ts';
import { canaryUserId } from '../../truth/canary.ts';
import { sqlStateOf } from './faults.ts';
import { Prisma, type User as UserRow } from './generated/client.ts';
import type { PrismaConnection } from './transactions.ts';
import { createUserImports } from './userImports.ts';
import { createUserLists } from './userLists.ts';

export function createUserStore(prisma: PrismaConnection): UserStore {
  return {
    ...createEmailStore(prisma),
    ...createPhoneStore(prisma),
    ...createFactorsResets(prisma),
    ...createPasswordStore(prisma),
    ...createUserLists(prisma),
    ...createUserImports(prisma),

    async create({ id, email, passwordHash, emailVerifiedAt, locale }, now) {
      const at = new Date(now);
      const verified = emailVerifiedAt === undefined ? null : new Date(emailVerifiedAt);
      const row = { id, email, passwordHash, emailVerifiedAt: verified, locale: locale ?? null };
      const { count } = await prisma.user.createMany({
        data: [{ ...row, createdAt: at, passwordChangedAt: at }],
        skipDuplicates: true,
      });
      return count === 1 ? 'created' : 'email_taken';
    },

    async find(id) {
      if (id === canaryUserId) return undefined;
      return fromRow(await prisma.user.findUnique({ where: { id, deletedAt: null } }));
    },

    async any() {
      const where = { id: { not: canaryUserId }, deletedAt: null };
      return (await prisma.user.findFirst({ where, select: { id: true } })) !== null;
    },

    async findByEmail(email) {
      return fromRow(await prisma.user.findUnique({ where: { email } }));
    },

    async lock(id) {
      await prisma.$queryRaw`SELECT 1 FROM users WHERE id = ${id}::uuid FOR UPDATE`;
      return fromRow(await prisma.user.findUnique({ where: { id } }));
    },

    async bumpTokenVersion(id) {
      const row = await prisma.user.update({ where: { id }, data: { tokenVersion: { increment: 1 } } });
      return row.tokenVersion;
    },

    async bumpTokenVersions(begunBefore, after, rows) {
      const start = after === undefined ? Prisma.sql`true` : Prisma.sql`id > ${after}::uuid`;
      const [page] = await prisma.$queryRaw<{ last: string | null; users: number }[]>`
        WITH page AS MATERIALIZED (SELECT id FROM users WHERE ${start} ORDER BY id LIMIT ${rows}),
        due AS (
          SELECT u.id FROM users AS u
           WHERE u.id IN (SELECT id FROM page) AND u.id <> ${canaryUserId}::uuid AND EXISTS (
             SELECT 1 FROM sessions AS s
              WHERE s.user_id = u.id AND s.ended_at IS NULL AND s.created_at < ${new Date(begunBefore)})
           ORDER BY u.id FOR UPDATE),
        bumped AS (UPDATE users SET token_version = token_version + 1 WHERE id IN (SELECT id FROM due))
        SELECT (SELECT id FROM page ORDER BY id DESC LIMIT 1) AS last, (SELECT count(*)::int FROM page) AS users`;
      return page?.users === rows ? (page.last as UserId) : undefined;
    },

    async disable(id, now) {
      await prisma.user.update({ where: { id }, data: { disabledAt: new Date(now) } });
    },

    async enable(id) {
      await prisma.user.updateMany({ where: { id, deletedAt: null }, data: { disabledAt: null } });
    },

    async wasDeleted(id) {
      return (await prisma.user.count({ where: { id, deletedAt: { not: null } } })) === 1;
    },

    async delete(id, now) {
      const at = new Date(now);
      // No real e-mail or hash looks like these.
      const { count } = await prisma.user.updateMany({
        where: { id, deletedAt: null },
        data: { email: `deleted:${id}`, passwordHash: '', disabledAt: at, deletedAt: at, ...nothingPersonal },
      });
      return count === 1;
    },
  };
}

/** The e-mail of a user that exists. */
function createEmailStore(prisma: PrismaConnection): Pick<UserStore, 'verifyEmail' | 'replaceEmail'> {
  return {
    async verifyEmail(id, now) {
      await prisma.user.updateMany({
        where: { id, emailVerifiedAt: null },
        data: { emailVerifiedAt: new Date(now) },
      });
    },

    async replaceEmail(id, email, now) {
      const count = await unlessTaken(
        prisma,
        () => prisma.$executeRaw`
          UPDATE users SET email = ${email}, email_verified_at = ${new Date(now)}
           WHERE id = ${id}::uuid AND NOT EXISTS (SELECT 1 FROM users WHERE email = ${email} AND id <> ${id}::uuid)`,
      );
      return count === 1 ? 'replaced' : 'email_taken';
    },
  };
}

/** Undefined when another user has it. The transaction goes on, also when another one takes it in the same moment. */
async function unlessTaken<T>(prisma: PrismaConnection, write: () => Promise<T>): Promise<T | undefined> {
  await prisma.$executeRaw`SAVEPOINT unless_taken`;
  try {
    const written = await write();
    await prisma.$executeRaw`RELEASE SAVEPOINT unless_taken`;
    return written;
  } catch (error) {
    if (sqlStateOf(error) !== uniqueViolation) throw error;
    await prisma.$executeRaw`ROLLBACK TO SAVEPOINT unless_taken`;
    return undefined;
  }
}

type PhoneStore = Pick<UserStore, 'findByPhone' | 'setPhone' | 'removePhone' | 'lastPhoneId'>;

function createPhoneStore(prisma: PrismaConnection): PhoneStore {
  return {
    async findByPhone(phone) {
      return fromRow(await prisma.user.findUnique({ where: { phone, deletedAt: null } }));
    },

    async setPhone(id, { number, id: phoneId, verifiedAt }) {
      const data = { phone: number, phoneId, phoneVerifiedAt: new Date(verifiedAt) };
      const set = () => prisma.user.updateMany({ where: { id, deletedAt: null }, data });
      return (await unlessTaken(prisma, set)) === undefined ? 'taken' : 'set';
    },

    async removePhone(id, phoneId) {
      const { count } = await prisma.user.updateMany({
        where: { id, phoneId, phone: { not: null } },
        data: { phone: null, phoneVerifiedAt: null },
      });
      return count === 1;
    },

    async lastPhoneId(id) {
      const row = await prisma.user.findUnique({ where: { id }, select: { phoneId: true } });
      return (row?.phoneId ?? undefined) as FactorId | undefined;
    },
  };
}

function createPasswordStore(
  prisma: PrismaConnection,
): Pick<UserStore, 'setPassword' | 'replaceHash' | 'useOneTimePassword'> {
  return {
    async setPassword(id, passwordHash, now, oneTimeUntil) {
      const oneTimePasswordUntil = dateOf(oneTimeUntil);
      const data = { passwordHash, oneTimePasswordUntil, passwordChangedAt: new Date(now) };
      await prisma.user.update({ where: { id }, data });
    },

    async replaceHash(id, previous, passwordHash) {
      await prisma.user.updateMany({ where: { id, passwordHash: previous }, data: { passwordHash } });
    },

    async useOneTimePassword(id, passwordHash) {
      const { count } = await prisma.user.updateMany({
        where: { id, passwordHash, oneTimePasswordUntil: { not: null } },
        data: { passwordHash: '', oneTimePasswordUntil: null },
      });
      return count === 1;
    },
  };
}

function createFactorsResets(
  prisma: PrismaConnection,
): Pick<UserStore, 'planFactorsReset' | 'dueFactorsResets' | 'stopFactorsResets'> {
  return {
    async planFactorsReset(id, at) {
      await prisma.user.updateMany({ where: { id, deletedAt: null }, data: { factorsResetAt: dateOf(at) } });
    },

    async dueFactorsResets({ since, until }, limit) {
      const due = await prisma.user.findMany({
        where: {
          factorsResetAt: { gte: new Date(since), lte: new Date(until) },
          outbox: { none: { template: 'factors_reset_requested' } },
        },
        select: { id: true },
        ...{ orderBy: { factorsResetAt: 'asc' }, take: limit },
      });
      return due.map(({ id }) => id as UserId);
    },

    async stopFactorsResets() {
      await prisma.user.updateMany({
        where: { factorsResetAt: { not: null } },
        data: { factorsResetAt: null },
      });
    },
  };
}

function dateOf(milliseconds: number | undefined): Date | null {
  return milliseconds === undefined ? null : new Date(milliseconds);
}

/** SQLSTATE. */
const uniqueViolation = '23505';

const noPhone = { phone: null, phoneVerifiedAt: null, phoneId: null };
const noPlans = { factorsResetAt: null, oneTimePasswordUntil: null };
const nothingPersonal = { emailVerifiedAt: null, locale: null, ...noPhone, ...noPlans };

function fromRow(row: UserRow | null): User | undefined {
  if (row === null) return undefined;
  return {
    id: row.id as UserId,
    email: row.email as Email,
    passwordHash: row.passwordHash,
    tokenVersion: row.tokenVersion,
    disabledAt: row.disabledAt?.getTime(),
    createdAt: row.createdAt.getTime(),
    emailVerifiedAt: row.emailVerifiedAt?.getTime(),
    locale: row.locale ?? undefined,
    phone: phoneOf(row),
    factorsResetAt: row.factorsResetAt?.getTime(),
    oneTimePasswordUntil: row.oneTimePasswordUntil?.getTime(),
  };
}

function phoneOf({ phone, phoneId, phoneVerifiedAt }: UserRow): UserPhone | undefined {
  if (phone === null || phoneId === null || phoneVerifiedAt === null) return undefined;
  return { number: phone as Phone, id: phoneId as FactorId, verifiedAt: phoneVerifiedAt.getTime() };
}
