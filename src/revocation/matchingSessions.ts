/** Revoking by filter: what a filter may contain, and ending the matching sessions. */

import { invalidField } from '@countersign/verifier/errors';
import { isUuid, type UserId } from '@countersign/verifier/ids';
import { verifierLimits } from '@countersign/verifier/limits';
import type { Actor } from '../audit/auditEvent.ts';
import { canonicalIp } from '../platform/ipAddress.ts';
import { type EndedByPage, endSessionsByPage } from '../sessions/endSessionsByPage.ts';
import type { SelectInRange, SessionFilter } from '../sessions/store.ts';
import { type NamedRequest, type OpenedRequest, openRequest } from './idempotency.ts';
import { revocationLimits } from './limits.ts';
import type { RevokingParts } from './propagation/revokeAndPropagate.ts';

/** As the caller wrote it. Times are milliseconds since the Unix epoch. */
export interface FilterText {
  readonly userId?: string;
  readonly clientId?: string;
  readonly createdBefore?: number;
  readonly createdFrom?: number;
  readonly ip?: string;
}

/** A target with any number of sessions. */
export type PagedTarget =
  /** Every session whose tokens were issued to this client. */
  | { readonly clientId: string }
  /** Every matching session. */
  | { readonly filter: FilterText };

const clientIdShape = new RegExp(`^[\\x20-\\x7e]{1,${revocationLimits.clientIdCharacters}}$`);

/** The end of the year 9999, RFC 3339's last. */
const lastTime = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** Throws `invalid_request` naming the field. */
export function filterOf(target: PagedTarget): SessionFilter {
  return readFilter('filter' in target ? target.filter : target);
}

export function uuidOf(field: string, text: string): string {
  if (!isUuid(text)) throw invalidField(field, 'format', 'must be a UUID in lower case');
  return text;
}

function readFilter({ userId, clientId, createdBefore, createdFrom, ip }: FilterText): SessionFilter {
  const filter: SessionFilter = {
    ...(userId === undefined ? {} : { userId: uuidOf('user_id', userId) as UserId }),
    ...(clientId === undefined ? {} : { clientId: readClientId(clientId) }),
    ...(createdBefore === undefined ? {} : { createdBefore: readTime('created_before_ms', createdBefore) }),
    ...(createdFrom === undefined ? {} : { createdFrom: readTime('created_from_ms', createdFrom) }),
    ...(ip === undefined ? {} : { ip: readIp(ip) }),
  };
  // An empty filter would end every session: an omission must not mean that.
  if (Object.keys(filter).length === 0)
    throw invalidField('filter', 'required', 'must have at least one condition');
  return filter;
}

function readClientId(text: string): string {
  if (clientIdShape.test(text)) return text;
  const rule = `must be 1 to ${revocationLimits.clientIdCharacters} printable ASCII characters`;
  throw invalidField('client_id', 'format', rule);
}

function readTime(field: string, milliseconds: number): number {
  if (Number.isSafeInteger(milliseconds) && milliseconds > 0 && milliseconds <= lastTime) return milliseconds;
  throw invalidField(field, 'range', 'must be milliseconds since the Unix epoch, more than 0');
}

function readIp(text: string): string {
  const ip = canonicalIp(text);
  if (ip === undefined) throw invalidField('ip', 'format', 'must be an IP address');
  return ip;
}

/** `newBefore` as in `SessionSelection`. */
export function sessionsMatching(filter: SessionFilter, newBefore?: number): SelectInRange {
  return (range) => ({ matching: filter, range, ...(newBefore === undefined ? {} : { newBefore }) });
}

export async function endMatching(
  parts: RevokingParts,
  filter: SessionFilter,
  actor: Actor,
  request: NamedRequest | undefined,
): Promise<EndedByPage> {
  const { database, clock } = parts;
  const ending = { actor, reason: 'revoked', request } as const;
  if (request === undefined) return endSessionsByPage(parts, { select: sessionsMatching(filter), ...ending });
  const opened = await database.transaction((stores) => openRequest(stores, request, clock.now()));
  const select = sessionsMatching(filter, newBefore(opened));
  const { effect } = await endSessionsByPage(parts, { select, ...ending });
  const endedSessions = await database.transaction(({ requests }) => requests.note(request, 0, true));
  return { endedSessions, effect };
}

/**
 * A repetition must not end sessions that began after the first request. The clock of the node that made a session may be ahead
 * of ours, so the bound is generous: ending one too many is better than missing one.
 */
function newBefore({ isNew, finished, openedAt }: OpenedRequest): number | undefined {
  if (isNew) return undefined;
  return finished ? 0 : openedAt + verifierLimits.clockSkewSeconds * 1000;
}
