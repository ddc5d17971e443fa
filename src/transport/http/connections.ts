/**
 * Connections over HTTP can be opened by anybody. While no whole request of one is being worked on it costs nothing but room, so there
 * are only so many of those, and the oldest gives way to the next. That includes one whose answer is on its way: the peer may not
 * read it. Of requests that wait for their answers, one connection has a few.
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
  /** Takes it from those that may have to give way. */
  leave: () => void;
  /** Requests that are there with their bodies, and have no answer yet. */
  readonly inWork: Set<IncomingMessage>;
  /** Requests whose answers have not gone out. */
  unanswered: number;
}

export interface ConnectionParts {
  readonly metrics: Pick<Metrics, 'connectionDropped' | 'gauge'>;
  readonly trustedProxies: readonly string[];
}

export function limitConnections(app: HttpApp, { metrics, trustedProxies }: ConnectionParts): void {
  const strangers = createStrangers({
    total: httpLimits.httpIdleConnections,
    ofOneAddress: httpLimits.httpIdleConnectionsOfAddress,
  });
  metrics.gauge(
    'countersign_http_idle_connections',
    'HTTP connections on which no request is being worked on; answers may be on their way.',
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
    // Everybody comes from the address of a proxy.
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
  // Not before its body is there as well.
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
}

/** Node takes up every request that has come, and keeps the answers in the order of the requests until they are read. */
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
    // What else came with one too many is not taken up.
    if (!socket.destroyed) done();
  });
}
