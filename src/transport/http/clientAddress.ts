/**
 * A request's client address: the connection's peer, or what trusted proxies report. The only reader of X-Forwarded-For and
 * Forwarded. Fastify's reader takes a port that some proxies add for a part of the address.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { canonicalIp } from '../../platform/ipAddress.ts';
import { createIpNetworks } from '../../platform/ipNetworks.ts';
import type { HttpApp } from './bareApp.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** In canonical form; undefined when a proxy reports no valid address. */
    clientIp: string | undefined;
  }
}

export interface ClientAddressParts {
  /** Addresses and networks of trusted proxies. */
  readonly trustedProxies: readonly string[];
  /**
   * Called for each address that is probably an unlisted proxy: private, forwarding, not trusted. Everybody behind it shares one
   * address.
   */
  readonly onUnnamedProxy: (address: string) => void;
}

export function knowClientAddress(app: HttpApp, parts: ClientAddressParts): void {
  const addressOf = createAddressOf(parts);
  app.decorateRequest('clientIp', undefined);
  app.addHook('onRequest', (request, _reply, done) => {
    request.clientIp = addressOf(request.socket.remoteAddress, request.headers);
    done();
  });
}

/** From the peer backwards, the first address that is not a proxy's; the first of all if each is. */
export function createAddressOf({ trustedProxies, onUnnamedProxy }: ClientAddressParts) {
  const trusted = createIpNetworks(trustedProxies);
  return (peer: string | undefined, headers: IncomingHttpHeaders): string | undefined => {
    let address = canonicalIp(peer ?? '');
    const before = forwardedFor(headers);
    while (address !== undefined && before.length > 0) {
      if (!trusted.includes(address)) {
        if (privateNetworks.includes(address)) onUnnamedProxy(address);
        break;
      }
      address = readNode(before.pop() ?? '');
    }
    return address;
  };
}

/** Forwarded addresses, the last hop at the end. Forwarded counts only alone: most proxies pass on the client's own. */
function forwardedFor(headers: IncomingHttpHeaders): string[] {
  const { 'x-forwarded-for': list, forwarded } = headers;
  if (list !== undefined) return elements(String(list));
  return forwarded === undefined ? [] : elements(forwarded).map(forParameter);
}

/** Ignores quoting: with an open quote a client could swallow what the proxy appends. */
function elements(list: string): string[] {
  return list
    .split(',')
    .map((element) => element.trim())
    .filter((element) => element !== '');
}

/** RFC 7239 §4: `for=192.0.2.1;proto=https`, the name in any case, the value quoted or not. */
function forParameter(element: string): string {
  const pair = element.split(';').find((each) => /^ *for=/i.test(each)) ?? '';
  return pair
    .slice(pair.indexOf('=') + 1)
    .trim()
    .replace(/^"(.*)"$/, '$1');
}

/** RFC 7239 §6: an address, IPv6 in brackets or not, optionally with a port. */
function readNode(node: string): string | undefined {
  const [, inBrackets, withPort] = /^\[([^\]]*:[^\]]*)\](?::\w+)?$|^([\d.]+):\w+$/.exec(node) ?? [];
  return canonicalIp(inBrackets ?? withPort ?? node);
}

/** RFC 6890: loopback, private, shared (used by some clusters), link-local. */
const privateNetworks = createIpNetworks([
  ...['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '169.254.0.0/16'],
  ...['::1', 'fc00::/7', 'fe80::/10'],
]);
