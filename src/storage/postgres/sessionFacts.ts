/** A session with what is known of its user, client and roles, in one statement: a look-up that has no entry. */
import type { SessionFacts } from '../../sessions/lookUp/facts.ts';
import type { SessionStore } from '../../sessions/store.ts';
import type { Prisma, Session as SessionRow } from './generated/client.ts';
import { prepared } from './prepared.ts';
import { fromRow } from './sessionRow.ts';
import { noCanary } from './sessionSelection.ts';
import type { PrismaConnection } from './transactions.ts';

export function createSessionFacts(
  prisma: PrismaConnection,
  columns: Prisma.Sql,
): Pick<SessionStore, 'lookUp'> {
  return {
    async lookUp(id) {
      const [row] = await prisma.$queryRaw<FactsRow[]>`${prepared('look_up_session')}
        SELECT ${columns}, u.email, u.email_verified_at IS NOT NULL AS "emailVerified", u.phone,
               c.id IS NOT NULL AS "hasClient", encode(c.subject_salt, 'base64') AS "subjectSalt",
               COALESCE((SELECT json_agg(json_build_object('role', g.role,
                                  'secondFactor', EXISTS (SELECT 1 FROM role_scopes AS rs WHERE rs.role = g.role AND rs.second_factor),
                                  'expiresAt', floor(extract(epoch FROM g.expires_at) * 1000)) ORDER BY g.role)
                           FROM role_grants AS g WHERE g.subject = COALESCE(s.user_id::text, s.client_id)
                            AND EXISTS (SELECT 1 FROM role_scopes AS rs WHERE rs.role = g.role)), '[]') AS roles
          FROM sessions AS s
          LEFT JOIN users AS u ON u.id = s.user_id
          LEFT JOIN services AS c ON c.id = CASE WHEN s.client_id ~ '^[0-9a-f-]{36}$' THEN s.client_id::uuid END
         WHERE s.id = ${id}::uuid AND s.ended_at IS NULL AND ${noCanary}
           AND NOT EXISTS (SELECT 1 FROM sessions AS p WHERE p.id = s.started_from AND p.ended_at IS NOT NULL)
           AND c.disabled_at IS NULL AND c.revoked_at IS NULL
           AND (s.user_id IS NULL OR (u.token_version = s.token_version AND u.disabled_at IS NULL))`;
      return row && toFacts(row);
    },
  };
}

interface FactsRow extends SessionRow {
  /** Null for a client's own session. */
  readonly email: string | null;
  readonly emailVerified: boolean;
  readonly phone: string | null;
  readonly hasClient: boolean;
  readonly subjectSalt: string | null;
  readonly roles: readonly {
    readonly role: string;
    readonly secondFactor: boolean;
    readonly expiresAt: number | null;
  }[];
}

function toFacts(row: FactsRow): SessionFacts {
  const { id, userAgent, ip, tokenVersion, rightsEpoch, clientId, scope, amr, acr, authTime, ...session } =
    fromRow(row);
  const { deviceName, createdAt, lastUsedAt, idleExpiresAt, expiresAt, accessExpiresAt } = session;
  const { contextSignals, contextScore, contextChangedAt } = session;
  const { email, emailVerified, phone, hasClient, subjectSalt } = row;
  return {
    ...{ id, userAgent, ip, tokenVersion, rightsEpoch, clientId, scope, amr, acr, authTime },
    ...{ deviceName, createdAt, lastUsedAt, idleExpiresAt, expiresAt, accessExpiresAt },
    ...{ contextSignals, contextScore, contextChangedAt },
    userId: row.userId === null ? undefined : session.userId,
    roles: row.roles.map((each) => ({ ...each, expiresAt: each.expiresAt ?? undefined })),
    user: email === null ? undefined : { email, emailVerified, phone: phone ?? undefined },
    client: hasClient ? { subjectSalt: subjectSalt ?? undefined } : undefined,
  };
}
