/** Userinfo (OpenID Connect Core §5.3): what the scopes of an application's access token say of its user. */
import { AuthorityError } from '@countersign/verifier/errors';
import { isUuid, type ServiceId } from '@countersign/verifier/ids';
import type { AccessTokenClaims } from '@countersign/verifier/tokens/accessTokenClaims';
import type { Database } from '../../database.ts';
import { subjectFor } from './idToken.ts';

export const userClaims = ['email', 'email_verified', 'phone_number', 'phone_number_verified'] as const;

export type Userinfo = { readonly sub: string } & {
  readonly [Name in (typeof userClaims)[number]]?: string | boolean;
};

/** By the claims of a live access token. Throws `invalid_token`, and `permission_denied` without the scope `openid`. */
export type GetUserinfo = (claims: AccessTokenClaims) => Promise<Userinfo>;

export function createGetUserinfo({
  database,
}: {
  readonly database: Pick<Database, 'users' | 'services'>;
}): GetUserinfo {
  return async ({ sub, scope, client_id: clientId }) => {
    const scopes = scope.split(' ');
    if (!scopes.includes('openid')) throw new AuthorityError('permission_denied', { reason: 'scope' });
    const client = isUuid(clientId) ? await database.services.find(clientId as ServiceId) : undefined;
    const user = await database.users.find(sub);
    if (user === undefined || client === undefined)
      throw new AuthorityError('invalid_token', { reason: 'user' });
    const { email, emailVerifiedAt, phone } = user;
    return {
      sub: subjectFor(client.subjectSalt, user.id),
      ...(scopes.includes('email') && { email, email_verified: emailVerifiedAt !== undefined }),
      ...(scopes.includes('phone') &&
        phone !== undefined && { phone_number: phone.number, phone_number_verified: true }),
    };
  };
}
