/** Userinfo (OpenID Connect Core §5.3): what the scopes of an application's access token say of its user. */
import { AuthorityError } from '@countersign/verifier/errors';
import type { AccessTokenClaims } from '@countersign/verifier/tokens/accessTokenClaims';
import type { LookUpSession } from '../../sessions/lookUp/lookUpSession.ts';
import { subjectFor } from './idToken.ts';

export const userClaims = ['email', 'email_verified', 'phone_number', 'phone_number_verified'] as const;

export type Userinfo = { readonly sub: string } & {
  readonly [Name in (typeof userClaims)[number]]?: string | boolean;
};

/** By the claims of a live access token. Throws `invalid_token`, and `permission_denied` without the scope `openid`. */
export type GetUserinfo = (claims: AccessTokenClaims) => Promise<Userinfo>;

export function createGetUserinfo({ lookUpSession }: { readonly lookUpSession: LookUpSession }): GetUserinfo {
  return async ({ sub, sid, scope, client_id: clientId }) => {
    const scopes = scope.split(' ');
    if (!scopes.includes('openid')) throw new AuthorityError('permission_denied', { reason: 'scope' });
    const facts = (await lookUpSession(sid))?.facts;
    if (facts?.user === undefined || facts.client === undefined || facts.clientId !== clientId)
      throw new AuthorityError('invalid_token', { reason: 'user' });
    const { user, client } = facts;
    const { email, emailVerified, phone } = user;
    const salt = client.subjectSalt === undefined ? undefined : Buffer.from(client.subjectSalt, 'base64');
    return {
      sub: subjectFor(salt, sub),
      ...(scopes.includes('email') && { email, email_verified: emailVerified }),
      ...(scopes.includes('phone') &&
        phone !== undefined && { phone_number: phone, phone_number_verified: true }),
    };
  };
}
