/** IP addresses: one spelling each, so that one that was written down is found again. */
import { isIP, SocketAddress } from 'node:net';

/**
 * As RFC 5952 writes it, without a zone, which says something on one machine only. An IPv4 address that a socket for both
 * families shows as `::ffff:192.0.2.1` is `192.0.2.1`. Undefined for what is no address.
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

/** The network of an address in its canonical spelling, as `192.0.2.0/24` or `2001:db8:0:0:0:0:0:0/48`. */
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

/** The eight groups of an IPv6 address; its last two may be written as an IPv4 address (RFC 4291 §2.2). */
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
