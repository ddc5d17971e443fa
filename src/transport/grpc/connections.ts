/**
 * gRPC connections from the first byte. Until a call is authorised, a connection is a stranger's: it has few streams and gives
 * way to newer ones. The first authorised call assigns it to that service, which has its own share.
 */
import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { atEndOfTurn, type Clock } from '@countersign/verifier/clock';
import type { Server } from '@grpc/grpc-js';
import type { Metrics } from '../../platform/observability/metrics.ts';
import type { Service } from '../../services/service.ts';
import { createStrangers } from '../strangers.ts';
import { grpcLimits } from './limits.ts';
import { listenersOf } from './listeners.ts';
import { overloaded, type Usage, type Usages } from './usage.ts';

export interface Connections {
  /** Call when the server listens. */
  watch(server: Server): void;
  /**
   * A call on it was authorised: returns the service's usage. Throws `overloaded` when the service has its share of connections.
   */
  provedBy(session: ServerHttp2Session | undefined, service: Service): Usage;
  /** The usage of the connection's service; undefined for a stranger's. */
  usageOf(session: ServerHttp2Session | undefined): Usage | undefined;
  /** Cuts all remaining connections. */
  destroy(): void;
}

interface Connection {
  /** Removes it from the strangers: authorised or gone. */
  readonly leave: () => void;
  cut: () => void;
  session?: ServerHttp2Session;
  /** The usage of the service that authorised it. */
  usage?: Usage;
}

export function createConnections(parts: {
  readonly usages: Usages;
  readonly clock: Pick<Clock, 'after'>;
  readonly metrics: Pick<Metrics, 'gauge' | 'connectionDropped'>;
}): Connections {
  const { usages, clock, metrics } = parts;
  const strangers = createStrangers({
    total: grpcLimits.grpcStrangers,
    ofOneAddress: grpcLimits.grpcStrangersOfAddress,
  });
  metrics.gauge(
    'countersign_grpc_unproved_connections',
    'gRPC connections on which no call was authorised yet.',
    strangers.count,
  );
  /** By the peer's address and port: with TLS, the session's socket differs from the listener's. */
  const arrived = new Map<string, Connection>();
  const connections = new Map<ServerHttp2Session, Connection>();

  const onConnection = (socket: Socket) => {
    const peer = peerOf(socket);
    const connection: Connection = { leave: () => leave(), cut: () => socket.destroy() };
    const leave = strangers.enter(socket.remoteAddress, (limit) => {
      metrics.connectionDropped('grpc', limit);
      connection.cut();
    });
    const cancel = clock.after(grpcLimits.grpcHandshakeMilliseconds, () => {
      // No session yet: the TLS handshake is not finished.
      if (arrived.get(peer) === connection) socket.destroy();
    });
    arrived.set(peer, connection);
    socket.once('close', () => {
      if (connection.session !== undefined) connections.delete(connection.session);
      leave();
      cancel();
      if (arrived.get(peer) === connection) arrived.delete(peer);
    });
  };

  const onSession = (session: ServerHttp2Session) => {
    const peer = peerOf(session.socket);
    const connection = arrived.get(peer);
    arrived.delete(peer);
    if (connection === undefined) return;
    const { cut } = connection;
    // The session owns the socket now: destroying the socket separately frees memory that Node.js still uses. A gracefully ended
    // session waits for a peer that may never read.
    connection.cut = () => void atEndOfTurn(() => (session.destroyed ? cut() : session.destroy()));
    connection.session = session;
    connections.set(session, connection);
  };

  return {
    watch(server) {
      for (const listener of listenersOf(server)) {
        listener.prependListener('connection', onConnection);
        listener.on('session', onSession);
      }
    },
    provedBy(session, service) {
      const usage = usages.of(service);
      const connection = session && connections.get(session);
      if (session === undefined || connection === undefined || connection.usage !== undefined) return usage;
      if (session.destroyed) return usage;
      if (!usage.connect()) throw overloaded('service_connections');
      connection.usage = usage;
      connection.leave();
      session.settings({ maxConcurrentStreams: grpcLimits.grpcStreamsPerConnection });
      session.once('close', usage.disconnect);
      return usage;
    },
    usageOf: (session) => session && connections.get(session)?.usage,
    destroy() {
      for (const { cut } of [...connections.values(), ...arrived.values()]) cut();
    },
  };
}

function peerOf({ remoteAddress, remotePort }: Pick<Socket, 'remoteAddress' | 'remotePort'>): string {
  return `${remoteAddress} ${remotePort}`;
}
