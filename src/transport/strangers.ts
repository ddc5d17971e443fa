/**
 * Connections, or calls, of which nobody knows whose they are. Anybody can open them, so there are only so many, and the oldest gives
 * way to the next one: whoever comes gets a place, and no stranger keeps it for long. It is only for so long as others take to open
 * `total` more: with thousands a second, one may have to give way before it has said who it is, and has to come again.
 */
import { canonicalIp, ipNetwork } from '../platform/ipAddress.ts';

/** Which limit one had to give way to. */
export type StrangersLimit = 'address' | 'total';

export interface Strangers {
  /**
   * `drop` ends it when it has to give way. Answers what takes it out again: it has ended, or is no stranger any more. Without an
   * address, only the limit of all together counts.
   */
  enter(address: string | undefined, drop: (limit: StrangersLimit) => void): () => void;
  count(): number;
}

interface Stranger {
  readonly drop: (limit: StrangersLimit) => void;
  readonly leave: () => void;
}

export function createStrangers(parts: { readonly total: number; readonly ofOneAddress: number }): Strangers {
  const { total, ofOneAddress } = parts;
  /** The oldest first, as sets are. */
  const all = new Set<Stranger>();
  const byAddress = new Map<string, Set<Stranger>>();

  const giveWay = (strangers: ReadonlySet<Stranger>, most: number, limit: StrangersLimit) => {
    if (strangers.size <= most) return;
    for (const { leave, drop } of strangers) {
      leave();
      drop(limit);
      return;
    }
  };

  return {
    enter(address, drop) {
      const key = address === undefined ? undefined : addressKey(address);
      const near = key === undefined ? undefined : (byAddress.get(key) ?? new Set());
      const leave = () => {
        all.delete(stranger);
        near?.delete(stranger);
        if (key !== undefined && near?.size === 0 && byAddress.get(key) === near) byAddress.delete(key);
      };
      const stranger = { drop, leave };
      all.add(stranger);
      if (key !== undefined && near !== undefined) {
        byAddress.set(key, near.add(stranger));
        giveWay(near, ofOneAddress, 'address');
      }
      giveWay(all, total, 'total');
      return leave;
    },
    count: () => all.size,
  };
}

/** An IPv4 address, or the /64 of an IPv6 one: a single machine has that many. */
function addressKey(address: string): string {
  const canonical = canonicalIp(address);
  return canonical === undefined ? '' : ipNetwork(canonical, { ipv4: 32, ipv6: 64 });
}
