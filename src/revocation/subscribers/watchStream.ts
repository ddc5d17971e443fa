/**
 * RevocationService.WatchRevocations: reads and writes one subscriber's stream, with back-pressure. subscriber.ts decides what is
 * sent and when.
 */
import { once } from 'node:events';
import { type Clock, withDeadline } from '@countersign/verifier/clock';
import { ReconnectReason as ReconnectReasonName } from '@countersign/verifier/contract/generated/countersign/v1/ReconnectReason';
import type { WatchRevocationsRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/WatchRevocationsRequest';
import type { WatchRevocationsResponse } from '@countersign/verifier/contract/generated/countersign/v1/WatchRevocationsResponse';
import { AuthorityError, invalidField } from '@countersign/verifier/errors';
import { verifierLimits } from '@countersign/verifier/limits';
import type { ProjectedSlice } from '@countersign/verifier/revocation/projection';
import type { MethodDefinition, ServerDuplexStream, ServiceDefinition } from '@grpc/grpc-js';
import type { Log } from '../../platform/observability/log.ts';
import type { Metrics } from '../../platform/observability/metrics.ts';
import { toReason } from '../../transport/grpc/reasons.ts';
import { readable } from '../../transport/grpc/requests.ts';
import type { Serve } from '../../transport/grpc/rpc.ts';
import type { FeedEnd, FeedMessage, ReconnectReason } from './feed.ts';
import { subscriberLimits } from './limits.ts';
import { createSubscriberPlaces } from './places.ts';
import type { SubscriberStream } from './subscriber.ts';
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
  metrics: Pick<Metrics, 'subscriberRefused'>;
}): WatchStream {
  const { watchRevocations, clock, log, nodeId, metrics } = parts;
  const places = createSubscriberPlaces({ onRefused: metrics.subscriberRefused });
  const started = (subscriber: SubscriberStream): WatchRevocationsResponse => ({
    started: {
      nodeId,
      issuer: parts.issuer,
      renewalIntervalMs: subscriberLimits.subscriberRenewalMilliseconds,
      silenceMs: subscriberLimits.subscriberStreamSilenceMilliseconds,
      sliceMs: parts.sliceMs,
      entries: subscriber.snapshotEntries,
    },
  });

  return async (call, { name: service }, authorizeAgain) => {
    // A subscriber that stops sending still receives queued messages: one direction's end must not end the other.
    const requests = call.iterator({ destroyOnReturn: false })[Symbol.asyncIterator]();
    const late = () => invalidField('start', 'required', 'must be sent at once');
    const first = await withDeadline(
      clock,
      verifierLimits.subscriberStartMilliseconds,
      requests.next(),
      late,
    );
    const edgeId = first.done === true ? undefined : readable(first.value).start?.edgeId;
    if (edgeId === undefined) throw invalidField('start', 'required', 'must be the first message');
    // Kept until the call closes, whoever ends it: data written to a subscriber that does not read uses memory.
    call.once('close', places.take(service));
    const subscriber = await watchRevocations(edgeId, service);
    log.info({ service, subscriber: edgeId }, 'a subscriber watches revocations');
    try {
      const reading = read(requests, subscriber, authorizeAgain);
      const writing = write(call, started(subscriber), subscriber);
      // The first failure ends both directions; the other one's error is ignored.
      writing.catch(() => {});
      await Promise.race([reading.then(() => writing), writing]);
    } finally {
      subscriber.disconnected();
      log.info({ service, subscriber: edgeId, why: subscriber.ended() }, 'the stream of a subscriber ended');
    }
  };
}

/** Reads until the subscriber stops sending; rejects on a protocol violation. */
async function read(
  requests: AsyncIterator<WatchRevocationsRequest__Output>,
  subscriber: SubscriberStream,
  authorizeAgain: () => Promise<unknown>,
): Promise<void> {
  for (;;) {
    const { done, value } = await requests.next();
    if (done === true) break;
    const request = readable(value);
    if (request.renew) {
      await authorizeAgain();
      subscriber.renew(request.renew.number);
    } else if (request.acknowledge) subscriber.acknowledge(request.acknowledge.position);
    else if (request.leave) subscriber.leave();
    else throw invalidField('message', 'one of', 'must be renew, acknowledge or leave');
  }
  subscriber.finished();
}

async function write(
  call: WatchCall,
  started: WatchRevocationsResponse,
  subscriber: SubscriberStream,
): Promise<void> {
  const gone = once(call, 'close');
  // Also rejects when the stream ends with an error and nobody waits for it.
  gone.catch(() => {});
  const send = async (response: WatchRevocationsResponse) => {
    if (call.write(response) || call.destroyed) return;
    await Promise.race([once(call, 'drain'), gone]);
  };
  call.once('cancelled', subscriber.disconnected);
  await send(started);
  for (let message = await subscriber.next(); message !== undefined; message = await subscriber.next()) {
    for (const response of toResponses(message)) await send(response);
  }
  const end = ends[subscriber.ended() ?? 'disconnected'];
  if (end !== undefined) throw end();
}

/** The error sent to the subscriber; other ends have no receiver. */
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

/** Created one by one while the stream is read, so that a snapshot is never buffered. */
function* sliceResponses({ ofSessions, endsAt, layers }: ProjectedSlice): Iterable<WatchRevocationsResponse> {
  for (const { capacity, entries, bytes } of layers) {
    yield { filterStart: { ofSessions, sliceEndMs: endsAt, capacity, entries } };
    for (let from = 0; from < bytes.length; from += verifierLimits.subscriberFilterBytes) {
      const length = Math.min(verifierLimits.subscriberFilterBytes, bytes.length - from);
      // Shared memory without a copy: a bit set before it is read is sent twice, which does no harm.
      yield { filterBytes: { bytes: Buffer.from(bytes.buffer, bytes.byteOffset + from, length) } };
    }
  }
}

/** Shared by all subscribers: see `encodingOnce`. */
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

/** Wraps a service so that a message for many subscribers is encoded once. */
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
