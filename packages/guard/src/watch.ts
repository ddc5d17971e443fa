/**
 * A guard's streams, one after the other. When one ends, the next starts at another address. When a node asks the guard to move,
 * the new stream gets a lease before the old one is left.
 */
import type { Address } from './address.ts';
import { createAddressChoice } from './addressChoice.ts';
import type { GuardFault } from './hooks.ts';
import { guardLimits } from './limits.ts';
import type { Mirror } from './mirror.ts';
import { createNextStream } from './nextStream.ts';
import { openStream, type StreamEnd, type StreamParts, type SubscriberStream } from './stream.ts';
import { createStreams } from './streams.ts';

export interface Watch {
  /** The mirror to verify with, leased or not; undefined while there is none. */
  mirror(): Mirror | undefined;
  /** The address of that mirror's stream, while it is alive. */
  address(): Address | undefined;
  /** Drops every lease and leaves every stream. */
  close(): Promise<void>;
}

export interface WatchParts extends StreamParts {
  readonly addresses: readonly Address[];
  /** From 0 to 1. */
  readonly random: () => number;
  /** Called for each stream's first lease. */
  readonly onLease: () => void;
  readonly onFault: (fault: Omit<GuardFault, 'at'>) => void;
}

export function openWatch(parts: WatchParts): Watch {
  const { clock, random, onFault, onLease } = parts;
  const choice = createAddressChoice(parts.addresses, parts);
  const streams = createStreams(clock);

  const beginAfter = (milliseconds: number) => {
    if (streams.needAnother()) next.after(milliseconds);
  };
  const beginAgain = () => beginAfter(Math.max(next.backOffMs(), choice.restMs()));
  const restWithoutLease = (address: Address) => {
    choice.rest(address, guardLimits.withoutLeaseRestMilliseconds);
    beginAgain();
  };
  const abandonJoining = (stream: SubscriberStream) => {
    choice.leave(stream.address);
    streams.leaveJoining();
    next.failed();
    beginAgain();
  };

  const begin = () => {
    if (!streams.needAnother()) return;
    const address = choice.choose();
    if (address === undefined) return beginAgain();
    // A stream to that address exists already.
    if (streams.isLeaselessAt(address)) return restWithoutLease(address);
    const stream = openStream(address, parts, {
      onLease: () => serve(stream),
      onWithoutLease: () => goWithout(stream),
      onReconnect: (asked) => move(stream, asked),
      onEnd: (end) => endOf(stream, end),
    });
    streams.join(stream);
  };
  const next = createNextStream(parts, begin);

  const serve = (stream: SubscriberStream) => {
    choice.forget();
    streams.serve(stream);
    if (!streams.needAnother()) next.cancel();
    onLease();
  };

  const goWithout = (stream: SubscriberStream) => {
    const message = 'the authority has no lease to give';
    onFault({ kind: 'lost', authority: stream.address.text, message });
    if (!streams.goWithout(stream)) return abandonJoining(stream);
    restWithoutLease(stream.address);
  };

  const move = (stream: SubscriberStream, { draining, graceMs }: { draining: boolean; graceMs: number }) => {
    if (draining) choice.leave(stream.address);
    // A joining stream is abandoned in favour of a node that will stay.
    if (draining && streams.isJoining(stream)) return abandonJoining(stream);
    if (!streams.move(stream)) return;
    beginAfter(random() * moveWithinMs(graceMs, stream.mirror()));
  };

  const endOf = (stream: SubscriberStream, { kind, message }: StreamEnd) => {
    const { address } = stream;
    onFault({ kind, authority: address.text, message });
    next.failed();
    const was = streams.end(stream, kind);
    if (was === 'served_for_long') {
      next.settled();
      choice.settled(address);
    }
    // Without any stream, even a node without a lease is worth another snapshot.
    if (was !== 'joining' && kind === 'lost') choice.wake();
    choice.ended(address, kind);
    beginAgain();
  };

  begin();
  return {
    mirror: streams.mirror,
    address: streams.address,
    close() {
      next.cancel();
      return streams.close();
    },
  };
}

/** Before the lease ends, even with a longer grace: the stream may be gone by then. */
function moveWithinMs(graceMs: number, mirror: Mirror | undefined): number {
  return Math.max(0, Math.min(graceMs * guardLimits.movingShare, mirror?.lease.remainingMs() ?? 0));
}
