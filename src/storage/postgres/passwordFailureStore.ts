import { loginLimits } from '../../login/limits.ts';
import {
  type Attempt,
  type AttemptSource,
  noFailures,
  type PasswordFailureStore,
} from '../../login/throttling/passwordFailures.ts';
import { beforeEither } from './earlierClock.ts';
import { Prisma } from './generated/client.ts';
import type { PrismaConnection } from './transactions.ts';

const day = 24 * 60 * 60_000;

interface Row {
  readonly atPlace: boolean;
  readonly failures: number;
  readonly retryAt: Date;
}

export function createPasswordFailureStore(prisma: PrismaConnection): PasswordFailureStore {
  return {
    async take(from, now) {
      const at = new Date(now);
      const longest = new Date(now + loginLimits.passwordDelayMilliseconds);
      const [taken] = await prisma.$queryRaw<Row[]>`
        INSERT INTO password_failures AS f (account, source, failures, retry_at, used_at)
        SELECT ${bytes(from.account)}::bytea, ${counted(from, now)}, 1, ${noWait}, ${at}::timestamptz
            ON CONFLICT (account, source) DO UPDATE
           SET failures = f.failures + 1, used_at = ${at}, retry_at = ${retryAfter(at)}
         WHERE f.failures < ${loginLimits.passwordFailuresMaximum}
           AND (f.retry_at <= ${at} OR f.retry_at > ${longest})
        RETURNING f.source = ${bytes(from.place)} AS "atPlace", f.failures, f.retry_at AS "retryAt"`;
      if (taken !== undefined) return { ...fromRow(taken), taken: true };
      const [refused] = await prisma.$queryRaw<Row[]>`
        SELECT f.source = ${bytes(from.place)} AS "atPlace", f.failures, f.retry_at AS "retryAt"
          FROM password_failures AS f
         WHERE f.account = ${bytes(from.account)} AND f.source = ${counted(from, now)}`;
      // Deleted meanwhile: another attempt succeeded.
      const found: Attempt =
        refused === undefined ? { source: 'strangers', failures: noFailures } : fromRow(refused);
      return { ...found, taken: false };
    },

    async giveBack(from, { source, failures }) {
      // If another attempt was counted since, the wait belongs to that one.
      await prisma.$executeRaw`
        UPDATE password_failures AS f
           SET failures = f.failures - 1,
               retry_at = CASE WHEN f.failures = ${failures.count} THEN ${noWait} ELSE f.retry_at END
         WHERE f.account = ${bytes(from.account)} AND f.source = ${bytes(from[source])} AND f.failures > 0`;
    },

    async touch(from, { source }, now) {
      // Takes as long as recording an event (auditTrail.ts), of which writing the row is a third.
      const rows = JSON.stringify([{ used_at: new Date(now) }]);
      await prisma.$executeRaw`
        UPDATE password_failures AS f SET used_at = e.used_at
          FROM json_to_recordset(${rows}::json) AS e (used_at timestamptz)
         WHERE f.account = ${bytes(from.account)} AND f.source = ${bytes(from[source])}
           AND (SELECT audit_origin()) IS NOT NULL`;
    },

    async succeed({ account, place, strangers }, { source }, now) {
      const at = new Date(now);
      const noPlace = Buffer.compare(place, strangers) === 0;
      if (source === 'strangers' || noPlace) {
        await prisma.$executeRaw`
          DELETE FROM password_failures WHERE account = ${bytes(account)} AND source = ${bytes(strangers)}`;
      }
      if (!noPlace) await keepPlace(prisma, { account, place }, at, resetCount);
    },

    async know({ account, place, strangers }, now) {
      const noPlace = Buffer.compare(place, strangers) === 0;
      if (!noPlace) await keepPlace(prisma, { account, place }, new Date(now), Prisma.empty);
    },

    async isKnown({ account, place }, now) {
      const found = await prisma.$queryRaw<unknown[]>`
        SELECT 1 FROM password_failures AS known WHERE ${isKnownPlace({ account, place }, now)}`;
      return found.length > 0;
    },

    async unlock(account) {
      await prisma.$executeRaw`
        WITH strangers AS (
          DELETE FROM password_failures WHERE account = ${bytes(account)} AND known_at IS NULL)
        UPDATE password_failures SET failures = 0, retry_at = ${noWait}
         WHERE account = ${bytes(account)} AND known_at IS NOT NULL`;
    },

    async forget(...accounts) {
      await prisma.$executeRaw`DELETE FROM password_failures WHERE account = ANY (ARRAY(
         SELECT decode(t, 'hex') FROM unnest(${accounts.map((account) => bytes(account).toString('hex'))}::text[]) AS t))`;
    },

    async prune(now, limit) {
      // Literal numbers, as in the matching partial indexes: rows that stay are not scanned.
      const days = Prisma.raw(`${loginLimits.passwordFailuresDays}`);
      const belowMaximum = Prisma.raw(`failures < ${loginLimits.passwordFailuresMaximum}`);
      const forgottenAt = Prisma.sql`(used_at AT TIME ZONE 'UTC') + LEAST(failures, ${days}) * interval '1 day'`;
      const ofStrangers = Prisma.sql`known_at IS NULL AND ${belowMaximum}
        AND ${forgottenAt} < (${beforeEither(now)} AT TIME ZONE 'UTC') ORDER BY ${forgottenAt}`;
      const ofKnown = Prisma.sql`known_at <= ${beforeEither(now, loginLimits.knownNetworkMilliseconds)} AND ${belowMaximum}
        AND used_at < ${beforeEither(now, loginLimits.passwordFailuresDays * day)} ORDER BY known_at`;
      const deleted = await deleteSome(prisma, ofStrangers, limit);
      return deleted + (await deleteSome(prisma, ofKnown, limit - deleted));
    },
  };
}

