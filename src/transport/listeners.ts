/**
 * Opens HTTP and gRPC, and closes them at a stop. Owns the order of closing, so that no request is lost.
 */
import { Server } from 'node:net';
import { atEndOfTurn, type Clock } from '@countersign/verifier/clock';
import type { Config } from '../platform/config/config.ts';
import type { GrpcServer } from './grpc/server.ts';
import { type HttpApp, listen } from './http/bareApp.ts';
import { transportLimits } from './limits.ts';

export interface Ports {
  readonly httpPort: number;
  readonly grpcPort: number;
}

export interface Transports {
  /** Answers the ports. Throws `StartupError` when an address is in use. */
  listen(): Promise<Ports>;
  /**
   * Sends clients and subscribers elsewhere, and goes on answering them meanwhile; resolves after `delayMs`, when no new connections are
   * taken any more.
   */
  drain(delayMs: number): Promise<void>;
  /** Finishes what is in flight. */
  close(): Promise<void>;
}

export interface TransportParts {
  readonly http: HttpApp;
  readonly grpc: GrpcServer;
  readonly config: Pick<Config, 'http' | 'grpc'>;
  readonly clock: Clock;
}

export function createTransports({ http, grpc, config, clock }: TransportParts): Transports {
  const wait = async (milliseconds: number) => {
    await new Promise<void>((resolve) => void clock.after(milliseconds, resolve));
    // A busy process has not yet seen what came meanwhile: it takes a connection in one turn, and reads from it in the next. A connection
    // that comes after the last look, and before the door is closed, is reset: so that comes after a turn with little to do.
    for (let turn = 1; turn <= transportLimits.lastTurns; turn += 1) {
      const begun = clock.monotonic();
      await new Promise<void>((resolve) => void atEndOfTurn(resolve));
      if (turn >= 2 && clock.monotonic() - begun < transportLimits.quietTurnMilliseconds) return;
    }
  };

  return {
    async listen() {
      const grpcPort = await grpc.listen(config.grpc.host, config.grpc.port);
      return { grpcPort, httpPort: await listen(http, 'HTTP_PORT', config.http) };
    },
    async drain(delayMs) {
      grpc.drain(delayMs);
      await wait(Math.max(delayMs, transportLimits.lastConnectionsMilliseconds));
      stopListening(http);
      grpc.stopListening();
      await wait(transportLimits.lastRequestsMilliseconds);
    },
    async close() {
      const cancel = clock.after(transportLimits.drainMilliseconds, () => http.server.closeAllConnections());
      await Promise.all([http.close(), grpc.close(transportLimits.drainMilliseconds)]);
      cancel();
    },
  };
}

/**
 * Takes no more connections. Closing the HTTP server would also close idle ones, and a request may be on its way on them: a
 * proxy that is refused a connection turns away, and uses those no more.
 */
function stopListening({ server }: HttpApp): void {
  Server.prototype.close.call(server);
}
