/** The session of a browser's cookie, for pages of ours. Changes nothing, and leaves judging a stolen token to the refresh. */
import type { Clock } from '@countersign/verifier/clock';
import { doubtfulAcr } from '@countersign/verifier/tokens/bearerToken';
import type { Actor } from '../audit/auditEvent.ts';
import { judgeRefresh, type RefreshVerdict } from './judgeRefresh.ts';
import { type GenuineTokenParts, readRefreshToken } from './readRefreshToken.ts';
import { firstPartyClient } from './session.ts';
import type { SessionWithUser } from './store.ts';

/** Undefined unless it is live, its own, and not in doubt. */
export type FindBrowserSession = (
  refreshToken: string | undefined,
  actor: Actor,
) => Promise<SessionWithUser | undefined>;

const good: ReadonlySet<RefreshVerdict['kind']> = new Set([
  'rotated',
  'repeated_in_grace',
  'repeated_too_often',
]);

/** For a logout: of any genuine cookie, as long as the session has not ended. */
export type FindCookieSession = (refreshToken: string | undefined) => Promise<SessionWithUser | undefined>;

export function createFindCookieSession(parts: GenuineTokenParts): FindCookieSession {
  return async (refreshToken) => {
    const read = refreshToken === undefined ? undefined : await readRefreshToken(parts, refreshToken);
    return read?.genuine && read.session.endedAt === undefined ? read.session : undefined;
  };
}

export function createFindBrowserSession(
  parts: GenuineTokenParts & { readonly clock: Clock; readonly refreshGraceMs: number },
): FindBrowserSession {
  const { clock, refreshGraceMs: graceMs } = parts;
  return async (refreshToken, { userAgent, ip }) => {
    const read = refreshToken === undefined ? undefined : await readRefreshToken(parts, refreshToken);
    if (!read?.genuine) return undefined;
    const { session, presented } = read;
    const now = clock.now();
    const client = { userAgent, ip, deviceId: undefined };
    const { kind } = judgeRefresh(session, presented.generation, { now, arrivedAt: now, client, graceMs });
    return good.has(kind) && session.clientId === firstPartyClient && session.acr !== doubtfulAcr
      ? session
      : undefined;
  };
}
