/** Opens HTTP and gRPC, and closes them at a stop, in an order that loses no request. */
import type { Clock } from '@countersign/verifier/clock';
import type { Config } from '../platform/config/config.ts';
import type { GrpcServer } from './grpc/server.ts';
import { type HttpApp, listen } from './http/bareApp.ts';
import { transportLimits } from './limits.ts';
import { stopListening } from './stopListening.ts';

export interface Ports {
  readonly httpPort: number;
  readonly grpcPort: number;
}

export interface Transports {
  /** Returns the ports. Throws `StartupError` when an address is in use. */
  listen(): Promise<Ports>;
  /**
   * Sends clients and subscribers elsewhere while still answering; resolves after `delayMs`, when no new connections are
   * accepted. `beforeClose` resolves when the listeners may close.
   */
  drain(delayMs: number, beforeClose?: () => Promise<void>): Promise<void>;
  /** Finishes requests in flight. */
  close(): Promise<void>;
}

export interface TransportParts {
  readonly http: HttpApp;
  readonly grpc: GrpcServer;
  readonly config: Pick<Config, 'http' | 'grpc'>;
  readonly clock: Clock;
}

export function createTransports({ http, grpc, config, clock }: TransportParts): Transports {
  const wait = (milliseconds: number) =>
    new Promise<void>((resolve) => void clock.after(milliseconds, resolve));

  return {
    async listen() {
      const grpcPort = await grpc.listen(config.grpc.host, config.grpc.port);
      return { grpcPort, httpPort: await listen(http, 'HTTP_PORT', config.http) };
    },
    async drain(delayMs, beforeClose) {
      grpc.drain(delayMs);
      await wait(Math.max(delayMs, transportLimits.lastConnectionsMilliseconds));
      await beforeClose?.();
      // A proxy whose new connection is refused goes elsewhere, and stops using those that it has.
      await stopListening(http.server, clock);
      await grpc.stopListening();
      await wait(transportLimits.lastRequestsMilliseconds);
    },
    async close() {
      const cancel = clock.after(transportLimits.drainMilliseconds, () => http.server.closeAllConnections());
      await Promise.all([http.close(), grpc.close(transportLimits.drainMilliseconds)]);
      cancel();
    },
  };
}
