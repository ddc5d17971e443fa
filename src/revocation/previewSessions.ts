/** Which sessions a revocation by filter would end: how many, in which parts, and some of them. Changes nothing. */
import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import type { SessionId } from '@countersign/verifier/ids';
import type { Actor } from '../audit/auditEvent.ts';
import type { Database } from '../database.ts';
import { sessionLimits } from '../sessions/limits.ts';
import type { SessionPage } from '../sessions/listSessions.ts';
import type { SessionPreview } from '../sessions/store.ts';
import { checkRequestId, type OpenedRequest } from './idempotency.ts';
import { revocationLimits } from './limits.ts';
import { type FilterText, filterOf } from './matchingSessions.ts';

/** Throws `invalid_request` naming the field. */
export interface PreviewSessions {
  previewRevocation(filter: FilterText): Promise<SessionPreview>;
  /** Newest (`desc`) or oldest first. Without a condition, all sessions match. */
  findSessions(
    filter: FilterText,
    page: { readonly size: number; readonly way: 'asc' | 'desc'; readonly after?: SessionId | undefined },
  ): Promise<SessionPage>;
  /** How far a named request of the actor is. Throws `not_found`. */
  revocationProgress(requestId: string, actor: Actor): Promise<Omit<OpenedRequest, 'targetHash' | 'isNew'>>;
}

export function createPreviewSessions({
  database,
  clock,
}: {
  readonly database: Pick<Database, 'sessions' | 'requests'>;
  readonly clock: Pick<Clock, 'now'>;
}): PreviewSessions {
  const { sessions, requests } = database;
  return {
    previewRevocation: async (filter) =>
      sessions.preview(filterOf({ filter }), clock.now(), {
        parts: revocationLimits.previewParts,
        sessions: sessionLimits.previewedSessions,
      }),

    async findSessions(given, { size, way, after }) {
      const filter = Object.keys(given).length === 0 ? {} : filterOf({ filter: given });
      const rows = await sessions.search(filter, { now: clock.now(), limit: size + 1, way, after });
      const page = rows.slice(0, size);
      return { sessions: page, next: rows.length > size ? page.at(-1)?.id : undefined };
    },

    async revocationProgress(id, { name: caller }) {
      checkRequestId(id);
      const found = await requests.find({ caller, id });
      if (found !== undefined) return found;
      throw new AuthorityError('not_found', { detail: 'There is no such request in the last 24 hours.' });
    },
  };
}
