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

/**
 * The network of a canonical address, as far as one can tell from outside: /24 for IPv4, /48 for IPv6, which is what sites and
 * providers hand out (RFC 6177 §2). The text itself for what is no address.
 */
export function networkOf(ip: string): string {
  const family = isIP(ip);
  if (family === 4) return `${ip.slice(0, ip.lastIndexOf('.'))}.0/24`;
  return family === 6 ? `${ipv6Groups(ip).slice(0, 3).join(':')}::/48` : ip;
}

/** The eight groups of an IPv6 address that `canonicalIp` has written. */
function ipv6Groups(ip: string): readonly string[] {
  const [head = '', tail] = ip.split('::');
  const before = head === '' ? [] : head.split(':');
  if (tail === undefined) return before;
  const after = tail === '' ? [] : tail.split(':');
  return [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after];
}
