/**
 * RevocationService.WatchRevocations: the two directions of one edge's stream. What an edge is sent, and when, is decided
 * in revocation/subscribers/subscriber.ts; here it is read, written with back-pressure, and translated.
 */
import { once } from 'node:events';
import { type Clock, withDeadline } from '@countersign/verifier/clock';
import { ReconnectReason as ReconnectReasonName } from '@countersign/verifier/contract/generated/countersign/v1/ReconnectReason';
import type { WatchRevocationsRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/WatchRevocationsRequest';
import type { WatchRevocationsResponse } from '@countersign/verifier/contract/generated/countersign/v1/WatchRevocationsResponse';
import { AuthorityError, invalidField } from '@countersign/verifier/errors';
import type { ProjectedSlice } from '@countersign/verifier/revocation/projection';
import type { MethodDefinition, ServerDuplexStream, ServiceDefinition } from '@grpc/grpc-js';
import { limits } from '../../platform/limits.ts';
import type { Log } from '../../platform/observability/log.ts';
import type { Metrics } from '../../platform/observability/metrics.ts';
import { toReason } from '../../transport/grpc/reasons.ts';
import { readable } from '../../transport/grpc/requests.ts';
import type { Serve } from '../../transport/grpc/rpc.ts';
import type { FeedEnd, FeedMessage, ReconnectReason } from './feed.ts';
import { createEdgePlaces } from './places.ts';
import type { EdgeStream } from './subscriber.ts';
import type { WatchRevocations } from './watchRevocations.ts';

type WatchCall = ServerDuplexStream<WatchRevocationsRequest__Output, WatchRevocationsResponse>;

export type WatchStream = Serve<WatchRevocationsRequest__Output, WatchRevocationsResponse>;

export function createWatchStream(parts: {
  watchRevocations: WatchRevocations;
  issuer: string;
  sliceMs: number;
  nodeId: string;
  clock: Clock;
  log: Pick<Log, 'info'>;
  metrics: Pick<Metrics, 'edgeRefused'>;
}): WatchStream {
  const { watchRevocations, clock, log, nodeId, metrics } = parts;
  const places = createEdgePlaces({ onRefused: metrics.edgeRefused });
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

  return async (call, { name: service }, authorizeAgain) => {
    // An edge that says no more is still sent what was on its way: the end of one direction must not end the other.
    const requests = call.iterator({ destroyOnReturn: false })[Symbol.asyncIterator]();
    const late = () => invalidField('start', 'required', 'must be sent at once');
    const first = await withDeadline(clock, limits.edgeStartMilliseconds, requests.next(), late);
    const edgeId = first.done === true ? undefined : readable(first.value).start?.edgeId;
    if (edgeId === undefined) throw invalidField('start', 'required', 'must be the first message');
    // Until it is closed, whoever ended it: what is written to an edge that does not read takes memory all the while.
    call.once('close', places.take(service));
    const edge = await watchRevocations(edgeId, service);
    log.info({ service, edge: edgeId }, 'an edge watches revocations');
    try {
      const reading = read(requests, edge, authorizeAgain);
      const writing = write(call, started(edge), edge);
      // Whoever fails first ends both, and the other one has nothing to add.
      writing.catch(() => {});
      await Promise.race([reading.then(() => writing), writing]);
    } finally {
      edge.disconnected();
      log.info({ service, edge: edgeId, why: edge.ended() }, 'an edge has ended');
    }
  };
}

/** Until the edge says no more; rejects for what is against the protocol. */
async function read(
  requests: AsyncIterator<WatchRevocationsRequest__Output>,
  edge: EdgeStream,
  authorizeAgain: () => Promise<unknown>,
): Promise<void> {
  for (;;) {
    const { done, value } = await requests.next();
    if (done === true) break;
    const request = readable(value);
    if (request.renew) {
      await authorizeAgain();
      edge.renew(request.renew.number);
    } else if (request.acknowledge) edge.acknowledge(request.acknowledge.position);
    else if (request.leave) edge.leave();
    else throw invalidField('message', 'one of', 'must be renew, acknowledge or leave');
  }
  edge.finished();
}

async function write(call: WatchCall, started: WatchRevocationsResponse, edge: EdgeStream): Promise<void> {
  const gone = once(call, 'close');
  // It also rejects with the error that ends the stream, when nobody may be waiting for it any more.
  gone.catch(() => {});
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

/** One and the same for all edges: see `encodingOnce`. */
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
        unconfirmed: !message.committed,
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

/** The same service, which encodes a message that goes to many edges for the first of them only. */
export function encodingOnce<Service extends ServiceDefinition>(service: Service): Service {
  const { WatchRevocations: method } = service as unknown as Record<'WatchRevocations', Encoding>;
  const { responseSerialize: encode } = method;
  const encoded = new WeakMap<object, Buffer>();
  const responseSerialize = (response: object) => {
    const known = encoded.get(response);
    if (known !== undefined) return known;
    const bytes = encode(response);
    encoded.set(response, bytes);
    return bytes;
  };
  return { ...service, WatchRevocations: { ...method, responseSerialize } };
}

type Encoding = MethodDefinition<unknown, object>;
