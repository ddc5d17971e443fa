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
