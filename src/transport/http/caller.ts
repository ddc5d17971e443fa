/** Who calls: the bearer token of a request (RFC 6750 §2.1, the header only) and where the request came from. */

import { AuthorityError } from '@countersign/verifier/errors';
import type { AccessTokenClaims } from '@countersign/verifier/tokens/accessTokenClaims';
import { readBearerToken } from '@countersign/verifier/tokens/bearerToken';
import type { FastifyRequest } from 'fastify';
import type { Origin } from '../../audit/auditEvent.ts';
import { limits } from '../../platform/limits.ts';
import type { NamedByToken } from '../../sessions/namedByToken.ts';
import type { Introspect } from '../../tokens/introspect.ts';

/** The token of the Authorization header, or `undefined` when there is no such header. Throws `invalid_token` for others. */
export function bearerToken(request: FastifyRequest): string | undefined {
  const bearer = readBearerToken(request.headers.authorization);
  if (bearer === 'malformed') throw new AuthorityError('invalid_token', { reason: 'not_bearer' });
  return bearer === 'missing' ? undefined : bearer.token;
}

/** The same where another token came, too: whatever else the header holds is nobody's concern. */
export function bearerTokenBeside(request: FastifyRequest): string | undefined {
  const bearer = readBearerToken(request.headers.authorization);
  return bearer === 'malformed' || bearer === 'missing' ? undefined : bearer.token;
}

/** The claims of a live access token that may use the account. Throws `token_required`, `invalid_token` or `unavailable`. */
export type Authenticate = (request: FastifyRequest) => Promise<AccessTokenClaims>;

export function createAuthenticate(introspect: Introspect, audience: string): Authenticate {
  return async (request) => {
    const token = bearerToken(request);
    if (token === undefined) throw new AuthorityError('token_required');
    const result = await introspect(token);
    if (result.active) return result.claims;
    const { reason } = result;
    // It is one of ours, so whoever holds it may be told what it lacks.
    const detail = `This token is for services; ask POST /auth/refresh for one with the audience ${JSON.stringify(audience)}.`;
    throw new AuthorityError('invalid_token', reason === 'other_audience' ? { reason, detail } : { reason });
  };
}

/** The session of these claims, whatever the database knows of it. */
export function namedBy({ sub, sid, exp }: AccessTokenClaims): NamedByToken {
  return { userId: sub, sessionId: sid, expiresAt: exp * 1000 };
}

/** `deviceId` as the body named it. */
export function originOf(request: FastifyRequest, deviceId?: string): Origin {
  return {
    actor: 'user',
    requestId: request.id,
    ip: request.clientIp,
    userAgent: request.headers['user-agent']?.slice(0, limits.userAgentCharacters),
    deviceId,
  };
}
