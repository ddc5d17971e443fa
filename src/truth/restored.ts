/**
 * After a database was restored to an earlier state: it lacks logouts, password changes and sessions made since. So every access
 * token issued until now is refused and every earlier session ends, unless sessions are kept: clients then get new tokens with
 * their next refresh. Each step can run alone; repeating completes an interrupted run.
 */

import { rfc3339 } from '@countersign/verifier/clock';
import type { UserId } from '@countersign/verifier/ids';
import { verifierLimits } from '@countersign/verifier/limits';
import { markAt } from '@countersign/verifier/revocation/issuedBefore';
import type { EffectReport } from '@countersign/verifier/revocation/revocation';
import type { Actor } from '../audit/auditEvent.ts';
import { type RevokingParts, revokeAndPropagate } from '../revocation/propagation/revokeAndPropagate.ts';
import { type EndedByPage, endSessionsByPage, worseOf } from '../sessions/endSessionsByPage.ts';
import { sessionLimits } from '../sessions/limits.ts';

export interface Marked {
  /** Access tokens issued until then are refused; milliseconds since the Unix epoch. */
  readonly issuedUntil: number;
  readonly effect: EffectReport | undefined;
}

export interface RestoredResult extends Marked {
  readonly endedSessions: number;
}

/** Rejects with `unavailable` when it may not be in effect: call again. */
export type Restored = (options: { readonly keepSessions: boolean }, actor: Actor) => Promise<RestoredResult>;

export interface RestoredParts extends RevokingParts {
  /** Declares the database trusted as it is, on every node: see truth/sighting.ts. */
  readonly decide: () => Promise<void>;
}

export function createRestored(parts: RestoredParts): Restored {
  return async ({ keepSessions }, actor) => {
    const { issuedUntil, effect } = await refuseEarlierTokens(parts, actor);
    const ended = keepSessions ? undefined : await endEarlierSessions(parts, issuedUntil, actor);
    await forgetLinks(parts);
    // Must come last: until then nothing is served, and an interrupted run is repeated.
    await parts.decide();
    return {
      issuedUntil,
      endedSessions: ended?.endedSessions ?? 0,
      effect: worseOf(effect, ended?.effect),
    };
  };
}

/** Links and codes that were used since are there again, as are messages that were sent. */
async function forgetLinks({ database }: RestoredParts): Promise<void> {
  await database.transaction(async ({ oneTimeTokens, outbox, users }) => {
    await oneTimeTokens.clear();
    await outbox.clear();
    // Their owners may have stopped them since.
    await users.stopFactorsResets();
  });
}

/**
 * Refuses every token issued until `moment`, for the longest token lifetime, and propagates. `moment` defaults to the later of
 * this node's and the database's time: nodes issue tokens by their own clocks. Repeating it with the same moment only propagates
 * again.
 */
export async function refuseEarlierTokens(
  parts: RevokingParts,
  actor: Actor,
  moment?: number,
): Promise<Marked> {
  const { database, clock } = parts;
  // Other nodes may be ahead by the clock skew. A database further ahead must not block every login.
  const latest = clock.now() + verifierLimits.clockSkewSeconds * 1000;
  const issuedUntil = moment ?? Math.max(clock.now(), Math.min(await database.revocations.clock(), latest));
  const now = clock.now();
  const detail = { issued_until: rfc3339(issuedUntil) };
  const mark = markAt(issuedUntil);
  const { effect } = await revokeAndPropagate(parts, now, async ({ revocations, revoke, audit }) => {
    const [known] = await revocations.find([mark.subject]);
    await revoke([mark]);
    if (known === undefined) await audit.record({ type: 'database_restored', actor, detail }, now);
  });
  return { issuedUntil, effect };
}

/**
 * Ends every session begun until `moment`, page by page; logins and refreshes in flight fail. Repeating it ends the rest and
 * spares sessions begun later.
 */
export async function endEarlierSessions(
  parts: RevokingParts,
  moment: number,
  actor: Actor,
): Promise<EndedByPage> {
  // The clock of the node that made a session may be ahead: ending one too many is better than missing one.
  const createdBefore = moment + verifierLimits.clockSkewSeconds * 1000;
  let after: UserId | undefined;
  do {
    after = await parts.database.users.bumpTokenVersions(
      createdBefore,
      after,
      sessionLimits.sessionsPageRows,
    );
  } while (after !== undefined);
  return endSessionsByPage(parts, {
    select: (range) => ({ matching: { createdBefore }, range }),
    reason: 'restored',
    actor,
  });
}
