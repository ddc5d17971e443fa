/** IP addresses in one spelling, so that a stored one is found again. */
import { isIP, SocketAddress } from 'node:net';

/**
 * RFC 5952 form without a zone, which is only valid on one machine. `::ffff:192.0.2.1`, from a socket for both families, becomes
 * `192.0.2.1`. Undefined when it is not an address.
 */
export function canonicalIp(text: string): string | undefined {
  const family = isIP(text);
  if (family === 4) return text;
  if (family === 0) return undefined;
  const { address } = new SocketAddress({ address: text.replace(/%.*/, ''), family: 'ipv6' });
  return address.replace(/^::ffff:(?=.*\.)/, '');
}

export interface PrefixLengths {
  readonly ipv4: number;
  readonly ipv6: number;
}

/** The network of a canonical address, as `192.0.2.0/24` or `2001:db8:0:0:0:0:0:0/48`. */
export function ipNetwork(address: string, lengths: PrefixLengths): string {
  if (isIP(address) === 4) {
    const bytes = masked(address.split('.').map(Number), 8, lengths.ipv4);
    return `${bytes.join('.')}/${lengths.ipv4}`;
  }
  const groups = masked(groupsOf(address), 16, lengths.ipv6);
  return `${groups.map((group) => group.toString(16)).join(':')}/${lengths.ipv6}`;
}

function masked(units: readonly number[], bits: number, length: number): number[] {
  return units.map((unit, index) => {
    const kept = Math.min(bits, Math.max(0, length - index * bits));
    return unit & ~((1 << (bits - kept)) - 1);
  });
}

/** The eight groups of an IPv6 address; the last two may be written as IPv4 (RFC 4291 §2.2). */
function groupsOf(address: string): number[] {
  const [head = '', tail] = address.split('::');
  const front = hexGroups(head);
  const back = hexGroups(tail ?? '');
  return [...front, ...Array<number>(8 - front.length - back.length).fill(0), ...back];
}

function hexGroups(text: string): number[] {
  return text
    .split(':')
    .filter((group) => group !== '')
    .flatMap((group) => {
      if (!group.includes('.')) return [Number.parseInt(group, 16)];
      const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
      return [(a << 8) | b, (c << 8) | d];
    });
}
