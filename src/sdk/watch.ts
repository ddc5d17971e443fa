/**
 * The streams of a guard, one after the other: begins again when one ends, on the next address, and makes before it breaks
 * when it is asked to move. Owns which mirror counts.
 */
import type { Cancel } from '../core/clock.ts';
import type { Address } from './connection.ts';
import type { GuardFault } from './hooks.ts';
import { guardLimits } from './limits.ts';
import type { Mirror } from './mirror.ts';
import { type EdgeStream, openStream, type StreamEnd, type StreamParts } from './stream.ts';

export interface Watch {
  /** Its lease may have run out, or not have come yet; undefined when there is nothing to go by. */
  mirror(): Mirror | undefined;
  /** Where the stream is that counts, if it is alive. */
  address(): Address | undefined;
  /** Drops every lease and leaves every stream. */
  close(): Promise<void>;
}

export interface WatchParts extends StreamParts {
  readonly addresses: readonly Address[];
  /** From 0 to 1. */
  readonly random: () => number;
  /** Told each time that a stream has got its first lease. */
  readonly onLease: () => void;
  readonly onFault: (fault: Omit<GuardFault, 'at'>) => void;
}

/** A stream whose mirror counts. */
interface Serving {
  readonly stream: EdgeStream;
  /** It ended, or asked for another one in its place. */
  over: 'no' | 'moving' | 'ended';
}

export function openWatch(parts: WatchParts): Watch {
  const { addresses, clock, random, onFault, onLease } = parts;
  let next = Math.floor(random() * addresses.length) % addresses.length;
  let serving: Serving | undefined;
  let joining: EdgeStream | undefined;
  let cancelWait: Cancel | undefined;
  let failures = 0;
  let closed = false;

  const nextAddress = () => addresses[next] as Address;
  const moveOn = (from: Address) => {
    if (nextAddress() === from) next = (next + 1) % addresses.length;
  };
  const isNeeded = () => !closed && (serving === undefined || serving.over !== 'no');

  const beginAfter = (milliseconds: number) => {
    if (!isNeeded() || joining !== undefined || cancelWait !== undefined) return;
    cancelWait = clock.after(milliseconds, () => {
      cancelWait = undefined;
      begin();
    });
  };
  /** Full jitter: so that edges that were cut off together do not come back together. */
  const backOff = ({ kind }: StreamEnd) => {
    if (kind === 'refused') return guardLimits.refusedMilliseconds * (0.5 + random() / 2);
    const { backoffFirstMilliseconds: first, backoffMilliseconds: longest } = guardLimits;
    return random() * Math.min(longest, first * 2 ** Math.min(failures, 10));
  };

  const begin = () => {
    if (!isNeeded() || joining !== undefined) return;
    const stream = openStream(nextAddress(), parts, {
      onLease() {
        serve(stream);
      },
      onReconnect(draining) {
        move(stream, draining);
      },
      onEnd(end) {
        endOf(stream, end);
      },
    });
    joining = stream;
  };

  const serve = (stream: EdgeStream) => {
    const before = serving;
    serving = { stream, over: 'no' };
    joining = undefined;
    failures = 0;
    void before?.stream.leave();
    onLease();
  };

  const move = (stream: EdgeStream, draining: boolean) => {
    if (draining) moveOn(stream.address);
    // One that is still beginning is given up, in favour of one that will stay.
    if (joining === stream && draining) return abandon(stream);
    if (serving?.stream !== stream || serving.over !== 'no') return;
    serving.over = 'moving';
    begin();
  };
  const abandon = (stream: EdgeStream) => {
    joining = undefined;
    failures += 1;
    void stream.leave();
    beginAfter(backOff({ kind: 'lost', message: '' }));
  };

  const endOf = (stream: EdgeStream, end: StreamEnd) => {
    onFault({ kind: end.kind, authority: stream.address.text, message: end.message });
    moveOn(stream.address);
    if (joining === stream) {
      joining = undefined;
      failures += 1;
    }
    if (serving?.stream === stream) {
      serving.over = 'ended';
      // Its lease goes on until its end, unless it cannot be believed.
      if (end.kind === 'protocol') serving = undefined;
    }
    beginAfter(backOff(end));
  };

  /** While there is no live stream that had a lease: the old one's, until it ends; then the keys of whichever has newer ones. */
  const secondBest = (): Mirror | undefined => {
    const [old, coming] = [serving?.stream.mirror(), joining?.mirror()];
    if (old === undefined || coming === undefined || old.holdsLease()) return old ?? coming;
    return coming.keys.ageMs() <= old.keys.ageMs() ? coming : old;
  };

  begin();
  return {
    mirror: () => (serving?.over === 'no' ? serving.stream.mirror() : secondBest()),
    address: () => (serving?.over === 'ended' ? undefined : serving?.stream.address),
    async close() {
      closed = true;
      cancelWait?.();
      const streams = [serving?.stream, joining];
      serving = undefined;
      joining = undefined;
      await Promise.all(streams.map((stream) => stream?.leave()));
    },
  };
}
