/**
 * Chooses the next address: at random, so that a lost node's subscribers spread over the others, and each address once before any
 * repeats. An address that would fail again rests for a while.
 */
import type { Clock } from '@countersign/verifier/clock';
import type { Address } from './address.ts';
import { guardLimits } from './limits.ts';
import type { StreamEnd } from './stream.ts';

export interface AddressChoice {
  /** Undefined while all addresses rest. */
  choose(): Address | undefined;
  /** Chooses this address after all others from now on. */
  leave(address: Address): void;
  /** Skips this address for about this long. The exact time is random, so that subscribers do not return together. */
  rest(address: Address, milliseconds: number): void;
  /** A stream to it has ended. The address rests if the next stream would end the same way. */
  ended(address: Address, kind: StreamEnd['kind']): void;
  /** A stream to it has worked for a while. */
  settled(address: Address): void;
  /** Forgets which addresses were left; resting ones keep resting. */
  forget(): void;
  /** Ends all rests. */
  wake(): void;
  /** Milliseconds until the first address may be used; 0 if one may. */
  restMs(): number;
}

/** `random`: from 0 to 1. */
export function createAddressChoice(
  addresses: readonly Address[],
  { clock, random }: { clock: Clock; random: () => number },
): AddressChoice {
  /** In order of leaving. */
  const left = new Set<Address>();
  const restsUntil = new Map<Address, number>();
  /** Addresses whose last stream broke the protocol, until a stream settles. */
  const faulty = new Set<Address>();
  const restOf = (address: Address) => Math.max(0, (restsUntil.get(address) ?? 0) - clock.monotonic());

  const leave = (address: Address) => {
    left.delete(address);
    left.add(address);
  };
  /** Addresses not left yet; if there are none, all but the last one left. */
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
