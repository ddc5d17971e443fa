/**
 * Tells an application that a session of its user has ended (OpenID Connect Back-Channel Logout 1.0). The outbox repeats it until it is
 * taken. Sent only after the end is in effect: then no service accepts the session any more.
 */
import { numericDate } from '@countersign/verifier/clock';
import type { ServiceId } from '@countersign/verifier/ids';
import { tokenTypes } from '@countersign/verifier/tokens/tokenTypes';
import { SignJWT } from 'jose';
import { type Channel, SendFault } from '../../notifications/channel.ts';
import type { EndedForClient } from '../../notifications/message.ts';
import { post } from '../../notifications/post.ts';
import { type RevokingParts, revokeAndPropagate } from '../../revocation/propagation/revokeAndPropagate.ts';
import { chooseSigner, type TokenParts } from '../../sessions/tokenResponse.ts';
import { oauthLimits } from '../limits.ts';
import { subjectFor } from './idToken.ts';

const event = 'http://schemas.openid.net/event/backchannel-logout';

export function createBackchannelLogout(
  parts: TokenParts & RevokingParts & { readonly issuer: string },
): Channel {
  const { database, clock, issuer } = parts;
  /** Until when a client that did not answer is not asked: its messages would take all places again and again. */
  const silentUntil = new Map<ServiceId, number>();
  return {
    async send(id, { data }) {
      const { clientId, userId, sessionId } = data as EndedForClient;
      const client = await database.services.find(clientId);
      const uri = client?.backchannelLogoutUri;
      if (client === undefined || uri === undefined) return;
      if (clock.monotonic() < (silentUntil.get(clientId) ?? 0)) throw new SendFault('client silent');
      // Ending it once more changes nothing, and resolves when it is in effect.
      await revokeAndPropagate(parts, clock.now(), ({ endSessions }) =>
        endSessions({ sessionIds: [sessionId] }, 'logout'),
      );
      const now = clock.now();
      const { kid, privateKey } = await chooseSigner(parts, now);
      const token = await new SignJWT({
        ...{
          iss: issuer,
          aud: clientId,
          sub: subjectFor(client.subjectSalt, userId),
          sid: sessionId,
          jti: id,
        },
        ...{ iat: numericDate(now), exp: numericDate(now + oauthLimits.logoutTokenMilliseconds) },
        events: { [event]: {} },
      })
        .setProtectedHeader({ alg: 'ES256', typ: tokenTypes.logout, kid })
        .sign(privateKey);
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const body = new URLSearchParams({ logout_token: token }).toString();
      const status = await post(clock, uri, { headers, body }).catch((error) => {
        silentUntil.set(clientId, clock.monotonic() + oauthLimits.silentClientMilliseconds);
        throw error;
      });
      if (status < 200 || status > 299) throw new SendFault(`client ${status}`);
    },
  };
}
