import type { SessionId, UserId } from '@countersign/verifier/ids';
import type { TokenSession, TokenSessionStore } from '../../sessions/tokenSession.ts';
import { Prisma } from './generated/client.ts';
import { signingKids } from './refreshStore.ts';
import { fromRightsJson, type RightsJson, rightsJson } from './rightsStore.ts';
import type { PrismaConnection } from './transactions.ts';

export function createTokenSessionStore(prisma: PrismaConnection): TokenSessionStore {
  /** Two statements: what somebody changed while the first one waited for the lock is read by the second. */
  const lock = async (which: Prisma.Sql, audience: string): Promise<TokenSession | undefined> => {
    await prisma.$queryRaw`SELECT 1 FROM sessions AS s WHERE ${which} FOR UPDATE`;
    const rights = rightsJson(
      Prisma.sql`COALESCE(s.user_id::text, s.client_id)`,
      Prisma.sql`s.client_id`,
      Prisma.sql`${audience}`,
    );
    const [row] = await prisma.$queryRaw<Row[]>`
      SELECT s.id, s.user_id AS "userId", s.client_id AS "clientId", s.token_version AS "tokenVersion",
             s.rights_epoch AS "rightsEpoch", ${rights} AS rights
        FROM sessions AS s LEFT JOIN users AS u ON u.id = s.user_id
       WHERE ${which} AND s.ended_at IS NULL
         AND (s.user_id IS NULL OR u.token_version = s.token_version AND u.disabled_at IS NULL)`;
    return row && fromRow(row);
  };

  const open: TokenSessionStore['open'] = async (clientId, made, audience) => {
    const { id, sealedSecret, now } = made;
    const at = new Date(now);
    const times = { authTime: at, createdAt: at, lastUsedAt: at, idleExpiresAt: at, expiresAt: at };
    const row = {
      ...{ ...times, accessExpiresAt: at, id, clientId, sealedSecret: new Uint8Array(sealedSecret) },
      ...{ tokenVersion: 0, scope: '', amr: [] },
    };
    await prisma.session.createMany({ data: [row], skipDuplicates: true });
    const live = Prisma.sql`s.client_id = ${clientId} AND s.user_id IS NULL AND s.ended_at IS NULL`;
    // None: it ended between the statements.
    return (await lock(live, audience)) ?? open(clientId, made, audience);
  };

  return {
    open,
    lock: (id, audience) => lock(Prisma.sql`s.id = ${id}::uuid`, audience),

    async noteExchange(id) {
      await prisma.session.update({ where: { id }, data: { exchanged: true } });
    },

    async wasExchanged(id) {
      const [row] = await prisma.$queryRaw<{ exchanged: boolean }[]>`
        SELECT exchanged FROM sessions WHERE id = ${id}::uuid FOR UPDATE`;
      return row?.exchanged;
    },

    async note(id, token, keptMs) {
      const { now, accessExpiresAt } = token;
      const kept = new Date(now + keptMs);
      await prisma.$executeRaw`
        UPDATE sessions AS s
           SET access_expires_at = GREATEST(access_expires_at, ${new Date(accessExpiresAt)}), signing_kids = ${signingKids(token)},
               idle_expires_at = CASE WHEN user_id IS NULL THEN ${kept} ELSE idle_expires_at END,
               expires_at = CASE WHEN user_id IS NULL THEN ${kept} ELSE expires_at END,
               last_used_at = CASE WHEN user_id IS NULL THEN ${new Date(now)} ELSE last_used_at END
         WHERE s.id = ${id}::uuid`;
    },
  };
}

interface Row extends Omit<TokenSession, 'userId' | 'rights'> {
  readonly userId: string | null;
  readonly rights: RightsJson;
}

function fromRow({ id, userId, rights, ...row }: Row): TokenSession {
  return {
    ...row,
    id: id as SessionId,
    userId: (userId ?? undefined) as UserId | undefined,
    rights: fromRightsJson(rights),
  };
}
