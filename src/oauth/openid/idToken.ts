/** ID tokens (OpenID Connect Core §2), and the name that a client knows a user by. */
import { createHash, createHmac } from 'node:crypto';
import { numericDate } from '@countersign/verifier/clock';
import type { UserId } from '@countersign/verifier/ids';
import { tokenTypes } from '@countersign/verifier/tokens/tokenTypes';
import { SignJWT } from 'jose';
import type { Signer } from '../../keys/keyRing.ts';
import type { Service } from '../../services/service.ts';
import type { Session } from '../../sessions/session.ts';
import { oauthLimits } from '../limits.ts';

export type IssueIdToken = (
  client: Service,
  session: Pick<Session, 'id' | 'userId' | 'authTime' | 'acr' | 'amr'>,
  signer: Signer,
  about: { readonly nonce: string | undefined; readonly now: number; readonly accessToken: string },
) => Promise<string>;

export function createIssueIdToken(issuer: string): IssueIdToken {
  return ({ id: audience, subjectSalt }, session, { kid, privateKey }, { nonce, now, accessToken }) =>
    new SignJWT({
      ...{ iss: issuer, sub: subjectFor(subjectSalt, session.userId), aud: audience, sid: session.id },
      ...{ iat: numericDate(now), exp: numericDate(now + oauthLimits.idTokenMilliseconds) },
      ...{ auth_time: numericDate(session.authTime), acr: session.acr, amr: [...session.amr] },
      ...(nonce === undefined ? {} : { nonce }),
      at_hash: hashOf(accessToken),
    })
      .setProtectedHeader({ alg: 'ES256', typ: tokenTypes.id, kid })
      .sign(privateKey);
}

/** `sub` for a client: the user's id, or a name that only this client knows (OpenID Connect Core §8.1). */
export function subjectFor(salt: Uint8Array | undefined, userId: UserId): string {
  return salt === undefined ? userId : createHmac('sha256', salt).update(userId).digest('base64url');
}

/** OpenID Connect Core §3.1.3.6, for ES256. */
function hashOf(accessToken: string): string {
  return createHash('sha256').update(accessToken).digest().subarray(0, 16).toString('base64url');
}
