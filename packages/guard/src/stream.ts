/**
 * One WatchRevocations stream, from connecting to its end. Owns the connection and the reason for the end. Does not own the
 * messages (`conversation.ts`) or the following stream (`watch.ts`).
 */

import type { Cancel } from '@countersign/verifier/clock';
import type { Definitions } from '@countersign/verifier/contract/definitions';
import type { WatchRevocationsRequest } from '@countersign/verifier/contract/generated/countersign/v1/WatchRevocationsRequest';
import type { WatchRevocationsResponse__Output } from '@countersign/verifier/contract/generated/countersign/v1/WatchRevocationsResponse';
import { verifierLimits } from '@countersign/verifier/limits';
import type { Address } from './address.ts';
import type { Call } from './call.ts';
import { type Connection, type ConnectionParts, connect } from './connection.ts';
import { createConversation } from './conversation.ts';
import type { GuardFault } from './hooks.ts';
import { guardLimits } from './limits.ts';
import type { Mirror, MirrorParts } from './mirror.ts';
import { RpcError, refusals, type StatusName } from './rpcError.ts';

export interface StreamParts extends MirrorParts, ConnectionParts {
  readonly contract: Definitions;
  readonly edgeId: string;
}

export interface StreamEnd {
  readonly kind: Exclude<GuardFault['kind'], 'question'>;
  readonly message: string;
}

export interface StreamEvents {
  /** Memory may answer: called with the first lease, and with the first one after `onWithoutLease`. */
  onLease(): void;
  /** Everything but a lease has been there for long. The stream continues and gets a lease when its node has one. */
  onWithoutLease(): void;
  /** The authority asks for another stream and ends this one after `graceMs`. */
  onReconnect(asked: { readonly draining: boolean; readonly graceMs: number }): void;
  /** Called once, unless the stream was left. Except after `protocol`, its mirror stays usable until its lease ends. */
  onEnd(end: StreamEnd): void;
}

export interface SubscriberStream {
  readonly address: Address;
  /** Undefined until started. */
  mirror(): Mirror | undefined;
  /** Drops the lease, tells the authority, and ends. Resolves when everything is released. */
  leave(): Promise<void>;
}

/** Ends that keep the protocol. After any other, the stream's data is not trusted. */
const losses: readonly StatusName[] = ['UNAVAILABLE', 'ABORTED', 'CANCELLED', 'DEADLINE_EXCEEDED'];

export function openStream(address: Address, parts: StreamParts, events: StreamEvents): SubscriberStream {
  const { clock, contract, edgeId } = parts;
  const method = contract.v1.RevocationService.service.WatchRevocations;
  let connection: Connection | undefined;
  let call: Call<WatchRevocationsRequest> | undefined;
  let cancelDeadline: Cancel = () => {};
  let closed = false;
  let leaving = false;
  let onClosed: () => void = () => {};

  const close = () => {
    closed = true;
    cancelDeadline();
    conversation.stop();
    connecting.cancel();
    call?.cancel();
    connection?.close();
    onClosed();
  };
  const end = (error: unknown) => {
    if (closed) return;
    close();
    // An authority that broke the protocol may have lied before.
    if (!(error instanceof RpcError) || !isKnownEnd(error)) conversation.mirror()?.lease.drop();
    if (!leaving) events.onEnd(endOf(error));
  };
  const lose = (why: string) => end(new RpcError('UNAVAILABLE', why));
  const deadline = (milliseconds: number, why: string) => {
    cancelDeadline();
    cancelDeadline = clock.after(milliseconds, () => lose(why));
  };
  const guarded = (work: () => void) => {
    try {
      if (!closed && !leaving) work();
    } catch (error) {
      end(error);
    }
  };

  const conversation = createConversation(parts, {
    ...{ events, lose, guarded },
    write: (message) => call?.send(message) !== false,
    onStarted: () => cancelDeadline(),
  });
  const connecting = connect(address, parts);
  const begin = (opened: Connection) => {
    connection = opened;
    if (closed) return opened.close();
    deadline(verifierLimits.subscriberStartMilliseconds, 'the stream did not start');
    call = opened.call(method, {
      onMessage: (message) => guarded(() => conversation.take(message as WatchRevocationsResponse__Output)),
      onDrain: () => guarded(conversation.drained),
      onEnd: (error) => end(error ?? new RpcError('UNAVAILABLE', 'the authority ended the stream')),
    });
    conversation.send({ start: { edgeId } });
  };
  connecting.connected.then((opened) => guarded(() => begin(opened)), end);

  return {
    address,
    mirror: conversation.mirror,
    async leave() {
      if (closed) return;
      // Must come first, and is final: the authority relies on it from the `leave` message on.
      leaving = true;
      conversation.mirror()?.lease.drop();
      if (call === undefined) return close();
      conversation.stopRenewals();
      const gone = new Promise<void>((resolve) => {
        onClosed = resolve;
      });
      deadline(guardLimits.leaveMilliseconds, 'left');
      conversation.send({ leave: {} });
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
