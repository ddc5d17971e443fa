/** What a client may be: the same rules at its creation and at every change. */
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { type AuthorityError, invalidField } from '@countersign/verifier/errors';
import { accountScope } from '../../rights/rights.ts';
import type { Permission, PublicJwks, Service } from '../../services/service.ts';
import { oauthLimits } from '../limits.ts';
import { checkBackchannelUri, checkRedirectUri } from './redirectUri.ts';

export interface NewClient {
  readonly name: string;
  readonly kind: Service['kind'];
  readonly permissions: readonly Permission[];
  readonly audiences: readonly string[];
  readonly scopes: readonly string[];
  readonly redirectUris: readonly string[];
  /** Where its users may be sent after a logout. */
  readonly postLogoutRedirectUris?: readonly string[];
  /** Where it is told that sessions of its users ended: https, or http on loopback. */
  readonly backchannelLogoutUri?: string | undefined;
  /** It knows each user by a name that nobody else has for them. */
  readonly isPairwise?: boolean;
  /** It authenticates with one of these keys, and has no secret. */
  readonly jwks?: PublicJwks | undefined;
  /** A URI or DNS name in the subjectAltName of its certificates: it authenticates with one, and has no secret. */
  readonly certificate?: string | undefined;
  /** Its access tokens are bound to its certificate (`tls_client_certificate_bound_access_tokens`). */
  readonly certificateBound?: boolean;
  /** It cannot keep a secret, as an application in a browser. */
  readonly isPublic?: boolean;
}

/** Throws `invalid_request` naming the field. */
export function checkClient(client: NewClient): NewClient {
  const { kind, redirectUris, postLogoutRedirectUris = [], backchannelLogoutUri, jwks } = client;
  checkAuthentication(client);
  const ofUsers = [...redirectUris, ...postLogoutRedirectUris, backchannelLogoutUri ?? []].flat();
  if (kind === 'service' && ofUsers.length > 0)
    throw invalidField('redirect_uri', 'kind', 'a service has no users that are sent back to it');
  if (kind === 'third_party' && client.scopes.includes(accountScope))
    throw invalidField('scope', 'kind', `${accountScope} is for applications of yours`);
  atMost('redirect_uri', redirectUris, oauthLimits.redirectUris);
  atMost('post_logout_redirect_uri', postLogoutRedirectUris, oauthLimits.redirectUris);
  atMost('scope', client.scopes, oauthLimits.clientScopes);
  atMost('audience', client.audiences, oauthLimits.clientAudiences);
  for (const each of redirectUris) checkRedirectUri('redirect_uri', each);
  for (const each of postLogoutRedirectUris) checkRedirectUri('post_logout_redirect_uri', each);
  if (backchannelLogoutUri !== undefined) checkBackchannelUri(backchannelLogoutUri);
  if (jwks !== undefined) checkKeys(jwks);
  return client;
}

/** A client that can keep no secret, or one with exactly one way to prove itself. */
function checkAuthentication({ kind, permissions, jwks, certificate, ...client }: NewClient): void {
  const { isPublic = false, certificateBound = false } = client;
  if (isPublic && (kind === 'service' || permissions.length > 0))
    throw invalidField('public', 'kind', 'a public client is an application, and has no permissions');
  if (isPublic && (jwks !== undefined || certificate !== undefined || certificateBound))
    throw invalidField('public', 'exclusive', 'a public client has neither key nor certificate');
  if (jwks !== undefined && certificate !== undefined)
    throw invalidField('certificate', 'exclusive', 'a client has a key or a certificate, not both');
}

function atMost(field: string, given: readonly string[], most: number): void {
  if (given.length > most) throw invalidField(field, 'count', `may be given ${most} times`);
}

/** Public ES256 keys only: a private one must not be handed in. Of several, each needs a name to be chosen by. */
function checkKeys({ keys }: PublicJwks): void {
  const isGood =
    Array.isArray(keys) &&
    keys.length > 0 &&
    keys.length <= oauthLimits.clientKeys &&
    keys.every(isPublicP256);
  if (!isGood) throw invalidJwks();
  const names = new Set(keys.map(({ kid }) => kid));
  if (keys.length > 1 && (names.size < keys.length || names.has(undefined)))
    throw invalidField('jwks', 'kid', 'must name each key by a kid of its own');
}

export function invalidJwks(): AuthorityError {
  const message = `must be a JSON Web Key Set of 1 to ${oauthLimits.clientKeys} public P-256 keys`;
  return invalidField('jwks', 'format', message);
}

function isPublicP256(key: unknown): boolean {
  if (typeof key !== 'object' || key === null || 'd' in key) return false;
  try {
    const { asymmetricKeyDetails } = createPublicKey({ key: key as JsonWebKey, format: 'jwk' });
    return asymmetricKeyDetails?.namedCurve === 'prime256v1';
  } catch {
    return false;
  }
}

/** Undefined for what is no JSON of a key set; whether its keys are good, `checkClient` says. */
export function parseJwks(text: string): PublicJwks | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value === 'object' && value !== null && 'keys' in value) return value as PublicJwks;
  } catch {}
  return undefined;
}
