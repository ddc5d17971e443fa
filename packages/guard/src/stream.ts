/**
 * One stream of WatchRevocations, from the attempt to connect to its end: sends, keeps time, and gives what comes to a mirror.
 * Owns its connection. Does not own what comes after it (`watch.ts`).
 */

import { atEndOfTurn, type Cancel } from '@countersign/verifier/clock';
import type { Contract } from '@countersign/verifier/contract/contract';
import type { WatchRevocationsRequest } from '@countersign/verifier/contract/generated/countersign/v1/WatchRevocationsRequest';
import type { WatchRevocationsResponse__Output } from '@countersign/verifier/contract/generated/countersign/v1/WatchRevocationsResponse';
import { verifierLimits } from '@countersign/verifier/limits';
import type { Call } from './call.ts';
import { type Address, type Connection, type ConnectionParts, connect } from './connection.ts';
import type { GuardFault } from './hooks.ts';
import { guardLimits } from './limits.ts';
import { createMirror, type Mirror, type MirrorParts } from './mirror.ts';
import { ProtocolFault, RpcError, refusals, type StatusName } from './rpcError.ts';

export interface StreamParts extends MirrorParts, ConnectionParts {
  readonly contract: Contract;
  readonly edgeId: string;
}

export interface StreamEnd {
  readonly kind: Exclude<GuardFault['kind'], 'question'>;
  readonly message: string;
}

export interface StreamEvents {
  /** Memory may answer: the first time, and the first time after `onWithoutLease`. */
  onLease(): void;
  /** It has all that it needs but a lease, and has not got one for long. It goes on, and has one as soon as its node has. */
  onWithoutLease(): void;
  /** The authority asks for another stream, and ends this one after `graceMs`. */
  onReconnect(asked: { readonly draining: boolean; readonly graceMs: number }): void;
  /** Once, unless it was left. Its mirror may go on until its lease ends, unless it is `protocol`. */
  onEnd(end: StreamEnd): void;
}

export interface SubscriberStream {
  readonly address: Address;
  /** Undefined until it has started. */
  mirror(): Mirror | undefined;
  /** Drops the lease, tells the authority, and ends. Resolves when nothing is left of it. */
  leave(): Promise<void>;
}

/** Ends that the protocol knows, and those of a connection. Whatever else: nothing of this stream is believed. */
const losses: readonly StatusName[] = ['UNAVAILABLE', 'ABORTED', 'CANCELLED', 'DEADLINE_EXCEEDED'];

