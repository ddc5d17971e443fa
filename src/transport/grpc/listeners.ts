/** The HTTP/2 servers inside the library; `test/transport/grpc/strangers.test.ts` fails when the library changes. */
import type { Server as NetServer } from 'node:net';
import type { Server } from '@grpc/grpc-js';

interface Internals {
  readonly http2Servers: ReadonlyMap<NetServer, unknown>;
}

/** The listening ones: none before `bindAsync`. */
export function listenersOf(server: Server): readonly NetServer[] {
  return [...(server as unknown as Internals).http2Servers.keys()];
}
