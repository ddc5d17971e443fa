/** The next pair for a refresh token of this client (RFC 6749 §6), by the rules of every refresh. */
import type { Refresh } from '../../sessions/refresh.ts';
import { readAudience, readScopes, required } from '../form.ts';
import { asTarget, type Grant } from './grant.ts';

export function createRefreshTokenGrant(refresh: Refresh): Grant {
  return async ({ client, form, actor, jkt, certificate }) => {
    const refreshToken = required(form, 'refresh_token');
    const asked = {
      audience: readAudience(form),
      scopes: readScopes(form),
      clientId: client.id,
      jkt,
      certificate,
    };
    const tokens = await refresh({ refreshToken, ...asked }, actor).catch(asTarget);
    return {
      ...{ access_token: tokens.accessToken, token_type: tokens.tokenType, expires_in: tokens.expiresIn },
      ...{ refresh_token: tokens.refreshToken, scope: tokens.scope },
    };
  };
}
