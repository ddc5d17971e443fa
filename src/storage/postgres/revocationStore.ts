import { answerMark, marksRange, timeOfMark } from '@countersign/verifier/revocation/issuedBefore';
import type { CommitMark } from '@countersign/verifier/revocation/position';
import type { Revocation, RevocationStore } from '@countersign/verifier/revocation/revocation';
import { type CountRow, countLiveSql, fromCountRow, noCanarySql } from './countLive.ts';
import { beforeEither } from './earlierClock.ts';
import { Prisma } from './generated/client.ts';
import { historySql } from './history.ts';
import type { PrismaConnection } from './transactions.ts';

export function createRevocationStore(prisma: PrismaConnection): RevocationStore {
  return {
    async record(revocations, now) {
      if (revocations.length === 0) return undefined;
      const subjects = revocations.map(({ subject }) => hex(subject));
      const reasons = revocations.map(({ reason }) => reason);
      const expiries = revocations.map(({ expiresAt }) => new Date(expiresAt).toISOString());
      const rows = Prisma.sql`
        SELECT decode(t.subject, 'hex'), t.reason, t.expires_at::timestamptz
          FROM unnest(${subjects}::text[], ${reasons}::text[], ${expiries}::text[]) AS t (subject, reason, expires_at)`;
      const [mark] = await prisma.$queryRaw<CommitMark[]>`
        WITH recorded AS (${revoking(rows, now)}) SELECT ${commitMark} FROM recorded LIMIT 1`;
      return mark;
    },

    async find(subjects) {
      const marks = subjects.filter((subject) => timeOfMark(subject) !== undefined);
      const others = subjects.filter((subject) => timeOfMark(subject) === undefined);
      const lastMark = marks.length === 0 ? Prisma.empty : Prisma.sql`UNION ALL (${lastMarkSql})`;
      const rows = await prisma.$queryRaw<RevocationRow[]>`
        SELECT subject, reason, expires_at AS "expiresAt" FROM revocations
         WHERE subject = ANY (ARRAY(SELECT decode(t, 'hex') FROM unnest(${others.map(hex)}::text[]) AS t)) ${lastMark}`;
      const found = rows.map(fromRow);
      const named = found.filter(({ subject }) => timeOfMark(subject) === undefined);
      return [...named, ...marks.flatMap((asked) => answerMark(asked, found) ?? [])];
    },

    async listLive(now, limit, after) {
      const start = hex(after ?? new Uint8Array());
      const rows = await prisma.$queryRaw<RevocationRow[]>`
        SELECT subject, reason, expires_at AS "expiresAt" FROM revocations
         WHERE subject > decode(${start}, 'hex') AND expires_at > ${new Date(now)} AND ${Prisma.raw(noCanarySql)}
         ORDER BY subject LIMIT ${limit}`;
      return rows.map(fromRow);
    },

    async findLiveCanary(subject, now) {
      const [row] = await prisma.$queryRaw<RevocationRow[]>`
        SELECT subject, reason, expires_at AS "expiresAt" FROM revocations
         WHERE subject = decode(${hex(subject)}, 'hex') AND expires_at > ${new Date(now)}`;
      return row && fromRow(row);
    },

    async countLive(now, sliceMs) {
      const after = `to_timestamp(${now / 1000})`;
      const rows = await prisma.$queryRawUnsafe<CountRow[]>(countLiveSql(after, sliceMs));
      return rows.map((row) => fromCountRow(row, sliceMs));
    },

    async clock() {
      const [row] = await prisma.$queryRaw<{ now: Date }[]>`SELECT clock_timestamp() AS now`;
      if (row === undefined) throw new Error('the database has no clock');
      return row.now.getTime();
    },

    prune(now, limit) {
      // Checked again once the row is locked: it may have been extended meanwhile.
      return prisma.$executeRaw`
        DELETE FROM revocations
         WHERE expires_at < ${beforeEither(now)} AND subject = ANY (ARRAY(
          SELECT subject FROM revocations
           WHERE expires_at < ${beforeEither(now)} ORDER BY expires_at LIMIT ${limit}))`;
    },
  };
}

/** The current transaction's identity after its commit. */
export const commitMark = Prisma.raw(`${historySql} AS history, pg_current_xact_id()::text AS transaction`);

/** Records the subject, reason and expiry that `rows` selects. */
export function revoking(rows: Prisma.Sql, now: number): Prisma.Sql {
  // An extended row gets the new transaction's xid, so that readers see it again. One lock order, so that two revocations of the
  // same rows cannot deadlock.
  return Prisma.sql`
        INSERT INTO revocations (subject, reason, created_at, expires_at)
        SELECT r.subject, r.reason, ${new Date(now)}, r.expires_at
          FROM (${rows}) AS r (subject, reason, expires_at) ORDER BY r.subject
            ON CONFLICT (subject) DO UPDATE
           SET expires_at = GREATEST(revocations.expires_at, EXCLUDED.expires_at), xid = pg_current_xact_id()
        RETURNING 1`;
}

const lastMarkSql = Prisma.sql`
        SELECT subject, reason, expires_at AS "expiresAt" FROM revocations
         WHERE subject > decode(${hex(marksRange.from)}, 'hex') AND subject < decode(${hex(marksRange.to)}, 'hex')
         ORDER BY subject DESC LIMIT 1`;

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

interface RevocationRow {
  readonly subject: Uint8Array;
  readonly reason: string;
  readonly expiresAt: Date;
}

function fromRow(row: RevocationRow): Revocation {
  return { subject: row.subject, reason: row.reason, expiresAt: row.expiresAt.getTime() };
}
