/** Userinfo (OpenID Connect Core §5.3): what the scopes of an application's access token say of its user. */
import { AuthorityError } from '@countersign/verifier/errors';
import { isUuid, type ServiceId } from '@countersign/verifier/ids';
import { decodeJwt } from 'jose';
import type { Database } from '../../database.ts';
import type { Introspect } from '../../tokens/introspect.ts';
import { subjectFor } from './idToken.ts';

export const userClaims = ['email', 'email_verified', 'phone_number', 'phone_number_verified'] as const;

export type Userinfo = { readonly sub: string } & {
  readonly [Name in (typeof userClaims)[number]]?: string | boolean;
};

/** Throws `invalid_token`, and `permission_denied` without the scope `openid`. */
export type GetUserinfo = (accessToken: string) => Promise<Userinfo>;

export function createGetUserinfo({
  introspect,
  database,
}: {
  readonly introspect: Introspect;
  readonly database: Pick<Database, 'users' | 'services'>;
}): GetUserinfo {
  return async (accessToken) => {
    // Whatever resource it is for: this one is about the user, and each application has a token for some resource.
    const read = await introspect(accessToken, [audienceOf(accessToken)]);
    if (!read.active) throw new AuthorityError('invalid_token', { reason: read.reason });
    const { claims } = read;
    const scopes = claims.scope.split(' ');
    if (!scopes.includes('openid')) throw new AuthorityError('permission_denied', { reason: 'scope' });
    const { client_id: clientId } = claims;
    const client = isUuid(clientId) ? await database.services.find(clientId as ServiceId) : undefined;
    const user = await database.users.find(claims.sub);
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

/** Unverified: introspection verifies the token. */
function audienceOf(accessToken: string): string {
  try {
    return String(decodeJwt(accessToken).aud);
  } catch {
    return '';
  }
}
