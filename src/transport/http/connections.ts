/**
 * Anybody can open HTTP connections. A connection without a complete request in progress costs only space, so their number is
 * limited and the oldest gives way. That includes one whose answer is being sent: the peer may not read it. Each connection may
 * have a few unanswered requests.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { canonicalIp } from '../../platform/ipAddress.ts';
import { createIpNetworks } from '../../platform/ipNetworks.ts';
import type { Metrics } from '../../platform/observability/metrics.ts';
import { createStrangers } from '../strangers.ts';
import type { HttpApp } from './bareApp.ts';
import { httpLimits } from './limits.ts';

interface Connection {
  /** Takes it from the connections that may have to give way. */
  leave: () => void;
  /** Complete requests without an answer yet. */
  readonly inWork: Set<IncomingMessage>;
  /** Requests whose answers were not sent completely. */
  unanswered: number;
}

export interface ConnectionParts {
  readonly metrics: Pick<Metrics, 'connectionDropped' | 'gauge'>;
  readonly trustedProxies: readonly string[];
}

/** Returns what to call with a connection whose request was answered without the framework. */
export function limitConnections(
  app: HttpApp,
  { metrics, trustedProxies }: ConnectionParts,
): (socket: Socket) => void {
  const strangers = createStrangers({
    total: httpLimits.httpIdleConnections,
    ofOneAddress: httpLimits.httpIdleConnectionsOfAddress,
  });
  metrics.gauge(
    'countersign_http_idle_connections',
    'HTTP connections without a request in progress; answers may be on their way.',
    strangers.count,
  );
  const proxies = createIpNetworks(trustedProxies);
  const connections = new WeakMap<Socket, Connection>();
  const drop = (socket: Socket, limit: string) => {
    metrics.connectionDropped('http', limit);
    socket.destroy();
  };
  const enter = (socket: Socket, connection: Connection) => {
    connection.leave();
    if (socket.destroyed) return;
    const address = canonicalIp(socket.remoteAddress ?? '');
    // All clients of a proxy have its address.
    const counted = address !== undefined && !proxies.includes(address) ? address : undefined;
    connection.leave = strangers.enter(counted, (limit) => drop(socket, limit));
  };

  app.server.on('connection', (socket: Socket) => {
    const connection: Connection = { leave: () => {}, inWork: new Set(), unanswered: 0 };
    connections.set(socket, connection);
    enter(socket, connection);
    socket.once('close', () => connection.leave());
  });
  limitRequestsAtOnce(app, connections, drop);
  // Only after its body arrived.
  app.addHook('preValidation', ({ raw }, _reply, done) => {
    const connection = connections.get(raw.socket);
    connection?.inWork.add(raw);
    connection?.leave();
    done();
  });
  app.addHook('onSend', ({ raw }, _reply, payload, done) => {
    const connection = connections.get(raw.socket);
    connection?.inWork.delete(raw);
    if (connection?.inWork.size === 0) enter(raw.socket, connection);
    done(null, payload);
  });
  return (socket) => {
    const connection = connections.get(socket);
    if (connection?.inWork.size === 0) enter(socket, connection);
  };
}

/** Node.js starts every received request, and holds the answers, in order, until they are read. */
function limitRequestsAtOnce(
  app: HttpApp,
  connections: WeakMap<Socket, Connection>,
  drop: (socket: Socket, limit: string) => void,
): void {
  const count = ({ socket }: IncomingMessage, response: ServerResponse) => {
    const connection = connections.get(socket);
    if (connection === undefined || socket.destroyed) return;
    connection.unanswered += 1;
    response.once('close', () => {
      connection.unanswered -= 1;
    });
    if (connection.unanswered > httpLimits.httpRequestsAtOnce) drop(socket, 'requests');
  };
  app.server.prependListener('request', count);
  app.server.on('checkExpectation', (request, response) => {
    count(request, response);
    response.writeHead(417).end();
  });
  app.addHook('onRequest', ({ raw: { socket } }, _reply, done) => {
    // Further requests of that connection are not started.
    if (!socket.destroyed) done();
  });
}
