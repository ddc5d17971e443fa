/**
 * The messages of one stream: sends renewals and acknowledgements, passes the authority's messages to the mirror. Owns the
 * mirror, and detects silence and a missing lease. Does not own the connection (`stream.ts`).
 */
import type { Cancel } from '@countersign/verifier/clock';
import type { WatchRevocationsRequest } from '@countersign/verifier/contract/generated/countersign/v1/WatchRevocationsRequest';
import type { WatchRevocationsResponse__Output } from '@countersign/verifier/contract/generated/countersign/v1/WatchRevocationsResponse';
import { guardLimits } from './limits.ts';
import { createMirror, type Mirror, type MirrorParts } from './mirror.ts';
import { createOutgoing, type Outgoing } from './outgoing.ts';
import { createPatience } from './patience.ts';
import { ProtocolFault } from './rpcError.ts';
import type { StreamEvents } from './stream.ts';

export interface Conversation extends Pick<Outgoing, 'send' | 'drained'> {
  /** Undefined until the first message. */
  mirror(): Mirror | undefined;
  /** Throws `ProtocolFault`. */
  take(message: WatchRevocationsResponse__Output): void;
  stopRenewals(): void;
  stop(): void;
}

export function createConversation(
  parts: MirrorParts,
  stream: {
    readonly events: Pick<StreamEvents, 'onLease' | 'onWithoutLease' | 'onReconnect'>;
    /** Returns false when no more should be written until `drained` is called. */
    readonly write: (message: WatchRevocationsRequest) => boolean;
    readonly onStarted: () => void;
    readonly lose: (why: string) => void;
    /** Runs `work` unless the stream has ended; a thrown error ends the stream. */
    readonly guarded: (work: () => void) => void;
  },
): Conversation {
  const { clock } = parts;
  const { events, lose, guarded } = stream;
  const outgoing = createOutgoing(stream.write);
  let patience = createPatience(clock);
  let mirror: Mirror | undefined;
  let cancelRenewals: Cancel = () => {};
  let leaseTold = false;

  const renew = () => {
    if (mirror !== undefined) outgoing.renew(mirror.askForLease);
  };
  const missLease = () => {
    // Starting again elsewhere would cost a whole snapshot, and the other node may have no lease either.
    if (mirror?.complete() !== true) return lose('the snapshot takes too long');
    patience.expectLease(Number.POSITIVE_INFINITY);
    leaseTold = false;
    events.onWithoutLease();
  };
  const beginRenewals = (intervalMs: number, silenceMs: number) => {
    cancelRenewals = clock.every(intervalMs, () => {
      const seen = patience.look({ intervalMs, silenceMs });
      if (seen === 'silent') return lose(`silence for ${silenceMs} ms`);
      if (seen === 'lease_late') missLease();
      mirror?.tidy();
      guarded(renew);
    });
  };
  const start = ({ started }: WatchRevocationsResponse__Output) => {
    if (!started) throw new ProtocolFault('a stream that does not start');
    mirror = createMirror(started, parts);
    stream.onStarted();
    // Times renewals and silence from now, not from the attempt to connect.
    patience = createPatience(clock);
    patience.expectLease(guardLimits.firstLeaseMilliseconds);
    beginRenewals(started.renewalIntervalMs, started.silenceMs);
    renew();
  };
  const noteLease = () => {
    if (!mirror?.holdsLease()) return;
    patience.expectLease(guardLimits.withoutLeaseMilliseconds + mirror.lease.remainingMs());
    if (leaseTold) return;
    leaseTold = true;
    events.onLease();
  };
  const noteSnapshot = ({ lease }: Mirror) => {
    // The next renewal may be half a second away.
    if (!lease.held()) renew();
    patience.expectLease(guardLimits.withoutLeaseMilliseconds);
    // The deny-list finishes loading in later microtasks.
    queueMicrotask(() => guarded(noteLease));
  };

  return {
    send: outgoing.send,
    drained: outgoing.drained,
    mirror: () => mirror,
    take(message) {
      patience.heard();
      if (mirror === undefined) return start(message);
      if (message.reconnect) {
        const { reason, graceMs } = message.reconnect;
        return events.onReconnect({ draining: reason === 'RECONNECT_REASON_DRAINING', graceMs });
      }
      const position = mirror.take(message);
      if (position !== undefined) outgoing.acknowledge(position);
      if (message.snapshotEnd) noteSnapshot(mirror);
      if (message.lease) noteLease();
    },
    stopRenewals: () => cancelRenewals(),
    stop() {
      cancelRenewals();
      outgoing.stop();
    },
  };
}
