/**
 * Named requests (`request_id`): a caller that got no answer repeats the request without revoking anything more. The earlier
 * revocations are propagated again, because propagation may be what failed.
 */
import { createHash } from 'node:crypto';
import { invalidField } from '@countersign/verifier/errors';
import type { Actor } from '../audit/auditEvent.ts';
import type { Database, Stores } from '../database.ts';
import { revocationLimits } from './limits.ts';

export interface RequestName {
  /** As in the audit log; two callers may use the same ids. */
  readonly caller: string;
  readonly id: string;
}

export interface NamedRequest extends RequestName {
  /** SHA-256 of the requested target. */
  readonly targetHash: Uint8Array;
}

export interface OpenedRequest {
  readonly targetHash: Uint8Array;
  /** First arrival, milliseconds since the Unix epoch. */
  readonly openedAt: number;
  readonly endedSessions: number;
  /** True when this is the first arrival. */
  readonly isNew: boolean;
  /** False for a new or interrupted request. */
  readonly finished: boolean;
}

export interface RequestStore {
  /**
   * Finds the request, or creates it unless one was opened less than `keptMs` ago by the earlier of `now` and the database's
   * clock: a node whose clock is ahead must not forget too early. Locks it until the commit.
   */
  open(request: NamedRequest, now: number, keptMs: number): Promise<OpenedRequest>;
  /** Whether `open` would find a request with this name and target. */
  isKept(request: NamedRequest, now: number, keptMs: number): Promise<boolean>;
  find(name: RequestName): Promise<Omit<OpenedRequest, 'targetHash' | 'isNew'> | undefined>;
  /** Adds to the number of sessions the request ended; returns the total. */
  note(name: RequestName, endedSessions: number, finished: boolean): Promise<number>;
  /** Deletes at most `limit` requests opened more than `keptMs` ago by both clocks; returns how many. */
  prune(keptMs: number, now: number, limit: number): Promise<number>;
}

const shape = new RegExp(`^[\\x20-\\x7e]{1,${revocationLimits.namedRequestCharacters}}$`);

/** Throws `invalid_request` naming `request_id`. */
export function checkRequestId(id: string): void {
  if (shape.test(id)) return;
  const rule = `must be 1 to ${revocationLimits.namedRequestCharacters} printable ASCII characters`;
  throw invalidField('request_id', 'format', rule);
}

/** Undefined without an id. `target` must be equal for requests that mean the same. */
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

/** Throws `invalid_request` naming `request_id` when the id was used for another target. */
export async function openRequest(
  { requests }: Pick<Stores, 'requests'>,
  request: NamedRequest,
  now: number,
): Promise<OpenedRequest> {
  const opened = await requests.open(request, now, revocationLimits.namedRequestMilliseconds);
  if (Buffer.compare(opened.targetHash, request.targetHash) === 0) return opened;
  throw invalidField('request_id', 'reused', 'was used for another target in the last 24 hours');
}

/** Whether the request arrived before. */
export function isRepeated(
  { requests }: Pick<Stores, 'requests'>,
  request: NamedRequest,
  now: number,
): Promise<boolean> {
  return requests.isKept(request, now, revocationLimits.namedRequestMilliseconds);
}

/** Deletes at most `limit` expired requests; returns how many. */
export function pruneRequests(
  { requests }: Pick<Database, 'requests'>,
  now: number,
  limit: number,
): Promise<number> {
  return requests.prune(revocationLimits.namedRequestMilliseconds, now, limit);
}
