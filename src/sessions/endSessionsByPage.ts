/**
 * Ends many sessions page by page: each page is one transaction and is propagated, so no lock is held for long. Repeating an
 * interrupted run completes it.
 */

import type { SessionId, UserId } from '@countersign/verifier/ids';
import type { EffectReport } from '@countersign/verifier/revocation/revocation';
import type { Actor } from '../audit/auditEvent.ts';
import type { Database } from '../database.ts';
import type { RequestName } from '../revocation/idempotency.ts';
import { type RevokingParts, revokeAndPropagate } from '../revocation/propagation/revokeAndPropagate.ts';
import { endSelected } from './endSessions.ts';
import { sessionLimits } from './limits.ts';
import type { EndReason } from './session.ts';
import type { SessionRange, SessionSelection } from './store.ts';

/** The range to scan, and the sessions in it to end. */
export interface PagedSelection {
  readonly select: (range: SessionRange) => SessionSelection;
  /** Scans only this user's sessions. */
  readonly userId?: UserId | undefined;
  /** Scans only sessions after this one. */
  readonly after?: SessionId | undefined;
  /** Scans only up to and including this one. */
  readonly until?: SessionId | undefined;
}

export interface PagedEnding extends PagedSelection {
  readonly reason: EndReason;
  readonly actor: Actor;
  /** Each page adds to its count, in the page's transaction. */
  readonly request?: RequestName | undefined;
}

export interface EndedByPage {
  readonly endedSessions: number;
  /** The slowest propagation; undefined when nothing was revoked. */
  readonly effect: EffectReport | undefined;
}

export async function endSessionsByPage(parts: RevokingParts, ending: PagedEnding): Promise<EndedByPage> {
  let endedSessions = 0;
  let worst: EffectReport | undefined;
  for await (const selection of pages(parts.database, ending)) {
    const { result, effect } = await endPage(parts, ending, selection);
    endedSessions += result;
    worst = worseOf(worst, effect);
  }
  return { endedSessions, effect: worst };
}

/** Counts the sessions that would end. */
export async function countByPage(
  { database, clock }: Pick<RevokingParts, 'database' | 'clock'>,
  paged: PagedSelection,
): Promise<number> {
  let count = 0;
  for await (const selection of pages(database, paged))
    count += await database.sessions.count(selection, clock.now());
  return count;
}

async function* pages(
  { sessions }: Pick<Database, 'sessions'>,
  { select, userId, after, until }: PagedSelection,
): AsyncGenerator<SessionSelection> {
  let range: SessionRange = { after: undefined, last: after };
  do {
    range = await sessions.nextRange(range.last, sessionLimits.sessionsPageRows, userId);
    yield select(range);
  } while (range.last !== undefined && (until === undefined || range.last < until));
}

function endPage(parts: RevokingParts, { reason, actor, request }: PagedEnding, selection: SessionSelection) {
  const now = parts.clock.now();
  return revokeAndPropagate(parts, now, async (stores) => {
    const { length } = await endSelected(stores, selection, { reason, actor, now });
    if (request !== undefined && length > 0) await stores.requests.note(request, length, false);
    return length;
  });
}

/** Both are in effect once the later one is. A node that delayed either is named. */
export function worseOf(
  one: EffectReport | undefined,
  other: EffectReport | undefined,
): EffectReport | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const nodes = new Map(one.nodes.map((node) => [node.id, node]));
  for (const node of other.nodes) {
    if (node.outcome !== 'acknowledged' || !nodes.has(node.id)) nodes.set(node.id, node);
  }
  return {
    effectAt: Math.max(one.effectAt, other.effectAt),
    milliseconds: Math.max(one.milliseconds, other.milliseconds),
    nodes: [...nodes.values()],
  };
}
