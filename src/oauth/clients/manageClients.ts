/** Administration of OAuth clients, by the operator. A client is a row of `services/`: secrets and permissions are there. */
import { invalidField } from '@countersign/verifier/errors';
import type { Actor } from '../../audit/auditEvent.ts';
import type { RevokingParts } from '../../revocation/propagation/revokeAndPropagate.ts';
import type { Permission, PublicJwks, Service } from '../../services/service.ts';
import { type CreateService, createCreateService } from '../../services/services.ts';
import { oauthLimits } from '../limits.ts';
import { checkRedirectUri } from './redirectUri.ts';

export interface NewClient {
  readonly name: string;
  readonly kind: Service['kind'];
  readonly permissions: readonly Permission[];
  readonly audiences: readonly string[];
  readonly scopes: readonly string[];
  readonly redirectUris: readonly string[];
  /** It authenticates with one of these keys, and has no secret. */
  readonly jwks?: PublicJwks | undefined;
  /** It cannot keep a secret, as an application in a browser. */
  readonly isPublic?: boolean;
}

/** Throws `invalid_request` naming the field. */
export interface ManageClients {
  /** Returns the secret, empty without one. This is the only time. */
  createClient: (client: NewClient, actor: Actor) => ReturnType<CreateService>;
  listClients(): Promise<readonly Service[]>;
}

export function createManageClients({
  database,
  clock,
}: Pick<RevokingParts, 'database' | 'clock'>): ManageClients {
  const createService = createCreateService({ database, clock });
  return {
    createClient(client, actor) {
      const { name, permissions, isPublic = false, jwks, ...settings } = checkClient(client);
      const withoutSecret = isPublic || jwks !== undefined;
      return createService({ name, permissions, withoutSecret, client: { ...settings, jwks } }, actor);
    },

    async listClients() {
      return (await database.services.list()).filter(({ revokedAt }) => revokedAt === undefined);
    },
  };
}

function checkClient(client: NewClient): NewClient {
  const { kind, redirectUris, jwks, isPublic = false } = client;
  if (isPublic && (kind === 'service' || client.permissions.length > 0))
    throw invalidField('public', 'kind', 'a public client is an application, and has no permissions');
  if (isPublic && jwks !== undefined) throw invalidField('public', 'exclusive', 'a public client has no key');
  if (kind === 'service' && redirectUris.length > 0)
    throw invalidField('redirect_uri', 'kind', 'a service has no users that are sent back to it');
  atMost('redirect_uri', redirectUris, oauthLimits.redirectUris);
  atMost('scope', client.scopes, oauthLimits.clientScopes);
  atMost('audience', client.audiences, oauthLimits.clientAudiences);
  for (const each of redirectUris) checkRedirectUri(each);
  if (jwks !== undefined) checkKeys(jwks);
  return client;
}

function atMost(field: string, given: readonly string[], most: number): void {
  if (given.length > most) throw invalidField(field, 'count', `may be given ${most} times`);
}

/** Public ES256 keys only: a private one must not be handed in. */
function checkKeys({ keys }: PublicJwks): void {
  const isGood = (key: Readonly<Record<string, unknown>>) =>
    key['kty'] === 'EC' && key['crv'] === 'P-256' && typeof key['x'] === 'string' && key['d'] === undefined;
  if (Array.isArray(keys) && keys.length > 0 && keys.length <= oauthLimits.clientKeys && keys.every(isGood))
    return;
  throw invalidField(
    'jwks',
    'format',
    `must be a JSON Web Key Set of 1 to ${oauthLimits.clientKeys} public P-256 keys`,
  );
}
