/**
 * The streams of a guard, one after the other: begins again when one ends, on another address, and makes before it breaks
 * when it is asked to move. Owns which mirror counts.
 */
import type { Cancel } from '@countersign/verifier/clock';
import { createAddressChoice } from './addressChoice.ts';
import type { Address } from './connection.ts';
import type { GuardFault } from './hooks.ts';
import { guardLimits } from './limits.ts';
import type { Mirror } from './mirror.ts';
import { openStream, type StreamEnd, type StreamParts, type SubscriberStream } from './stream.ts';

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
  readonly stream: SubscriberStream;
  /** On the monotonic clock. */
  readonly since: number;
  /**
   * - `moving`: it asked for another one in its place.
   * - `leaseless`: its node has no lease to give. It is kept, since it has all else, while other nodes are tried.
   */
  over: 'no' | 'moving' | 'leaseless' | 'ended';
}

export function openWatch(parts: WatchParts): Watch {
  const { addresses, clock, random, onFault, onLease } = parts;
  const choice = createAddressChoice(addresses, { clock, random });
  /** A fault of the protocol came from there, and no stream has been well there since. */
  const faulty = new Set<Address>();
  const leaving = new Set<Promise<void>>();
  let serving: Serving | undefined;
  let joining: SubscriberStream | undefined;
  let cancelWait: Cancel | undefined;
  let cancelForgetting: Cancel | undefined;
  let failures = 0;
  let closed = false;

  const isNeeded = () => !closed && (serving === undefined || serving.over !== 'no');
  const leave = (stream: SubscriberStream | undefined) => {
    if (stream === undefined) return;
    const left = stream.leave().finally(() => leaving.delete(left));
    leaving.add(left);
  };

  const stopWaiting = () => {
    cancelWait?.();
    cancelWait = undefined;
  };
  const beginAfter = (milliseconds: number) => {
    if (!isNeeded() || joining !== undefined) return;
    stopWaiting();
    cancelWait = clock.after(milliseconds, () => {
      cancelWait = undefined;
      begin();
    });
  };
  /** Full jitter: so that subscribers that were cut off together do not come back together. */
  const beginAgain = () => {
    const { backoffFirstMilliseconds: first, backoffMilliseconds: longest } = guardLimits;
    const backOff = random() * Math.min(longest, first * 2 ** Math.min(failures, 10));
    beginAfter(Math.max(backOff, choice.restMs()));
  };
  const rest = (address: Address, milliseconds: number) =>
    choice.rest(address, milliseconds * (0.5 + random() / 2));

  const begin = () => {
    if (!isNeeded() || joining !== undefined) return;
    const address = choice.choose();
    if (address === undefined) return beginAgain();
    // There is a stream to there already.
    if (serving?.over === 'leaseless' && serving.stream.address === address) return restWithoutLease(address);
    const stream = openStream(address, parts, {
      onLease: () => serve(stream),
      onWithoutLease: () => goWithout(stream),
      onReconnect: (asked) => move(stream, asked),
      onEnd: (end) => endOf(stream, end),
    });
    joining = stream;
  };

  const serve = (stream: SubscriberStream) => {
    choice.forget();
    if (serving?.stream !== stream) {
      leave(serving?.stream);
      joining = undefined;
      serving = { stream, over: 'no', since: clock.monotonic() };
    } else if (serving.over === 'leaseless') {
      serving.over = 'no';
      leave(joining);
      joining = undefined;
    }
    if (serving.over === 'no') stopWaiting();
    onLease();
  };

  const restWithoutLease = (address: Address) => {
    rest(address, guardLimits.withoutLeaseRestMilliseconds);
    beginAgain();
  };
  const goWithout = (stream: SubscriberStream) => {
    const { address } = stream;
    onFault({ kind: 'lost', authority: address.text, message: 'the authority has no lease to give' });
    if (joining === stream) {
      // What is left of a lease is worth more.
      if (serving?.over === 'ended' && serving.stream.mirror()?.holdsLease()) {
        choice.leave(address);
        return abandon(stream);
      }
      joining = undefined;
      if (serving !== undefined && serving.over !== 'ended') leave(stream);
      else serving = { stream, over: 'leaseless', since: clock.monotonic() };
    } else if (serving?.stream === stream) serving.over = 'leaseless';
    restWithoutLease(address);
  };

  const move = (stream: SubscriberStream, { draining, graceMs }: { draining: boolean; graceMs: number }) => {
    if (draining) choice.leave(stream.address);
    // One that is still beginning is given up, in favour of one that will stay.
    if (joining === stream && draining) return abandon(stream);
    if (serving?.stream !== stream || serving.over !== 'no') return;
    serving.over = 'moving';
    // Whatever it is told, before the lease ends: by then the stream may have gone.
    const leaseMs = stream.mirror()?.lease.remainingMs() ?? 0;
    beginAfter(random() * Math.max(0, Math.min(graceMs * guardLimits.movingShare, leaseMs)));
  };
  const abandon = (stream: SubscriberStream) => {
    joining = undefined;
    failures += 1;
    leave(stream);
    beginAgain();
  };

  const endOf = (stream: SubscriberStream, end: StreamEnd) => {
    onFault({ kind: end.kind, authority: stream.address.text, message: end.message });
    if (joining === stream) joining = undefined;
    failures += 1;
    if (serving?.stream === stream) endServing(serving, end);
    note(stream.address, end);
    beginAgain();
  };
  const endServing = (ended: Serving, { kind }: StreamEnd) => {
    if (ended.over !== 'leaseless' && clock.monotonic() - ended.since >= guardLimits.settledMilliseconds) {
      failures = 0;
      faulty.delete(ended.stream.address);
    }
    // Without any stream at all, one without a lease is worth its snapshot again.
    if (kind === 'lost') choice.wake();
    ended.over = 'ended';
    const forget = () => {
      if (serving === ended) serving = undefined;
    };
    // Its lease goes on until its end, unless it cannot be believed. Then what is left of it is only memory.
    const leaseMs = kind === 'protocol' ? 0 : (ended.stream.mirror()?.lease.remainingMs() ?? 0);
    if (leaseMs <= 0) return forget();
    cancelForgetting?.();
    cancelForgetting = clock.after(leaseMs, forget);
  };
  /** Where the same will come again, others are asked, and that one once in a while. */
  const note = (address: Address, { kind }: StreamEnd) => {
    const comesAgain = kind === 'refused' || (kind === 'protocol' && faulty.has(address));
    if (kind === 'protocol') faulty.add(address);
    if (comesAgain) rest(address, guardLimits.refusedMilliseconds);
    else choice.leave(address);
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
      stopWaiting();
      cancelForgetting?.();
      leave(serving?.stream);
      leave(joining);
      serving = undefined;
      joining = undefined;
      await Promise.all(leaving);
    },
  };
}
