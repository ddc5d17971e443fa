/**
 * A guard's streams: one serving, one joining, and those being left. Owns which one stays. Does not own when and where the next
 * one starts (`watch.ts`).
 */
import type { Clock } from '@countersign/verifier/clock';
import type { Address } from './address.ts';
import type { Mirror } from './mirror.ts';
import { createServing } from './serving.ts';
import type { StreamEnd, SubscriberStream } from './stream.ts';

export function createStreams(clock: Clock) {
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
    /** Whether another stream may begin. */
    needAnother: () => !closed && serving.state() !== 'well' && joining === undefined,
    join(stream: SubscriberStream) {
      joining = stream;
    },
    isJoining: (stream: SubscriberStream) => joining === stream,
    leaveJoining,
    /** The stream has a lease. */
    serve(stream: SubscriberStream) {
      if (serving.stream() !== stream) {
        joining = undefined;
        leave(serving.replace(stream, 'well'));
      } else if (serving.state() === 'leaseless') {
        serving.become('well');
        leaveJoining();
      }
    },
    /** Its node has no lease to give. False when the stream has to be given up, since the rest of an old lease is worth more. */
    goWithout(stream: SubscriberStream): boolean {
      if (serving.stream() === stream) serving.become('leaseless');
      if (joining !== stream) return true;
      const hasEnded = serving.state() === 'ended';
      if (hasEnded && serving.stream()?.mirror()?.holdsLease()) return false;
      joining = undefined;
      if (serving.stream() === undefined || hasEnded) serving.replace(stream, 'leaseless');
      else leave(stream);
      return true;
    },
    /** The stream asked for another one in its place. False when it serves no longer, or has asked before. */
    move(stream: SubscriberStream): boolean {
      if (serving.stream() !== stream || serving.state() !== 'well') return false;
      serving.become('moving');
      return true;
    },
    /** The stream has ended. Returns whether it served, and for how long. */
    end(stream: SubscriberStream, kind: StreamEnd['kind']): 'joining' | 'served' | 'served_for_long' {
      if (joining === stream) joining = undefined;
      if (serving.stream() !== stream) return 'joining';
      return serving.end(kind) ? 'served_for_long' : 'served';
    },
    /** Whether the serving stream is one to this address, and without a lease. */
    isLeaselessAt: (address: Address) =>
      serving.state() === 'leaseless' && serving.stream()?.address === address,
    mirror: (): Mirror | undefined => serving.mirror(joining?.mirror()),
    /** Of the serving stream, while it is alive. */
    address: (): Address | undefined => (serving.state() === 'ended' ? undefined : serving.stream()?.address),
    async close(): Promise<void> {
      closed = true;
      leave(serving.clear());
      leaveJoining();
      await Promise.all(leaving);
    },
  };
}
