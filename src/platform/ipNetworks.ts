/** Lists of networks, and whether an address is in one. */
import { BlockList, isIP } from 'node:net';

export interface IpNetworks {
  /** `address`: in canonical form (`ipAddress.ts`). */
  includes(address: string): boolean;
}

/** `list`: addresses, or networks such as `10.0.0.0/8`, checked by `platform/config/kinds.ts`. */
export function createIpNetworks(list: readonly string[]): IpNetworks {
  const blocks = new BlockList();
  for (const network of list) {
    const [address = '', length] = network.split('/');
    if (length === undefined) blocks.addAddress(address, familyOf(address));
    else blocks.addSubnet(address, Number(length), familyOf(address));
  }
  // Asked for every request, and most lists are empty.
  return { includes: (address) => list.length > 0 && blocks.check(address, familyOf(address)) };
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6';
}
