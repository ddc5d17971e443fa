/** The next pair for a refresh token of this client (RFC 6749 §6), by the rules of every refresh. */
import type { Refresh } from '../../sessions/refresh.ts';
import { readAudience, readScopes, required } from '../form.ts';
import { asTarget, type Grant, pairOf } from './grant.ts';

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
    return pairOf(await refresh({ refreshToken, ...asked }, actor).catch(asTarget));
  };
}
