/** The end of every start of a session, in its transaction: make room, read the rights, store the row. */
import type { Actor } from '../audit/auditEvent.ts';
import type { Signer } from '../keys/keyRing.ts';
import type { Config } from '../platform/config/config.ts';
import type { RevokingStores } from '../revocation/propagation/revokeAndPropagate.ts';
import { type Rights, rightsAt } from '../rights/rights.ts';
import { endSelected } from './endSessions.ts';
import type { NewSession } from './store.ts';
import { settingsFor, type TokenParts } from './tokenResponse.ts';

export interface StoringParts extends Pick<TokenParts, 'accessTokens'> {
  /** Live sessions of one user; the oldest ends to make room. */
  readonly sessionsPerUser: number;
}

/** For whatever starts sessions. Milliseconds. */
export function lifetimesOf({ refreshIdleTtlMs, maxTtlMs, perUser }: Config['sessions']) {
  return { refreshIdleTtlMs, sessionMaxTtlMs: maxTtlMs, sessionsPerUser: perUser };
}

/**
 * Returns what its first token may say. The caller holds the lock of the user's row and keeps the definitions: a right that is taken
 * away meanwhile is taken away before and not read here, or afterwards and then it finds this session. Throws as `rightsAt` does.
 */
export async function storeSession(
  parts: StoringParts,
  stores: RevokingStores,
  session: NewSession,
  first: {
    readonly audience: string;
    readonly only?: readonly string[] | undefined;
    readonly signer: Signer;
    readonly actor: Actor;
  },
): Promise<Rights> {
  const { userId, clientId, scope, createdAt: now } = session;
  const { audience, only, signer, actor } = first;
  await makeRoom(parts, stores, session, actor);
  const facts = await stores.rights.read(userId, clientId, audience);
  const rights = rightsAt(facts, { scope, only, ...settingsFor(parts.accessTokens, audience, now, session) });
  await stores.sessions.create({ ...session, accessExpiresAt: rights.tokenExpiresAt }, signer.kid);
  return rights;
}

/** Ends the oldest sessions above the limit. */
async function makeRoom(
  { sessionsPerUser }: StoringParts,
  stores: RevokingStores,
  { userId, startedFrom, createdAt: now }: NewSession,
  { requestId }: Actor,
): Promise<void> {
  // Not the one that this one is started from.
  const except = startedFrom === undefined ? {} : { except: startedFrom };
  const oldest = { userId, allButNewest: sessionsPerUser - 1, ...except };
  // The login ends it, not the user.
  const actor: Actor = { name: 'authority', requestId };
  await endSelected(stores, oldest, { reason: 'session_limit', actor, now });
}
