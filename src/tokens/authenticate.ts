import { AuthorityError } from '@countersign/verifier/errors';
import { accountScope } from '../rights/rights.ts';
import { type Authenticate, bearerToken } from '../transport/http/caller.ts';
import type { Introspect } from './introspect.ts';

/** For account routes: `introspect` accepts only tokens with this audience. */
export function createAuthenticate(introspect: Introspect, audience: string): Authenticate {
  return async (request) => {
    const token = bearerToken(request);
    if (token === undefined) throw new AuthorityError('token_required');
    const result = await introspect(token);
    if (result.active) {
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
