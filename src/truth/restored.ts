/**
 * The database was put back to an earlier state: it knows nothing of logouts, password changes and sessions since. So no access token
 * that was issued until now is accepted any more, and every session of before ends, unless they are to go on: then clients get new
 * tokens with their next refresh. Both steps can be taken alone, and again: what was cut short is finished by that.
 */

import { rfc3339 } from '@countersign/verifier/clock';
import type { UserId } from '@countersign/verifier/ids';
import { verifierLimits } from '@countersign/verifier/limits';
import { markAt } from '@countersign/verifier/revocation/issuedBefore';
import type { EffectReport } from '@countersign/verifier/revocation/revocation';
import type { Actor } from '../audit/auditEvent.ts';
import { idBefore } from '../platform/newId.ts';
import { type RevokingParts, revokeAndPropagate } from '../revocation/propagation/revokeAndPropagate.ts';
import { type EndedByPage, endSessionsByPage, worseOf } from '../sessions/endSessionsByPage.ts';
import { sessionLimits } from '../sessions/limits.ts';

export interface Marked {
  /** No access token that was issued until then is accepted; milliseconds since the Unix epoch. */
  readonly issuedUntil: number;
  readonly effect: EffectReport | undefined;
}

export interface RestoredResult extends Marked {
  readonly endedSessions: number;
}

/** Rejects with `unavailable` when it is not known to be in effect: then call again. */
export type Restored = (options: { readonly keepSessions: boolean }, actor: Actor) => Promise<RestoredResult>;

export interface RestoredParts extends RevokingParts {
  /** From then on the database is the truth as it is, on every node: see truth/sighting.ts. */
  readonly decide: () => Promise<void>;
}

export function createRestored(parts: RestoredParts): Restored {
  return async ({ keepSessions }, actor) => {
    const { issuedUntil, effect } = await refuseEarlierTokens(parts, actor);
    const ended = keepSessions ? undefined : await endEarlierSessions(parts, issuedUntil, actor);
    // Last: until then nothing is served, and what was cut short is done again.
    await parts.decide();
    return {
      issuedUntil,
      endedSessions: ended?.endedSessions ?? 0,
      effect: worseOf(effect, ended?.effect),
    };
  };
}

/**
 * With effect: every token that was issued until `moment` is refused, for as long as one could live. Without it, until now by the
 * clock of this node or of the database, whichever is ahead: nodes issue tokens by clocks of their own. Again with the same moment
 * changes nothing, and brings it into effect again.
 */
export async function refuseEarlierTokens(
  parts: RevokingParts,
  actor: Actor,
  moment?: number,
): Promise<Marked> {
  const { database, clock } = parts;
  // Other nodes may be ahead of this one by the skew; a database that is further ahead would keep everybody from logging in.
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
 * Ends every session that began until `moment`, page by page and with effect; logins and refreshes that are in flight do not survive.
 * Again, it ends what is left, and leaves sessions alone that began later.
 */
export async function endEarlierSessions(
  parts: RevokingParts,
  moment: number,
  actor: Actor,
): Promise<EndedByPage> {
  // The clock of the node that made a session may be ahead: rather one too many ends than one of before is missed.
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
    until: idBefore(createdBefore),
    reason: 'restored',
    actor,
  });
}