export function openStream(address: Address, parts: StreamParts, events: StreamEvents): SubscriberStream {
  const { clock, contract, edgeId } = parts;
  const method = contract.v1.RevocationService.service.WatchRevocations;
  let mirror: Mirror | undefined;
  let connection: Connection | undefined;
  let call: Call<WatchRevocationsRequest> | undefined;
  let cancelDeadline: Cancel = () => {};
  let cancelRenewals: Cancel = () => {};
  let cancelAcknowledgement: Cancel | undefined;
  let acknowledged: number | undefined;
  let congested = false;
  let leaseTold = false;
  let heardAt = 0;
  /** By then there must be a lease; on the monotonic clock. */
  let leaseDueAt = 0;
  let closed = false;
  let leaving = false;
  let onClosed: () => void = () => {};

  const close = () => {
    closed = true;
    cancelDeadline();
    cancelRenewals();
    cancelAcknowledgement?.();
    connecting.cancel();
    call?.cancel();
    connection?.close();
    onClosed();
  };
  const end = (error: unknown) => {
    if (closed) return;
    close();
    // What broke the protocol once may have lied before.
    if (!(error instanceof RpcError) || !isKnownEnd(error)) mirror?.lease.drop();
    if (!leaving) events.onEnd(endOf(error));
  };
  const lose = (why: string) => end(new RpcError('UNAVAILABLE', why));
  const deadline = (milliseconds: number, why: string) => {
    cancelDeadline();
    cancelDeadline = clock.after(milliseconds, () => lose(why));
  };
  const dueIn = (milliseconds: number) => {
    leaseDueAt = clock.monotonic() + milliseconds;
  };
  const send = (message: WatchRevocationsRequest) => {
    congested = call?.send(message) === false;
  };

  const renew = () => {
    if (mirror === undefined) return;
    // Noted before it is sent: a lease that counted from its arrival would be too long. Whoever does not read what was
    // sent to him is not sent more; then there is no lease.
    const number = congested ? undefined : mirror.askForLease();
    if (number !== undefined) send({ renew: { number } });
  };
  const acknowledge = () => {
    cancelAcknowledgement = undefined;
    if (acknowledged === undefined || congested) return;
    send({ acknowledge: { position: acknowledged } });
    acknowledged = undefined;
  };
  const acknowledgeSoon = (position: number) => {
    acknowledged = position;
    // The last one is enough of those that came together.
    cancelAcknowledgement ??= atEndOfTurn(acknowledge);
  };

  const missLease = () => {
    // To begin again elsewhere costs a whole snapshot, and another node may have no lease either.
    if (mirror?.complete() !== true) return lose('the snapshot takes too long');
    leaseDueAt = Number.POSITIVE_INFINITY;
    leaseTold = false;
    events.onWithoutLease();
  };
  const beginRenewals = (intervalMs: number, silenceMs: number) => {
    let tickedAt = clock.monotonic();
    cancelRenewals = clock.every(intervalMs, () => {
      const now = clock.monotonic();
      // After this process stood still, what came meanwhile has yet to be read.
      const stoodStill = now - tickedAt > silenceMs / 2 + intervalMs;
      tickedAt = now;
      if (stoodStill) dueIn(guardLimits.withoutLeaseMilliseconds);
      else if (now - heardAt >= silenceMs) return lose(`silence for ${silenceMs} ms`);
      else if (now >= leaseDueAt) missLease();
      mirror?.tidy();
      guarded(renew);
    });
  };
  const start = ({ started }: WatchRevocationsResponse__Output) => {
    if (!started) throw new ProtocolFault('a stream that does not start');
    mirror = createMirror(started, parts);
    cancelDeadline();
    dueIn(guardLimits.firstLeaseMilliseconds);
    beginRenewals(started.renewalIntervalMs, started.silenceMs);
    renew();
  };
  const noteLease = () => {
    if (closed || !mirror?.holdsLease()) return;
    dueIn(guardLimits.withoutLeaseMilliseconds + mirror.lease.remainingMs());
    if (leaseTold) return;
    leaseTold = true;
    events.onLease();
  };
  const take = (message: WatchRevocationsResponse__Output) => {
    heardAt = clock.monotonic();
    if (mirror === undefined) return start(message);
    if (message.reconnect) {
      const { reason, graceMs } = message.reconnect;
      return events.onReconnect({ draining: reason === 'RECONNECT_REASON_DRAINING', graceMs });
    }
    const position = mirror.take(message);
    if (position !== undefined) acknowledgeSoon(position);
    if (message.snapshotEnd) {
      // The next renewal may be half a second away.
      if (!mirror.lease.held()) renew();
      dueIn(guardLimits.withoutLeaseMilliseconds);
      // The deny-list says that it is loaded when this has been dealt with.
      queueMicrotask(() => guarded(noteLease));
    }
    if (message.lease) noteLease();
  };
  const guarded = (work: () => void) => {
    try {
      if (!closed && !leaving) work();
    } catch (error) {
      end(error);
    }
  };

  const connecting = connect(address, parts);
  const begin = (opened: Connection) => {
    connection = opened;
    if (closed) return opened.close();
    heardAt = clock.monotonic();
    deadline(verifierLimits.subscriberStartMilliseconds, 'the stream did not start');
    call = opened.call(method, {
      onMessage: (message) => guarded(() => take(message as WatchRevocationsResponse__Output)),
      onDrain() {
        congested = false;
        guarded(acknowledge);
      },
      onEnd: (error) => end(error ?? new RpcError('UNAVAILABLE', 'the authority ended the stream')),
    });
    send({ start: { edgeId } });
  };
  connecting.connected.then((opened) => guarded(() => begin(opened)), end);

  return {
    address,
    mirror: () => mirror,
    async leave() {
      if (closed) return;
      // First of all, and for good: the authority relies on it from then on.
      leaving = true;
      mirror?.lease.drop();
      if (call === undefined) return close();
      cancelRenewals();
      const gone = new Promise<void>((resolve) => {
        onClosed = resolve;
      });
      deadline(guardLimits.leaveMilliseconds, 'left');
      send({ leave: {} });
      call.finish();
      await gone;
    },
  };
}

function isKnownEnd({ status }: RpcError): boolean {
  return losses.includes(status) || refusals.includes(status);
}

function endOf(error: unknown): StreamEnd {
  const { message } = error as Error;
  if (!(error instanceof RpcError) || !isKnownEnd(error)) return { kind: 'protocol', message };
  if (error.ofTls) return { kind: 'tls', message };
  return { kind: refusals.includes(error.status) ? 'refused' : 'lost', message };
}
