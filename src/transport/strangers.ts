/**
 * Connections or calls of unknown callers. Anybody can open them, so their number is limited, and the oldest gives way to the
 * next: every newcomer gets a place, and no stranger keeps it for long. With thousands a second, a caller may have to give way
 * before it has authenticated, and must come again.
 */
import { canonicalIp, ipNetwork } from '../platform/ipAddress.ts';

/** The limit that made it give way. */
export type StrangersLimit = 'address' | 'total';

export interface Strangers {
  /**
   * Calls `drop` when it must give way. Returns the function that removes it: it ended, or is no stranger any more. Without an
   * address, only the total counts.
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
  /** Oldest first, as sets iterate. */
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

/** An IPv4 address, or an IPv6 /64: a single machine has that many. */
function addressKey(address: string): string {
  const canonical = canonicalIp(address);
  return canonical === undefined ? '' : ipNetwork(canonical, { ipv4: 32, ipv6: 64 });
}
