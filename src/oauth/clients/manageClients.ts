/** Administration of OAuth clients, by the operator. A client is a row of `services/`: secrets and permissions are there. */
import { randomBytes } from 'node:crypto';
import { AuthorityError } from '@countersign/verifier/errors';
import type { Actor } from '../../audit/auditEvent.ts';
import type { Counted } from '../../revocation/countFailures.ts';
import type { RevokingParts } from '../../revocation/propagation/revokeAndPropagate.ts';
import type { Service } from '../../services/service.ts';
import { type CreateService, createCreateService } from '../../services/services.ts';
import { oauthLimits } from '../limits.ts';
import { checkClient, type NewClient } from './checkClient.ts';
import {
  createPreviewUpdate,
  createUpdateClient,
  type PreviewUpdate,
  type UpdateClient,
} from './updateClient.ts';

/** Throws `invalid_request` naming the field. */
export interface ManageClients {
  /** Returns the secret, empty without one. This is the only time. */
  createClient: (client: NewClient, actor: Actor) => ReturnType<CreateService>;
  updateClient: UpdateClient;
  previewUpdate: PreviewUpdate;
  listClients(): Promise<readonly Service[]>;
  /** By id or name. Throws `not_found`. */
  findClient(name: string): Promise<Service & { readonly hasRoles: boolean }>;
}

export function createManageClients(parts: RevokingParts & { readonly counted: Counted }): ManageClients {
  const { database } = parts;
  const createService = createCreateService(parts);
  return {
    createClient(client, actor) {
      const {
        name,
        permissions,
        isPublic = false,
        isPairwise = false,
        certificate,
        ...settings
      } = checkClient(client);
      const withoutSecret = isPublic || settings.jwks !== undefined || certificate !== undefined;
      const subjectSalt = isPairwise ? randomBytes(oauthLimits.subjectSaltBytes) : undefined;
      return createService(
        { name, permissions, withoutSecret, certificate, client: { ...settings, subjectSalt } },
        actor,
      );
    },

    updateClient: parts.counted(createUpdateClient(parts)),
    previewUpdate: createPreviewUpdate(parts),

    async listClients() {
      return (await database.services.list()).filter(({ revokedAt }) => revokedAt === undefined);
    },

    async findClient(name) {
      const client = await database.services.findNamed(name);
      if (client === undefined)
        throw new AuthorityError('not_found', { detail: `There is no service or client ${name}.` });
      return { ...client, hasRoles: (await database.rights.grantsOf(client.id)).length > 0 };
    },
  };
}