/** By physical position, because the rows are locked: with a join, a planner may scan the table. */
function deleteSome(prisma: PrismaConnection, which: Prisma.Sql, limit: number): Promise<number> {
  return prisma.$executeRaw`
    DELETE FROM password_failures WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM password_failures WHERE ${which} LIMIT ${limit} FOR UPDATE SKIP LOCKED))`;
}

type AtPlace = Pick<AttemptSource, 'account' | 'place'>;

const resetCount = Prisma.sql`failures = 0, retry_at = EXCLUDED.retry_at,`;

/** Makes the place a known one, and forgets those of the account beyond the limit. `also`: what else changes of an earlier row. */
async function keepPlace(
  prisma: PrismaConnection,
  { account, place }: AtPlace,
  at: Date,
  also: Prisma.Sql,
): Promise<void> {
  // Skips locked rows: their owner is counting or deleting them.
  await prisma.$executeRaw`
    WITH forgotten AS (
      DELETE FROM password_failures WHERE account = ${bytes(account)} AND source IN (
        SELECT source FROM password_failures
         WHERE account = ${bytes(account)} AND source <> ${bytes(place)} AND known_at IS NOT NULL
         ORDER BY known_at DESC OFFSET ${loginLimits.knownNetworks - 1} FOR UPDATE SKIP LOCKED))
    INSERT INTO password_failures (account, source, failures, retry_at, used_at, known_at)
    VALUES (${bytes(account)}, ${bytes(place)}, 0, ${noWait}, ${at}, ${at})
        ON CONFLICT (account, source) DO UPDATE
       SET ${also} used_at = EXCLUDED.used_at, known_at = EXCLUDED.known_at`;
}

function isKnownPlace({ account, place }: AtPlace, now: number): Prisma.Sql {
  return Prisma.sql`known.account = ${bytes(account)} AND known.source = ${bytes(place)} AND known.known_at > ${knownSince(now)}`;
}

/** The count that this attempt belongs to. */
function counted({ account, place, strangers }: AttemptSource, now: number): Prisma.Sql {
  return Prisma.sql`CASE WHEN EXISTS (
      SELECT 1 FROM password_failures AS known WHERE ${isKnownPlace({ account, place }, now)})
    THEN ${bytes(place)}::bytea ELSE ${bytes(strangers)}::bytea END`;
}

/** No wait, by any node's clock. */
const noWait = Prisma.sql`'epoch'::timestamptz`;

/** As `delayAfter` in login/throttling/passwordFailures.ts, for the count with this attempt. The first is always free. */
function retryAfter(at: Date): Prisma.Sql {
  const { passwordFailuresFree: free, passwordDelayFirstMilliseconds: first } = loginLimits;
  return Prisma.sql`CASE WHEN f.failures + 1 < ${free}::int THEN ${noWait} ELSE ${at}::timestamptz + interval '1 millisecond' *
    LEAST(${loginLimits.passwordDelayMilliseconds}::float8, ${first}::float8 * power(2, f.failures + 1 - ${free}::int)) END`;
}

function knownSince(now: number): Date {
  return new Date(now - loginLimits.knownNetworkMilliseconds);
}

function bytes(hash: Uint8Array): Buffer {
  return Buffer.from(hash);
}

function fromRow({ atPlace, failures, retryAt }: Row): Attempt {
  return {
    source: atPlace ? 'place' : 'strangers',
    failures: { count: failures, retryAt: retryAt.getTime() },
  };
}
