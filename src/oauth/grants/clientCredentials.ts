/** A token of a client for itself (RFC 6749 §4.4). It has no refresh token: the client asks again. */
import { AuthorityError } from '@countersign/verifier/errors';
import type { SessionId } from '@countersign/verifier/ids';
import { newId } from '../../platform/newId.ts';
import { requireScopes, rightsAt } from '../../rights/rights.ts';
import { chooseSigner, chosenAudience, issueAccessToken, settingsFor } from '../../sessions/tokenResponse.ts';
import { readAudience, readScopes } from '../form.ts';
import { oauthLimits } from '../limits.ts';
import { answerOf, asTarget, type Grant, type GrantParts, keepClient } from './grant.ts';

export function createClientCredentials(parts: GrantParts): Grant {
  return async ({ client, isProved, form, actor, jkt }) => {
    if (!isProved || client.kind === 'third_party')
      throw new AuthorityError('unauthorized_client', { reason: 'client_kind' });
    const only = readScopes(form);
    const audience = await chosenAudience(parts, readAudience(form)).catch(asTarget);
    const { database, clock, accessTokens, refreshTokens } = parts;
    const now = clock.now();
    const signer = await chooseSigner(parts, now);
    const id = newId<SessionId>(now);
    const sealedSecret = refreshTokens.newSealedSecret(id);
    const { session, rights } = await database.transaction(async (stores) => {
      await keepClient(stores, client);
      const session = await stores.tokenSessions.open(client.id, { id, sealedSecret, now }, audience);
      const settings = settingsFor(accessTokens, audience, now, { acr: undefined, authTime: now });
      const asked = { scope: undefined, only, isClient: true, ...settings };
      const rights = rightsAt(session.rights, asked);
      requireScopes(rights, only);
      const token = { now, accessExpiresAt: rights.tokenExpiresAt, signingKid: signer.kid };
      await stores.tokenSessions.note(session.id, token, oauthLimits.clientSessionMilliseconds);
      if (session.id === id) {
        const detail = { client_id: client.id };
        const event = {
          type: 'client_session_started',
          actor,
          sessionId: id,
          reason: client.name,
          detail,
        } as const;
        await stores.audit.record(event, now);
      }
      return { session, rights };
    });
    const { scope, roles, tokenExpiresAt: expiresAt } = rights;
    const subject = {
      ...session,
      userId: client.id,
      clientId: client.id,
      scope,
      roles,
      amr: [],
      authTime: now,
      // The session is shared by everything that the client runs, so each token has its own key.
      jkt,
    };
    const token = await issueAccessToken(parts, subject, signer, now, { audience, expiresAt });
    return answerOf(token, rights, { now, jkt });
  };
}
