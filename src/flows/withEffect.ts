/**
 * A transaction that can end sessions, and what follows its commit: the revocations are brought into effect before
 * anybody is answered. Every flow that ends sessions goes through here, whichever edge it was called from.
 */
import { uuidBytes } from '../core/ids.ts';
import { limits } from '../core/limits.ts';
import type { Effect, Revocation } from '../revocation/revocation.ts';
import type { EndReason } from '../sessions/session.ts';
import type { EndedSession, SessionSelection } from '../sessions/sessionStore.ts';
import type { Database, Stores } from './database.ts';

export interface EndingStores extends Stores {
  /** Ends the selected sessions and revokes every access token minted in them; answers those that were alive. */
  endSessions(selection: SessionSelection, reason: EndReason): Promise<readonly EndedSession[]>;
}

export interface EffectParts {
  readonly database: Database;
  readonly effect: Effect;
}

/**
 * Resolves when the work is committed and what it revoked is in effect (I1). A caller whose answer was lost can repeat
 * the operation: sessions that had ended before are brought into effect again.
 */
export async function withEffect<T>(
  { database, effect }: EffectParts,
  now: number,
  work: (stores: EndingStores) => Promise<T>,
): Promise<T> {
  const revoked: Revocation[] = [];
  const transaction = database.transaction(async (stores) => {
    const endSessions: EndingStores['endSessions'] = async (selection, reason) => {
      const ended = await stores.sessions.end(selection, reason, now);
      const revocations = ended.map((session) => sessionRevocation(session, reason));
      await stores.revocations.record(revocations, now);
      revoked.push(...revocations);
      return ended.filter(({ newlyEnded }) => newlyEnded);
    };
    return work({ ...stores, endSessions });
  });
  try {
    return await transaction;
  } finally {
    // Also when it failed: a commit whose answer was lost may have been done. If it was not, nothing is found in the
    // truth when a check asks, so that an announcement too many costs a question and no wrong answer.
    await effect.announce(revoked);
  }
}

function sessionRevocation({ id, accessExpiresAt }: EndedSession, reason: EndReason): Revocation {
  return {
    subject: uuidBytes(id),
    reason,
    expiresAt: accessExpiresAt + limits.revocationMarginSeconds * 1000,
  };
}
