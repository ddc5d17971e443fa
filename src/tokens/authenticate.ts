import { AuthorityError } from '@countersign/verifier/errors';
import type { SentToken } from '@countersign/verifier/tokens/bearerToken';
import { type Confirmation, isHolder } from '@countersign/verifier/tokens/confirmation';
import { isSentAsBound } from '@countersign/verifier/tokens/dpopProof';
import { decodeJwt } from 'jose';
import { accountScope } from '../rights/rights.ts';
import { type Authenticate, type ProvedKey, sentToken } from '../transport/http/caller.ts';
import type { ReadClientCertificate } from '../transport/http/clientCertificate.ts';
import type { Introspect } from './introspect.ts';

export interface AuthenticateParts {
  /** Accepts only tokens with this audience. */
  readonly introspect: Introspect;
  readonly audience: string;
  readonly provedKey: ProvedKey;
  readonly clientCertificate: ReadClientCertificate;
}

/** For account routes. */
export function createAuthenticate({ introspect, audience, ...proving }: AuthenticateParts): Authenticate {
  return async (request) => {
    const sent = sentToken(request);
    if (sent === undefined) throw new AuthorityError('token_required');
    const result = await introspect(sent.token);
    if (result.active) {
      await requireHolder(proving, request, sent, result.claims.cnf);
      // Others have tokens for this audience, too: applications of somebody else, and clients for themselves.
      if (result.claims.scope.split(' ').includes(accountScope)) return result.claims;
      const detail = `This token lacks the scope ${accountScope}.`;
      throw new AuthorityError('permission_denied', { reason: 'scope', detail });
    }
    const { reason } = result;
    // The token is genuine, so its holder may learn why it does not fit.
    const detail = `This token is for services; ask POST /auth/refresh for one with the audience ${JSON.stringify(audience)}.`;
    throw new AuthorityError('invalid_token', reason === 'other_audience' ? { reason, detail } : { reason });
  };
}

/** For the API: `audience` is its own. What the token may do there is decided by the caller. */
export function createAuthenticateApi({ introspect, audience, ...proving }: AuthenticateParts) {
  const claimsOf = async (token: string) => {
    const result = await introspect(token, [audience]);
    if (result.active) return result.claims;
    const { reason } = result;
    const detail = `This token is not for the API; ask POST /auth/refresh for one with the audience ${JSON.stringify(audience)}.`;
    throw new AuthorityError('invalid_token', reason === 'other_audience' ? { reason, detail } : { reason });
  };
  const authenticateUser: Authenticate = async (request) => {
    const sent = sentToken(request);
    if (sent === undefined) throw new AuthorityError('token_required');
    const claims = await claimsOf(sent.token);
    await requireHolder(proving, request, sent, claims.cnf);
    return claims;
  };
  return { authenticateUser, isStillValid: claimsOf };
}

/** For userinfo: whatever resource the token is for. */
export function createAuthenticateAnywhere({
  introspect,
  ...proving
}: Omit<AuthenticateParts, 'audience'>): Authenticate {
  return async (request) => {
    const sent = sentToken(request);
    if (sent === undefined) throw new AuthorityError('token_required');
    const result = await introspect(sent.token, [unverifiedAudience(sent.token)]);
    if (!result.active) throw new AuthorityError('invalid_token', { reason: result.reason });
    await requireHolder(proving, request, sent, result.claims.cnf);
    return result.claims;
  };
}

/** Introspection verifies the token. */
function unverifiedAudience(token: string): string {
  try {
    return String(decodeJwt(token).aud);
  } catch {
    return '';
  }
}

/**
 * RFC 9449 §7.1: a token that is bound to a key comes with a proof of that key, any other without. RFC 8705 §3: one that is bound to a
 * certificate comes over a connection with it.
 */
async function requireHolder(
  { provedKey, clientCertificate }: Pick<AuthenticateParts, 'provedKey' | 'clientCertificate'>,
  request: Parameters<Authenticate>[0],
  { scheme, token }: SentToken,
  cnf: Confirmation | undefined,
): Promise<void> {
  const isBound = cnf?.jkt !== undefined;
  if (!isSentAsBound(isBound, { scheme, hasProof: request.headers['dpop'] !== undefined })) {
    const detail = isBound
      ? 'This token is bound to a key: send it as DPoP, with a proof of the key.'
      : 'This token is not bound to a key: send it as Bearer, without a proof.';
    throw new AuthorityError('invalid_token', {
      ...{ detail, reason: isBound ? 'bound' : 'not_bound' },
      scheme: isBound ? 'DPoP' : 'Bearer',
    });
  }
  if (isBound) {
    if (isHolder(cnf, { jkt: await provedKey(request, token) })) return;
    throw new AuthorityError('invalid_token', { reason: 'other_key', scheme: 'DPoP' });
  }
  if (isHolder(cnf, { certificate: clientCertificate(request)?.thumbprint })) return;
  const detail = 'This token is bound to a certificate: use it over a connection with that certificate.';
  throw new AuthorityError('invalid_token', { reason: 'certificate', detail });
}
