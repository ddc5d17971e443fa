/**
 * Ends many sessions page by page: each page is one transaction and is propagated, so no lock is held for long. Repeating an
 * interrupted run completes it.
 */

import type { EffectReport } from '@countersign/verifier/revocation/revocation';
import type { Actor } from '../audit/auditEvent.ts';
import type { RequestName } from '../revocation/idempotency.ts';
import { type RevokingParts, revokeAndPropagate } from '../revocation/propagation/revokeAndPropagate.ts';
import { endSelected } from './endSessions.ts';
import { sessionLimits } from './limits.ts';
import type { EndReason } from './session.ts';
import type { SelectInRange, SessionRange, SessionSelection } from './store.ts';

export interface PagedEnding {
  readonly select: SelectInRange;
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
  for await (const selection of pages(parts, ending.select)) {
    const { result, effect } = await endPage(parts, ending, selection);
    endedSessions += result;
    worst = worseOf(worst, effect);
  }
  return { endedSessions, effect: worst };
}

/** Counts the sessions that would end. */
export async function countByPage(parts: PagingParts, select: SelectInRange): Promise<number> {
  const { sessions } = parts.database;
  let count = 0;
  for await (const selection of pages(parts, select))
    count += await sessions.count(selection, parts.clock.now());
  return count;
}

type PagingParts = Pick<RevokingParts, 'database' | 'clock'>;

async function* pages(
  { database: { sessions }, clock }: PagingParts,
  select: SelectInRange,
): AsyncGenerator<SessionSelection> {
  let range: SessionRange = { after: undefined, last: undefined };
  do {
    const page = { rows: sessionLimits.sessionsPageRows, now: clock.now() };
    range = await sessions.nextSelected(select, range.last, page);
    yield select(range);
  } while (range.last !== undefined);
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
