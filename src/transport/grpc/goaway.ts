/**
 * Leaving: GOAWAY (RFC 9113 §6.8) tells clients to start nothing more on their connections. Node.js refuses unread requests, and
 * gRPC clients repeat those elsewhere. nginx cannot once a request is sent: it uses a new connection for each (docs/proxies.md),
 * so very new connections get no GOAWAY.
 */
import type { ServerHttp2Session } from 'node:http2';
import type { Clock } from '@countersign/verifier/clock';
import type { Server } from '@grpc/grpc-js';
import { stopListening } from '../stopListening.ts';
import { grpcLimits } from './limits.ts';
import { listenersOf } from './listeners.ts';

export interface Leaving {
  /** Call when the server listens. */
  watch(): void;
  /** Sends GOAWAY on all but very new connections; their requests in flight are served. */
  sayGoaway(): void;
  /** Accepts no more connections. */
  stopListening(): Promise<void>;
}

export function createLeaving(server: Server, clock: Pick<Clock, 'monotonic'>): Leaving {
  /** Session → its start. */
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
    async stopListening() {
      for (const listener of listenersOf(server)) await stopListening(listener, clock);
    },
  };
}
