/**
 * Leaving: clients are told by GOAWAY (RFC 9113 §6.8) to begin nothing more on their connections. What Node has not yet read then is
 * refused, and clients of gRPC begin it again elsewhere. nginx cannot, once it has sent a request: so it makes a connection for each
 * (docs/proxies.md), and connections that have just been made are left alone.
 */
import type { ServerHttp2Session } from 'node:http2';
import { Server as NetServer } from 'node:net';
import type { Clock } from '@countersign/verifier/clock';
import type { Server } from '@grpc/grpc-js';
import { grpcLimits } from './limits.ts';
import { listenersOf } from './listeners.ts';

export interface Leaving {
  /** To be called when the server listens. */
  watch(): void;
  /** Connections that are older than a moment get GOAWAY; what is under way on them is served. */
  sayGoaway(): void;
  /** Takes no more connections. */
  stopListening(): void;
}

export function createLeaving(server: Server, clock: Pick<Clock, 'monotonic'>): Leaving {
  /** Session → since when. */
  const sessions = new Map<ServerHttp2Session, number>();
  return {
    watch() {
      for (const listener of listenersOf(server)) {
        listener.on('session', (session: ServerHttp2Session) => {
          sessions.set(session, clock.monotonic());
          session.once('close', () => sessions.delete(session));
        });
      }
    },
    sayGoaway() {
      const young = clock.monotonic() - grpcLimits.goawayAgeMilliseconds;
      for (const [session, since] of sessions) if (since < young) session.close();
    },
    stopListening() {
      for (const listener of listenersOf(server)) NetServer.prototype.close.call(listener);
    },
  };
}
