/**
 * RevocationService.WatchRevocations: the two directions of one edge's stream. What an edge is sent, and when, is decided
 * in revocation/edge.ts; here it is read, written with back-pressure, and translated.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { ReconnectReason as ReconnectReasonName } from '../contract/generated/countersign/v1/ReconnectReason.ts';
import type { WatchRevocationsRequest__Output } from '../contract/generated/countersign/v1/WatchRevocationsRequest.ts';
import type { WatchRevocationsResponse } from '../contract/generated/countersign/v1/WatchRevocationsResponse.ts';
import { type Clock, withDeadline } from '../core/clock.ts';
import { AuthorityError, invalidField } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { WatchRevocations } from '../flows/watchRevocations.ts';
import type { EdgeStream } from '../revocation/edge.ts';
import type { FeedEnd, FeedMessage, ReconnectReason } from '../revocation/feed.ts';
import type { ProjectedSlice } from '../revocation/projection.ts';
import { toReason } from './reasons.ts';

export type WatchCall = ServerDuplexStream<WatchRevocationsRequest__Output, WatchRevocationsResponse>;

export interface WatchRevocationsFlows {
  readonly watchRevocations: WatchRevocations;
}

/** Resolves when the stream may end with OK; rejects with what it has to end with. */
export type ServeEdge = (call: WatchCall, stillAllowed: () => Promise<unknown>) => Promise<void>;

export function createServeEdge(parts: {
  flows: WatchRevocationsFlows;
  issuer: string;
  sliceMs: number;
  clock: Clock;
}): ServeEdge {
  const { flows, clock } = parts;
  const nodeId = randomUUID();
  const started = (edge: EdgeStream): WatchRevocationsResponse => ({
    started: {
      nodeId,
      issuer: parts.issuer,
      renewalIntervalMs: limits.edgeRenewalMilliseconds,
      silenceMs: limits.edgeStreamSilenceMilliseconds,
      sliceMs: parts.sliceMs,
      entries: edge.snapshotEntries,
    },
  });

  return async (call, stillAllowed) => {
    const requests = call[Symbol.asyncIterator]() as AsyncIterator<WatchRevocationsRequest__Output>;
    const late = () => invalidField('start', 'required', 'must be sent at once');
    const first = await withDeadline(clock, limits.edgeStartMilliseconds, requests.next(), late);
    const edgeId = first.done === true ? undefined : first.value.start?.edgeId;
    if (edgeId === undefined) throw invalidField('start', 'required', 'must be the first message');
    const edge = await flows.watchRevocations(edgeId);
    try {
      const reading = read(requests, edge, stillAllowed);
      const writing = write(call, started(edge), edge);
      // Whoever fails first ends both, and the other one has nothing to add.
      writing.catch(() => {});
      await Promise.race([reading.then(() => writing), writing]);
    } finally {
      edge.disconnected();
    }
  };
}

/** Until the edge says no more; rejects for what is against the protocol. */
async function read(
  requests: AsyncIterator<WatchRevocationsRequest__Output>,
  edge: EdgeStream,
  stillAllowed: () => Promise<unknown>,
): Promise<void> {
  for (;;) {
    const { done, value: request } = await requests.next();
    if (done === true) break;
    if (request.renew) {
      // A stream lives for long; the permission may not.
      await stillAllowed();
      edge.renew(request.renew.number);
    } else if (request.acknowledge) edge.acknowledge(request.acknowledge.position);
    else if (request.leave) edge.leave();
    else throw invalidField('message', 'one of', 'must be renew, acknowledge or leave');
  }
  edge.disconnected();
}

async function write(call: WatchCall, started: WatchRevocationsResponse, edge: EdgeStream): Promise<void> {
  const gone = once(call, 'close');
  const send = async (response: WatchRevocationsResponse) => {
    if (call.write(response) || call.destroyed) return;
    await Promise.race([once(call, 'drain'), gone]);
  };
  call.once('cancelled', edge.disconnected);
  await send(started);
  for (let message = await edge.next(); message !== undefined; message = await edge.next()) {
    for (const response of toResponses(message)) await send(response);
  }
  const end = ends[edge.ended() ?? 'disconnected'];
  if (end !== undefined) throw end();
}

/** What the edge is told; the others have nobody to tell. */
const ends: Record<FeedEnd, (() => AuthorityError) | undefined> = {
  left: undefined,
  disconnected: undefined,
  too_slow: () => new AuthorityError('edge_too_slow'),
  silent: () => new AuthorityError('edge_silent'),
  started_over: () => new AuthorityError('feed_started_over'),
  reconnect: () => new AuthorityError('unavailable', { reason: 'reconnect', retryAfterSeconds: 1 }),
};

function toResponses(message: FeedMessage): Iterable<WatchRevocationsResponse> {
  return message.kind === 'slice' ? sliceResponses(message.slice) : [responseOf(message)];
}

const reconnectReasons = {
  draining: ReconnectReasonName.RECONNECT_REASON_DRAINING,
  connection_age: ReconnectReasonName.RECONNECT_REASON_CONNECTION_AGE,
} as const satisfies Record<ReconnectReason, string>;

/** Made one by one as they are read, so that a snapshot is in no buffer. */
function* sliceResponses({ ofSessions, endsAt, layers }: ProjectedSlice): Iterable<WatchRevocationsResponse> {
  for (const { capacity, entries, bytes } of layers) {
    yield { filterStart: { ofSessions, sliceEndMs: endsAt, capacity, entries } };
    for (let from = 0; from < bytes.length; from += limits.edgeFilterBytes) {
      const length = Math.min(limits.edgeFilterBytes, bytes.length - from);
      // Memory itself, without a copy: bits that are set before they are read are sent twice, and do no harm.
      yield { filterBytes: { bytes: Buffer.from(bytes.buffer, bytes.byteOffset + from, length) } };
    }
  }
}

/** One and the same for all edges, so that it is encoded once. */
const shared = new WeakMap<FeedMessage, WatchRevocationsResponse>();

function responseOf(message: Exclude<FeedMessage, { kind: 'slice' }>): WatchRevocationsResponse {
  const known = shared.get(message);
  if (known !== undefined) return known;
  const response = translate(message);
  shared.set(message, response);
  return response;
}

function translate(message: Exclude<FeedMessage, { kind: 'slice' }>): WatchRevocationsResponse {
  switch (message.kind) {
    case 'revocations': {
      const entries = message.revocations.map(({ subject, expiresAt, reason }) => ({
        subject: Buffer.from(subject),
        expireTimeMs: expiresAt,
        reason: toReason(reason),
      }));
      return { revocations: { position: message.position, entries } };
    }
    case 'snapshot_end':
      return { snapshotEnd: { position: message.position } };
    case 'keys':
      return { keys: { jwks: message.jwks, ageMs: message.ageMs } };
    case 'lease':
      return { lease: { number: message.number, leaseMs: message.leaseMs } };
    case 'reconnect':
      return { reconnect: { reason: reconnectReasons[message.reason], graceMs: message.graceMs } };
  }
}
