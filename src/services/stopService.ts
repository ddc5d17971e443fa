/**
 * Disables a service or application, or revokes it for ever: its own tokens and those of its users are refused everywhere when this
 * resolves. Repeating it succeeds.
 */
import { AuthorityError } from '@countersign/verifier/errors';
import type { Actor } from '../audit/auditEvent.ts';
import type { Database, Stores } from '../database.ts';
import { type RevokingParts, revokeAndPropagate } from '../revocation/propagation/revokeAndPropagate.ts';
import type { Touched } from '../rights/store.ts';
import { type RightsTakenAway, takeAway } from '../rights/takeAway.ts';
import { endSelected } from '../sessions/endSessions.ts';
import type { Service } from './service.ts';

/** By id or name. Throws `not_found`. */
export interface StopService {
  disableClient(name: string, actor: Actor): Promise<RightsTakenAway>;
  enableClient(name: string, actor: Actor): Promise<void>;
  revokeService(name: string, actor: Actor): Promise<void>;
}

export function createStopService(parts: RevokingParts): StopService {
  const { database, clock } = parts;
  return {
    async disableClient(name, actor) {
      const client = await findService(database, name);
      if (client.revokedAt !== undefined) throw unknown(name);
      return stop(parts, client, actor, async ({ services, audit }, before, now) => {
        if (before.disabledAt !== undefined) return false;
        await services.setDisabled(client.id, now);
        await audit.record(eventOf('client_disabled', client, actor), now);
        return true;
      });
    },

    async enableClient(name, actor) {
      const client = await findService(database, name);
      if (client.revokedAt !== undefined) throw unknown(name);
      if (client.disabledAt === undefined) return;
      await database.transaction(async ({ services, audit }) => {
        await services.setDisabled(client.id, undefined);
        await audit.record(eventOf('client_enabled', client, actor), clock.now());
      });
    },

    async revokeService(name, actor) {
      const service = await findService(database, name);
      await stop(parts, service, actor, async ({ services, audit }, before, now) => {
        if (before.revokedAt !== undefined) return false;
        await services.revoke(service.id, now);
        await audit.record({ type: 'service_revoked', actor, reason: service.name }, now);
        return true;
      });
    },
  };
}

async function stop(
  parts: RevokingParts,
  client: Service,
  actor: Actor,
  change: (stores: Stores, before: Service, now: number) => Promise<boolean>,
): Promise<RightsTakenAway> {
  const { id } = client;
  const touched = touchedBy(client);
  const taken = await takeAway(parts, touched, async (stores, now) => {
    // Whoever issues a token for it keeps the definitions meanwhile: the token is found below, or not issued.
    await stores.rights.changeDefinitions();
    const before = await stores.services.find(id);
    return before !== undefined && (await change(stores, before, now));
  });
  const now = parts.clock.now();
  await revokeAndPropagate(parts, now, (stores) =>
    endSelected(stores, { subjects: [id] }, { reason: 'client_disabled', actor, now }),
  );
  return taken;
}

function touchedBy({ id, kind, permissions }: Service): Touched {
  // Whose sessions got exchanged tokens of it is not stored.
  if (permissions.includes('tokens.exchange')) return { kind: 'all' };
  return kind === 'service' ? { kind: 'subject', subject: id } : { kind: 'client', clientId: id };
}

async function findService({ services }: Database, name: string): Promise<Service> {
  const found = await services.findNamed(name);
  if (found === undefined) throw unknown(name);
  return found;
}

function unknown(name: string): AuthorityError {
  return new AuthorityError('not_found', { detail: `There is no service or client ${name}.` });
}

function eventOf(type: 'client_disabled' | 'client_enabled', { id, name }: Service, actor: Actor) {
  return { type, actor, reason: name, detail: { client_id: id } } as const;
}
