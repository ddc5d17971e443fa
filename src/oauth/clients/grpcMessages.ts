/** Messages of ClientService, and what operations take and return. Throws `invalid_request` naming the field. */
import type { Client as ClientMessage } from '@countersign/verifier/contract/generated/countersign/v1/Client';
import type { CreateClientRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/CreateClientRequest';
import type { ListClientsRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/ListClientsRequest';
import type { UpdateClientRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/UpdateClientRequest';
import { invalidField } from '@countersign/verifier/errors';
import type { ServiceId } from '@countersign/verifier/ids';
import { readOrder } from '../../platform/listOrder.ts';
import { readPageToken } from '../../platform/pageToken.ts';
import {
  clientKinds,
  isPermission,
  type Permission,
  type PublicJwks,
  type ServicePage,
  type ServiceWithTokens,
  serviceOrders,
} from '../../services/service.ts';
import { oauthLimits } from '../limits.ts';
import { invalidJwks, type NewClient, parseJwks } from './checkClient.ts';
import { settingsTag } from './settingsTag.ts';
import type { ClientChanges } from './updateClient.ts';

export function readNewClient(request: CreateClientRequest__Output): NewClient {
  const { name, audiences, scopes, redirectUris, postLogoutRedirectUris, certificateBound } = request;
  return {
    ...{ name, kind: readKind(request.kind), permissions: request.permissions.map(readPermission) },
    ...{ audiences, scopes, redirectUris, postLogoutRedirectUris, certificateBound },
    backchannelLogoutUri: request.backchannelLogoutUri || undefined,
    ...{ isPairwise: request.pairwise, isPublic: request.public },
    jwks: request.jwks === '' ? undefined : readJwks(request.jwks),
    certificate: request.certificate || undefined,
  };
}

const readers: Readonly<Record<string, (request: UpdateClientRequest__Output) => ClientChanges>> = {
  permissions: ({ permissions }) => ({ permissions: permissions.map(readPermission) }),
  audiences: ({ audiences }) => ({ audiences }),
  scopes: ({ scopes }) => ({ scopes }),
  redirect_uris: ({ redirectUris }) => ({ redirectUris }),
  post_logout_redirect_uris: ({ postLogoutRedirectUris }) => ({ postLogoutRedirectUris }),
  backchannel_logout_uri: ({ backchannelLogoutUri }) => ({ backchannelLogoutUri }),
  jwks: ({ jwks }) => ({ jwks: readJwks(jwks) }),
  certificate: ({ certificate }) => ({ certificate }),
  certificate_bound: ({ certificateBound }) => ({ certificateBound }),
};

export function readChanges(request: UpdateClientRequest__Output): ClientChanges {
  const names = Object.keys(readers);
  const { client: _client, dryRun: _dryRun, etag: _etag, fields, ...values } = request;
  if (fields.length === 0 || !fields.every((each) => names.includes(each)))
    throw invalidField('fields', 'one_of', `must name at least one of ${names.join(', ')}`);
  for (const [name, value] of Object.entries(values)) {
    const field = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const isSet = Array.isArray(value) ? value.length > 0 : Boolean(value);
    if (isSet && !fields.includes(field))
      throw invalidField(field, 'named', 'is set, but fields does not name it');
  }
  return Object.assign({}, ...fields.map((each) => readers[each]?.(request)));
}

export function readPage({ pageSize, pageToken, orderBy, client }: ListClientsRequest__Output): ServicePage {
  const { clientsPageDefault, clientsPageMaximum } = oauthLimits;
  if (pageSize < 0 || pageSize > clientsPageMaximum)
    throw invalidField('page_size', 'range', `must be 1 to ${clientsPageMaximum}, or 0`);
  return {
    limit: pageSize === 0 ? clientsPageDefault : pageSize,
    after: pageToken === '' ? undefined : readPageToken<ServiceId>(pageToken),
    idOrName: client === '' ? undefined : client,
    order: readOrder(orderBy, serviceOrders, { by: 'name', way: 'asc' }),
  };
}

export function toMessage(client: ServiceWithTokens): ClientMessage {
  const { id, name, kind, permissions, audiences, scopes, redirectUris, tokens, jwks } = client;
  return {
    ...{ clientId: id, name, kind, permissions: [...permissions], audiences: [...audiences] },
    ...{ scopes: [...scopes], redirectUris: [...redirectUris], hasKey: jwks !== undefined },
    postLogoutRedirectUris: [...client.postLogoutRedirectUris],
    backchannelLogoutUri: client.backchannelLogoutUri ?? '',
    ...{ jwks: jwks === undefined ? '' : JSON.stringify(jwks), pairwise: client.subjectSalt !== undefined },
    certificateName: client.certificateName?.replace(/^(URI|DNS):/, '') ?? '',
    certificateBound: client.certificateBound,
    public: kind !== 'service' && isWithoutProof(client),
    ...{ createTimeMs: client.createdAt, disableTimeMs: client.disabledAt ?? 0 },
    ...{ revokeTimeMs: client.revokedAt ?? 0, etag: settingsTag(client) },
    secrets: tokens.map(({ createdAt, expiresAt = 0, lastUsedAt = 0 }) => ({
      ...{ createTimeMs: createdAt, expireTimeMs: expiresAt, lastUsedTimeMs: lastUsedAt },
    })),
  };
}

function isWithoutProof({ tokens, jwks, certificateName }: ServiceWithTokens): boolean {
  return tokens.length === 0 && jwks === undefined && certificateName === undefined;
}

function readJwks(text: string): PublicJwks {
  const jwks = parseJwks(text);
  if (jwks === undefined) throw invalidJwks();
  return jwks;
}

function readPermission(text: string): Permission {
  if (isPermission(text)) return text;
  throw invalidField('permissions', 'known', 'must be permissions of docs/grpc.md');
}

function readKind(text: string) {
  const kind = clientKinds.find((each) => each === (text || 'service'));
  if (kind !== undefined) return kind;
  throw invalidField('kind', 'enum', `must be one of ${clientKinds.join(', ')}`);
}
