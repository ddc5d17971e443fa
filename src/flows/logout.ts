/** Logout: ends the session that a token belongs to, with effect. Doing it again is a success again. */
import type { Origin } from '../audit/auditEvent.ts';
import { AuthorityError } from '../core/errors.ts';
import type { SessionId } from '../core/ids.ts';
import { limits } from '../core/limits.ts';
import { together } from '../core/together.ts';
import type { RefreshTokens } from '../sessions/refreshToken.ts';
import { sessionEnded } from './endSessions.ts';
import { readRefreshToken } from './genuineRefreshToken.ts';
import { type ReadingParts, readGenuineToken } from './readToken.ts';
import { type EffectParts, type EndingStores, inEffectInTime, withEffect } from './withEffect.ts';

export interface LogoutParts extends EffectParts, ReadingParts {
  readonly refreshTokens: RefreshTokens;
}

/** Either token of the session; any generation of the refresh token, since a client may have lost the latest. */
export type LogoutCredential = { readonly refreshToken: string } | { readonly accessToken: string };

export type Logout = (credential: LogoutCredential, origin: Origin) => Promise<void>;

export function createLogout(parts: LogoutParts): Logout {
  const end = together<Ending>(limits.logouts, (endings, next) => endAll(parts, endings, next));
  return async (credential, origin) => {
    const sessionId =
      'refreshToken' in credential
        ? await sessionOfRefreshToken(parts, credential.refreshToken)
        : await sessionOfAccessToken(parts, credential.accessToken);
    await inEffectInTime(parts, end({ sessionId, origin }));
  };
}

interface Ending {
  readonly sessionId: SessionId;
  readonly origin: Origin;
}

/** In one transaction, and with one announcement of its effect. */
async function endAll(parts: LogoutParts, endings: readonly Ending[], next: () => void): Promise<void> {
  const now = parts.clock.now();
  const origins = new Map(endings.map(({ sessionId, origin }) => [sessionId, origin]));
  const endThem = async (stores: EndingStores) => {
    const ended = await stores.endSessions({ sessionIds: [...origins.keys()] }, 'logout');
    const events = ended.map((session) => sessionEnded(session, 'logout', origins.get(session.id) as Origin));
    await stores.audit.recordAll(events, now);
  };
  // Whoever waits begins while this is brought into effect.
  await withEffect(parts, now, endThem, { committed: next });
}

async function sessionOfRefreshToken(parts: LogoutParts, refreshToken: string): Promise<SessionId> {
  const read = await readRefreshToken(parts, refreshToken);
  if (!read.genuine) throw new AuthorityError('invalid_grant', { reason: read.fault });
  return read.session.id;
}

/** Whether the session has ended is not asked: logging it out again is a success. */
async function sessionOfAccessToken(parts: LogoutParts, accessToken: string): Promise<SessionId> {
  const read = await readGenuineToken(parts, accessToken);
  if (!read.valid) throw new AuthorityError('invalid_token', { reason: read.fault });
  return read.jti.sessionId;
}
