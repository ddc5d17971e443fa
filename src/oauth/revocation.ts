/** Revocation over HTTP: of one token (RFC 7009), and of everything of a user (draft-parecki-oauth-global-token-revocation). */
import { AuthorityError, invalidField } from '@countersign/verifier/errors';
import { isUuid } from '@countersign/verifier/ids';
import type { AccessTokenClaims } from '@countersign/verifier/tokens/accessTokenClaims';
import { isHolder, type Proved } from '@countersign/verifier/tokens/confirmation';
import type { Actor } from '../audit/auditEvent.ts';
import type { Revoke } from '../revocation/revoke.ts';
import type { Logout } from '../sessions/logout.ts';
import { type GenuineTokenParts, readRefreshToken } from '../sessions/readRefreshToken.ts';
import { type ReadingParts, readGenuineToken } from '../tokens/readToken.ts';
import type { AuthenticatedClient } from './authenticateClient.ts';
import { type Form, required } from './form.ts';

export interface OAuthRevocationParts extends ReadingParts, GenuineTokenParts {
  readonly revoke: Revoke;
  readonly logout: Logout;
}

/** Resolves when it is in effect; also for a token that is not valid any more (RFC 7009 §2.2). */
export type RevokeToken = (
  caller: AuthenticatedClient,
  form: Form,
  asked: Proved & { readonly actor: Actor },
) => Promise<void>;

export function createRevokeToken(parts: OAuthRevocationParts): RevokeToken {
  return async (caller, form, { actor, ...proved }) => {
    const token = required(form, 'token');
    const refresh = await readRefreshToken(parts, token);
    if (refresh.genuine) {
      requireOwn(caller, refresh.session.clientId);
      // A client that proves itself needs no key.
      const key = caller.isProved ? refresh.session.boundKey?.jkt : proved.jkt;
      return parts.logout({ refreshToken: token, jkt: key }, actor);
    }
    const access = await readGenuineToken(parts, token);
    if (!access.valid) return revokeForeign(parts, caller, token, actor);
    requireOwn(caller, access.claims.client_id);
    requireHolder(caller, access.claims, proved);
    await parts.revoke({ token }, actor);
  };
}

/** An earlier issuer knew nothing of our clients. */
async function revokeForeign(
  parts: OAuthRevocationParts,
  caller: AuthenticatedClient,
  token: string,
  actor: Actor,
): Promise<void> {
  if (parts.earlierTokens?.isForeign(token) !== true) return;
  if (!revokesAny(caller)) throw otherClient();
  await parts.revoke({ token }, actor).catch(unlessExpired);
}

/** RFC 7009 §2.2: a token that is not valid any more is revoked. */
function unlessExpired(error: unknown): void {
  if (!(error instanceof AuthorityError && error.code === 'invalid_request')) throw error;
}

/** RFC 7009 §2.1: a client revokes what was issued to it, a service with the permission any token that it holds. */
function requireOwn(caller: AuthenticatedClient, issuedTo: string): void {
  if (issuedTo !== caller.client.id && !revokesAny(caller)) throw otherClient();
}

/** Anybody may name a public client; whoever stole a token must not end it without its key or certificate. */
function requireHolder({ isProved }: AuthenticatedClient, { cnf }: AccessTokenClaims, proved: Proved): void {
  if (isProved || isHolder(cnf, proved)) return;
  if (cnf?.jkt === undefined) throw new AuthorityError('invalid_client', { reason: 'certificate' });
  throw new AuthorityError('invalid_dpop_proof', { reason: 'other_key' });
}

function revokesAny({ client, isProved }: AuthenticatedClient): boolean {
  return isProved && client.permissions.includes('tokens.revoke');
}

function otherClient(): AuthorityError {
  return new AuthorityError('unauthorized_client', { reason: 'other_client' });
}

export type RevokeEverything = (caller: AuthenticatedClient, subject: unknown, actor: Actor) => Promise<void>;

/** `subject`: a subject identifier (RFC 9493). Throws `not_found`. */
export function createRevokeEverything(parts: {
  readonly revoke: Revoke;
  readonly issuer: string;
}): RevokeEverything {
  return async ({ client, isProved }, subject, actor) => {
    if (!isProved || !client.permissions.includes('users.logout'))
      throw new AuthorityError('permission_denied', { reason: 'permission' });
    const { format, iss, sub, id, email } = (subject ?? {}) as Readonly<Record<string, unknown>>;
    if (format === 'email' && typeof email === 'string') return void (await parts.revoke({ email }, actor));
    if (format === 'iss_sub' && iss !== parts.issuer) throw new AuthorityError('not_found');
    const userId = { iss_sub: sub, opaque: id }[String(format)];
    if (typeof userId !== 'string')
      throw invalidField(
        'sub_id',
        'format',
        'must be a subject identifier of the format iss_sub, opaque or email',
      );
    if (!isUuid(userId)) throw new AuthorityError('not_found');
    await parts.revoke({ userId }, actor);
  };
}
