/** Networks as an operator writes them. */
import { isIP } from 'node:net';
import { platformLimits } from '../limits.ts';

/**
 * Addresses and `address/length`, separated by commas; undefined for anything else. A length of 0 is everybody, which nobody
 * means, and an address with a zone holds on one machine only.
 */
export function parseNetworks(text: string): readonly string[] | undefined {
  const networks = text.split(',').map((part) => part.trim());
  return networks.length <= platformLimits.trustedProxies && networks.every(isNetwork) ? networks : undefined;
}

function isNetwork(text: string): boolean {
  const [, address = '', length] = /^([^/%]+)(?:\/([1-9]\d{0,2}))?$/.exec(text) ?? [];
  const longest = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
  return longest > 0 && (length === undefined || Number(length) <= longest);
}
