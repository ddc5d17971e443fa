/**
 * Chooses the next address: at random, so that subscribers of a lost node spread over the others, and each one once before any
 * one again. An address that would fail again rests for a while.
 */
import type { Clock } from '@countersign/verifier/clock';
import type { Address } from './address.ts';
import { guardLimits } from './limits.ts';
import type { StreamEnd } from './stream.ts';

export interface AddressChoice {
  /** Undefined while all of them rest. */
  choose(): Address | undefined;
  /** From now on it is chosen after all others. */
  leave(address: Address): void;
  /** It is not chosen for about so long; how long exactly is random, so that subscribers do not come back together. */
  rest(address: Address, milliseconds: number): void;
  /** A stream to it has ended. If the next one would end in the same way, it rests. */
  ended(address: Address, kind: StreamEnd['kind']): void;
  /** A stream to it has worked for a while. */
  settled(address: Address): void;
  /** No address was left before; those that rest go on resting. */
  forget(): void;
  /** None of them rests any more. */
  wake(): void;
  /** Milliseconds until the first of them has rested; 0 when one has. */
  restMs(): number;
}

/** `random`: from 0 to 1. */
export function createAddressChoice(
  addresses: readonly Address[],
  { clock, random }: { clock: Clock; random: () => number },
): AddressChoice {
  /** In the order in which they were left. */
  const left = new Set<Address>();
  const restsUntil = new Map<Address, number>();
  /** The last stream to these broke the protocol, and none has settled since. */
  const faulty = new Set<Address>();
  const restOf = (address: Address) => Math.max(0, (restsUntil.get(address) ?? 0) - clock.monotonic());

  const leave = (address: Address) => {
    left.delete(address);
    left.add(address);
  };
  /** Those that were not left; when there are none, those that were, but for the last one. */
  const candidates = (): readonly Address[] => {
    const awake = addresses.filter((address) => restOf(address) === 0);
    const untried = awake.filter((address) => !left.has(address));
    if (untried.length > 0) return untried;
    const last = [...left].at(-1);
    left.clear();
    if (last !== undefined) leave(last);
    const others = awake.filter((address) => address !== last);
    return others.length > 0 ? others : awake;
  };

  const rest = (address: Address, milliseconds: number) => {
    leave(address);
    restsUntil.set(address, clock.monotonic() + milliseconds * (0.5 + random() / 2));
  };

  return {
    choose() {
      const from = candidates();
      return from[Math.min(from.length - 1, Math.floor(random() * from.length))];
    },
    leave,
    rest,
    ended(address, kind) {
      const comesAgain = kind === 'refused' || (kind === 'protocol' && faulty.has(address));
      if (kind === 'protocol') faulty.add(address);
      if (comesAgain) rest(address, guardLimits.refusedMilliseconds);
      else leave(address);
    },
    settled: (address) => void faulty.delete(address),
    forget: () => left.clear(),
    wake: () => restsUntil.clear(),
    restMs: () => Math.min(...addresses.map(restOf)),
  };
}
