/**
 * Connections over HTTP can be opened by anybody. While no whole request of one is being answered it costs nothing but room, so there
 * are only so many of those, and the oldest gives way to the next.
 */
import { BlockList, isIP, type Socket } from 'node:net';
import { canonicalIp } from '../core/ipAddress.ts';
import { limits } from '../core/limits.ts';
import { createStrangers } from '../core/strangers.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { HttpApp } from './bareApp.ts';

export function limitConnections(
  app: HttpApp,
  parts: {
    readonly metrics: Pick<Metrics, 'connectionDropped' | 'gauge'>;
    readonly trustedProxies: readonly string[];
  },
): void {
  const { metrics } = parts;
  const strangers = createStrangers({
    total: limits.httpIdleConnections,
    ofOneAddress: limits.httpIdleConnectionsOfAddress,
  });
  metrics.gauge(
    'countersign_http_idle_connections',
    'HTTP connections on which no request is being answered.',
    strangers.count,
  );
  const isProxy = proxyCheck(parts.trustedProxies);
  const leaving = new WeakMap<Socket, () => void>();
  const enter = (socket: Socket) => {
    if (socket.destroyed) return;
    // Everybody comes from the address of a proxy.
    const address = isProxy(socket.remoteAddress) ? undefined : socket.remoteAddress;
    const leave = strangers.enter(address, (limit) => {
      metrics.connectionDropped('http', limit);
      socket.destroy();
    });
    leaving.set(socket, leave);
  };

  app.server.on('connection', (socket: Socket) => {
    enter(socket);
    socket.once('close', () => leaving.get(socket)?.());
  });
  // Not before its body is there as well.
  app.addHook('preValidation', ({ raw: { socket } }, _reply, done) => {
    leaving.get(socket)?.();
    done();
  });
  app.addHook('onResponse', ({ raw: { socket } }, _reply, done) => {
    leaving.get(socket)?.();
    enter(socket);
    done();
  });
}

/** `networks`: addresses, or networks such as `10.0.0.0/8`. */
function proxyCheck(networks: readonly string[]): (address: string | undefined) => boolean {
  const proxies = new BlockList();
  for (const network of networks) {
    const [address = '', length] = network.split('/');
    if (length === undefined) proxies.addAddress(address, familyOf(address));
    else proxies.addSubnet(address, Number(length), familyOf(address));
  }
  return (peer) => {
    const address = canonicalIp(peer ?? '');
    return address !== undefined && proxies.check(address, familyOf(address));
  };
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
