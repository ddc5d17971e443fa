/** A user takes back what an application was allowed: its sessions of this user end, with effect, and the next time it has to ask. */
import { AuthorityError } from '@countersign/verifier/errors';
import type { ServiceId } from '@countersign/verifier/ids';
import type { Actor } from '../../audit/auditEvent.ts';
import { type RevokingParts, revokeAndPropagate } from '../../revocation/propagation/revokeAndPropagate.ts';
import { endSelected } from '../../sessions/endSessions.ts';
import type { Caller } from '../../sessions/session.ts';

/** Throws `not_found` for what is no application of somebody else. May be repeated. */
export type TakeBackConsent = (clientId: ServiceId, caller: Caller, actor: Actor) => Promise<void>;

export function createTakeBackConsent(parts: RevokingParts): TakeBackConsent {
  return async (clientId, { userId, sessionId }, actor) => {
    const now = parts.clock.now();
    await revokeAndPropagate(parts, now, async (stores) => {
      // A code that is being redeemed holds this lock: its session is there to end, or it finds no consent.
      await stores.users.lock(userId);
      const client = await stores.services.find(clientId);
      if (client?.kind !== 'third_party')
        throw new AuthorityError('not_found', { detail: 'There is no such application.' });
      const wasAllowed = await stores.consents.takeBack(userId, clientId);
      // Also when it was taken back before: the first answer may have been lost before its effect.
      const range = { after: undefined, last: undefined };
      const ending = { reason: 'consent_withdrawn', actor, now } as const;
      await endSelected(stores, { matching: { userId, clientId }, range }, ending);
      if (!wasAllowed) return;
      const event = { type: 'consent_withdrawn', actor, userId, sessionId } as const;
      await stores.audit.record({ ...event, reason: client.name, detail: { client_id: clientId } }, now);
    });
  };
}
