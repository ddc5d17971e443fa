/**
 * Requests that their callers named (`request_id`): a caller that got no answer repeats one, and nothing happens that would
 * not have happened the first time. What was revoked is brought into effect again, since that may be what had failed.
 */
import { createHash } from 'node:crypto';
import { invalidField } from '@countersign/verifier/errors';
import type { Actor } from '../audit/auditEvent.ts';
import type { Database, Stores } from '../database.ts';
import { revocationLimits } from './limits.ts';

export interface RequestName {
  /** As in the audit trail; two callers may use the same ids. */
  readonly caller: string;
  readonly id: string;
}

export interface NamedRequest extends RequestName {
  /** SHA-256 of what was asked for. */
  readonly targetHash: Uint8Array;
}

/** What is known of a request. */
export interface OpenedRequest {
  readonly targetHash: Uint8Array;
  /** When it came for the first time; milliseconds since the Unix epoch. */
  readonly openedAt: number;
  readonly endedSessions: number;
  /** Whether it came just now, and not before. */
  readonly isNew: boolean;
  /** False for one that is new, or was cut short. */
  readonly finished: boolean;
}

export interface RequestStore {
  /**
   * The request of this name, made now unless one was opened less than `keptMs` ago, by `now` or by the clock of the database:
   * a node whose clock is ahead forgets none too early. Nobody else has it open until the commit.
   */
  open(request: NamedRequest, now: number, keptMs: number): Promise<OpenedRequest>;
  /** Whether one of this name, and for the same, is kept; as `open` would find it. */
  isKept(request: NamedRequest, now: number, keptMs: number): Promise<boolean>;
  /** Adds sessions that it ended; answers how many those are by now. */
  note(name: RequestName, endedSessions: number, finished: boolean): Promise<number>;
  /** Deletes at most `limit` that were opened more than `keptMs` ago, by both clocks; answers how many. */
  prune(keptMs: number, now: number, limit: number): Promise<number>;
}

const shape = new RegExp(`^[\\x20-\\x7e]{1,${revocationLimits.namedRequestCharacters}}$`);

/** Throws `invalid_request` naming `request_id`. */
export function checkRequestId(id: string): void {
  if (shape.test(id)) return;
  const rule = `must be 1 to ${revocationLimits.namedRequestCharacters} printable ASCII characters`;
  throw invalidField('request_id', 'format', rule);
}

/** Undefined without an id. `target`: the same for the same request, in everything that matters. */
export function nameRequest(
  id: string | undefined,
  { name }: Actor,
  target: Readonly<Record<string, unknown>>,
): NamedRequest | undefined {
  if (id === undefined) return undefined;
  checkRequestId(id);
  const members = Object.entries(target).sort(([one], [other]) => (one < other ? -1 : 1));
  return { caller: name, id, targetHash: createHash('sha256').update(JSON.stringify(members)).digest() };
}

/** Throws `invalid_request` naming `request_id` when the same name was given to something else. */
export async function openRequest(
  { requests }: Pick<Stores, 'requests'>,
  request: NamedRequest,
  now: number,
): Promise<OpenedRequest> {
  const opened = await requests.open(request, now, revocationLimits.namedRequestMilliseconds);
  if (Buffer.compare(opened.targetHash, request.targetHash) === 0) return opened;
  throw invalidField('request_id', 'reused', 'was used for something else in the last 24 hours');
}

/** Whether it came before. */
export function isRepeated(
  { requests }: Pick<Stores, 'requests'>,
  request: NamedRequest,
  now: number,
): Promise<boolean> {
  return requests.isKept(request, now, revocationLimits.namedRequestMilliseconds);
}

/** Forgets at most `limit` that are too old; answers how many. */
export function pruneRequests(
  { requests }: Pick<Database, 'requests'>,
  now: number,
  limit: number,
): Promise<number> {
  return requests.prune(revocationLimits.namedRequestMilliseconds, now, limit);
}
