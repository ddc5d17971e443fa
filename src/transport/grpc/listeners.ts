/** The HTTP/2 servers under the library, which keeps them for itself; `test/transport/grpc/strangers.test.ts` fails when that has changed. */
import type { Server as NetServer } from 'node:net';
import type { Server } from '@grpc/grpc-js';

interface Internals {
  readonly http2Servers: ReadonlyMap<NetServer, unknown>;
}

/** Those that listen: none before `bindAsync`. */
export function listenersOf(server: Server): readonly NetServer[] {
  return [...(server as unknown as Internals).http2Servers.keys()];
}
