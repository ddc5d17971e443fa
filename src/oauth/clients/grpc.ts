/** ClientService: translate, call one operation, translate back. The contract is in proto/countersign/v1. */
import type { CreateClientRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/CreateClientRequest';
import type { ListClientsRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/ListClientsRequest';
import type { RotateClientSecretRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/RotateClientSecretRequest';
import type { UpdateClientRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/UpdateClientRequest';
import { pageTokenAfter } from '../../platform/pageToken.ts';
import { accountScope } from '../../rights/rights.ts';
import { isPermission, type Permission, type Service } from '../../services/service.ts';
import type { ListServices, RotateServiceToken } from '../../services/services.ts';
import type { StopService } from '../../services/stopService.ts';
import { actorOf, type Caller, requirePermission } from '../../transport/grpc/callers.ts';
import { changes, check, ends, type Methods } from '../../transport/grpc/methodRow.ts';
import type { GrpcService } from '../../transport/grpc/server.ts';
import { readChanges, readNewClient, readPage, toMessage } from './grpcMessages.ts';
import type { ManageClients } from './manageClients.ts';

export interface ClientServiceOperations
  extends Pick<ManageClients, 'createClient' | 'updateClient' | 'previewUpdate' | 'findClient'>,
    StopService {
  readonly listServices: ListServices;
  readonly rotateServiceToken: RotateServiceToken;
}

const managing = { permission: 'clients.manage' } as const;

export const clientMethods = {
  ListClients: { ...managing, ...check },
  CreateClient: { ...managing, ...changes },
  UpdateClient: { ...managing, ...ends },
  RotateClientSecret: { ...managing, ...changes },
  DisableClient: { ...managing, ...ends },
  EnableClient: { ...managing, ...changes },
  RevokeClient: { ...managing, ...ends },
} as const satisfies Methods;

export function clientService(operations: ClientServiceOperations): GrpcService {
  return {
    methods: clientMethods,
    mount({ v1, add, unary }) {
      const handlers = createClientService(operations);
      add(v1.ClientService.service, {
        ListClients: unary('ListClients', handlers.ListClients),
        CreateClient: unary('CreateClient', handlers.CreateClient),
        UpdateClient: unary('UpdateClient', handlers.UpdateClient),
        RotateClientSecret: unary('RotateClientSecret', handlers.RotateClientSecret),
        DisableClient: unary('DisableClient', handlers.DisableClient),
        EnableClient: unary('EnableClient', handlers.EnableClient),
        RevokeClient: unary('RevokeClient', handlers.RevokeClient),
      });
    },
  };
}

/** Names a client by id or name. */
interface NamesClient {
  readonly client: string;
}

export function createClientService(operations: ClientServiceOperations) {
  const { listServices, createClient, rotateServiceToken } = operations;
  return {
    async ListClients(request: ListClientsRequest__Output) {
      const page = readPage(request);
      // One more, to know whether it is the last page.
      const found = await listServices({ ...page, limit: page.limit + 1 });
      const clients = found.slice(0, page.limit);
      const last = found.length > page.limit ? clients.at(-1) : undefined;
      return {
        clients: clients.map(toMessage),
        nextPageToken: last === undefined ? '' : pageTokenAfter(last.id),
      };
    },

    async CreateClient(request: CreateClientRequest__Output, caller: Caller) {
      const client = readNewClient(request);
      requirePowerOf(caller, client);
      const { id, token } = await createClient(client, actorOf(caller));
      return { clientId: id, secret: token };
    },

    async UpdateClient(request: UpdateClientRequest__Output, caller: Caller) {
      const changes = readChanges(request);
      const before = await operations.findClient(request.client);
      requirePowerOf(caller, before);
      requirePowerOf(caller, {
        permissions: changes.permissions ?? before.permissions,
        scopes: changes.scopes ?? before.scopes,
        audiences: changes.audiences ?? before.audiences,
      });
      const seen = request.etag === '' ? undefined : request.etag;
      if (request.dryRun) return operations.previewUpdate(before.id, changes, seen);
      const { sessions } = await operations.updateClient(before.id, changes, actorOf(caller), seen);
      return { sessions, more: false };
    },

    async RotateClientSecret({ name }: RotateClientSecretRequest__Output, caller: Caller) {
      requirePowerOf(caller, await operations.findClient(name));
      const { token, oldUntil } = await rotateServiceToken({ name }, actorOf(caller));
      return { secret: token, oldUntilMs: oldUntil };
    },

    async DisableClient({ client }: NamesClient, caller: Caller) {
      const { sessions } = await operations.disableClient(client, actorOf(caller));
      return { sessions };
    },

    async EnableClient({ client }: NamesClient, caller: Caller) {
      requirePowerOf(caller, await operations.findClient(client));
      await operations.enableClient(client, actorOf(caller));
      return {};
    },

    async RevokeClient({ client }: NamesClient, caller: Caller) {
      await operations.revokeService(client, actorOf(caller));
      return {};
    },
  };
}

const readsTokens: readonly Permission[] = ['tokens.introspect', 'tokens.exchange'];

/** None stands for AUDIENCE. */
function hasAudiences({ audiences: own }: Caller, audiences: readonly string[]): boolean {
  return audiences.length === 0 ? own.length === 0 : audiences.every((each) => own.includes(each));
}

/** Nobody gets more by way of a client: whoever has its secret may do what it and its tokens may do. */
function requirePowerOf(
  caller: Caller,
  {
    permissions,
    scopes,
    audiences,
    hasRoles = false,
  }: Pick<Service, 'permissions' | 'scopes' | 'audiences'> & { hasRoles?: boolean },
): void {
  for (const permission of permissions) requirePermission(caller, permission);
  // Its users may be administrators: what their tokens may do at the API, the caller may do.
  for (const scope of scopes) if (isPermission(scope)) requirePermission(caller, scope);
  // What it may be shown, the caller may be shown. Users have no audiences.
  if (readsTokens.some((each) => permissions.includes(each)) && !hasAudiences(caller, audiences))
    requirePermission(caller, 'roles.manage');
  // `account` is all that a user may do: as strong as giving roles.
  if (hasRoles || scopes.includes(accountScope)) requirePermission(caller, 'roles.manage');
}
