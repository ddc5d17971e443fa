/** The caller of a request: its bearer token (RFC 6750 §2.1, header only) and its origin. */

import { AuthorityError } from '@countersign/verifier/errors';
import type { AccessTokenClaims } from '@countersign/verifier/tokens/accessTokenClaims';
import { readBearerToken } from '@countersign/verifier/tokens/bearerToken';
import type { FastifyRequest } from 'fastify';
import type { Actor } from '../../audit/auditEvent.ts';
import type { HttpApp } from './bareApp.ts';
import { preferredLanguage } from './language.ts';
import { httpLimits } from './limits.ts';

/** The Authorization header's token; `undefined` without the header. Throws `invalid_token` for another scheme. */
export function bearerToken(request: FastifyRequest): string | undefined {
  const bearer = readBearerToken(request.headers.authorization);
  if (bearer === 'malformed') throw new AuthorityError('invalid_token', { reason: 'not_bearer' });
  return bearer === 'missing' ? undefined : bearer.token;
}

/** For a request that also has another token: any other Authorization header is ignored. */
export function bearerTokenBeside(request: FastifyRequest): string | undefined {
  const bearer = readBearerToken(request.headers.authorization);
  return bearer === 'malformed' || bearer === 'missing' ? undefined : bearer.token;
}

/** The claims of a live access token for the account. Throws `token_required`, `invalid_token` or `unavailable`. */
export type Authenticate = (request: FastifyRequest) => Promise<AccessTokenClaims>;

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks. One object for the whole request: rate limits remember by it what they counted. */
    actor: Actor;
  }
}

/** Called after the address of the client is known. */
export function knowActor(app: HttpApp): void {
  app.decorateRequest('actor');
  app.addHook('onRequest', (request, _reply, done) => {
    request.actor = {
      name: 'user',
      requestId: request.id,
      ip: request.clientIp,
      userAgent: request.headers['user-agent']?.slice(0, httpLimits.userAgentCharacters),
      language: preferredLanguage(request.headers['accept-language']),
    };
    done();
  });
}
