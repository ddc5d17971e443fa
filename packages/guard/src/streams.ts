/**
 * A guard's streams: one serving, one joining, and those being left. Owns which one stays. Does not own when and where the next
 * one starts (`watch.ts`).
 */
import type { Clock } from '@countersign/verifier/clock';
import type { Address } from './address.ts';
import type { Mirror } from './mirror.ts';
import { createServing } from './serving.ts';
import type { StreamEnd, SubscriberStream } from './stream.ts';

export interface Streams {
  /** Whether another stream may start. */
  needAnother(): boolean;
  join(stream: SubscriberStream): void;
  isJoining(stream: SubscriberStream): boolean;
  leaveJoining(): void;
  /** The stream has a lease. */
  serve(stream: SubscriberStream): void;
  /** The stream's node has no lease to give. False: give the stream up, because the rest of an old lease is worth more. */
  goWithout(stream: SubscriberStream): boolean;
  /** The stream asked to be replaced. False when it no longer serves or asked before. */
  move(stream: SubscriberStream): boolean;
  /** The stream ended. Returns whether, and how long, it served. */
  end(stream: SubscriberStream, kind: StreamEnd['kind']): 'joining' | 'served' | 'served_for_long';
  /** Whether the serving stream goes to this address and has no lease. */
  isLeaselessAt(address: Address): boolean;
  mirror(): Mirror | undefined;
  /** The serving stream's address, while it is alive. */
  address(): Address | undefined;
  close(): Promise<void>;
}

export function createStreams(clock: Clock): Streams {
  const serving = createServing(clock);
  const leaving = new Set<Promise<void>>();
  let joining: SubscriberStream | undefined;
  let closed = false;

  const leave = (stream: SubscriberStream | undefined) => {
    if (stream === undefined) return;
    const left = stream.leave().finally(() => leaving.delete(left));
    leaving.add(left);
  };
  const leaveJoining = () => {
    leave(joining);
    joining = undefined;
  };

  return {
    needAnother: () => !closed && serving.state() !== 'well' && joining === undefined,
    join(stream) {
      joining = stream;
    },
    isJoining: (stream) => joining === stream,
    leaveJoining,
    serve(stream) {
      if (serving.stream() !== stream) {
        joining = undefined;
        leave(serving.replace(stream, 'well'));
      } else if (serving.state() === 'leaseless') {
        serving.become('well');
        leaveJoining();
      }
    },
    goWithout(stream) {
      if (serving.stream() === stream) serving.become('leaseless');
      if (joining !== stream) return true;
      const hasEnded = serving.state() === 'ended';
      if (hasEnded && serving.stream()?.mirror()?.holdsLease()) return false;
      joining = undefined;
      if (serving.stream() === undefined || hasEnded) serving.replace(stream, 'leaseless');
      else leave(stream);
      return true;
    },
    move(stream) {
      if (serving.stream() !== stream || serving.state() !== 'well') return false;
      serving.become('moving');
      return true;
    },
    end(stream, kind) {
      if (joining === stream) joining = undefined;
      if (serving.stream() !== stream) return 'joining';
      return serving.end(kind) ? 'served_for_long' : 'served';
    },
    isLeaselessAt: (address) => serving.state() === 'leaseless' && serving.stream()?.address === address,
    mirror: () => serving.mirror(joining?.mirror()),
    address: () => (serving.state() === 'ended' ? undefined : serving.stream()?.address),
    async close() {
      closed = true;
      leave(serving.clear());
      leaveJoining();
      await Promise.all(leaving);
    },
  };
}
