/**
 * Which address comes next: at random, so that subscribers which lose a node spread over all that are left, and each of them once
 * before any of them again. One that had better be left alone rests meanwhile.
 */
import type { Clock } from '@countersign/verifier/clock';
import type { Address } from './connection.ts';

export interface AddressChoice {
  /** Undefined while all of them rest. */
  choose(): Address | undefined;
  /** From now on it is chosen after all others. */
  leave(address: Address): void;
  /** It is not chosen for so long. */
  rest(address: Address, milliseconds: number): void;
  /** All of them are as good again, but for those that rest. */
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

  return {
    choose() {
      const from = candidates();
      return from[Math.min(from.length - 1, Math.floor(random() * from.length))];
    },
    leave,
    rest(address, milliseconds) {
      leave(address);
      restsUntil.set(address, clock.monotonic() + milliseconds);
    },
    forget: () => left.clear(),
    wake: () => restsUntil.clear(),
    restMs: () => Math.min(...addresses.map(restOf)),
  };
}
