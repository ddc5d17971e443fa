/** The caller of a request: its access token (RFC 6750 §2.1, header only), the key it proves, and its origin. */

import { AuthorityError } from '@countersign/verifier/errors';
import type { AccessTokenClaims } from '@countersign/verifier/tokens/accessTokenClaims';
import { readSentToken, type SentToken } from '@countersign/verifier/tokens/bearerToken';
import type { FastifyRequest } from 'fastify';
import type { Actor } from '../../audit/auditEvent.ts';
import type { HttpApp } from './bareApp.ts';
import { preferredLanguage } from './language.ts';
import { httpLimits } from './limits.ts';

/** The Authorization header's token; `undefined` without the header. Throws `invalid_token` for another scheme. */
export function sentToken({ headers }: FastifyRequest): SentToken | undefined {
  const sent = readSentToken(headers.authorization);
  if (sent === 'malformed') throw new AuthorityError('invalid_token', { reason: 'not_bearer' });
  return sent === 'missing' ? undefined : sent;
}

/** For a request that also has another token: any other Authorization header is ignored. */
export function sentTokenBeside({ headers }: FastifyRequest): SentToken | undefined {
  const sent = readSentToken(headers.authorization);
  return typeof sent === 'object' ? sent : undefined;
}

/** The claims of a live access token for the account. Throws `token_required`, `invalid_token` or `unavailable`. */
export type Authenticate = (request: FastifyRequest) => Promise<AccessTokenClaims>;

/**
 * The thumbprint of the key that the request proves (RFC 9449); undefined without a proof. With a token, the proof must be for it.
 * A proof is good once. Throws `invalid_dpop_proof` and `use_dpop_nonce`.
 */
export type ProvedKey = (request: FastifyRequest, accessToken?: string) => Promise<string | undefined>;

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
