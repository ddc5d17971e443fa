/** A gRPC service that needs an access token for every method, and for one a scope that no user has yet. */

import { createGuard } from '@countersign/guard';
import { callerOf, guardInterceptor } from '@countersign/guard/grpc';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { orderService } from './orderService.mjs';

const { AUTHORITY = '127.0.0.1:50051', AUDIENCE = 'countersign', SERVICE_TOKEN, PORT = '3000' } = process.env;

const guard = createGuard({ authority: AUTHORITY, audience: AUDIENCE, serviceToken: SERVICE_TOKEN });
const scopes = { '/orders.OrderService/ListReports': ['reports.read'] };
const server = new Server({
  interceptors: [
    guardInterceptor(guard, {
      scopes: (path) => scopes[path],
      isPublic: (path) => path === '/orders.OrderService/Ready',
    }),
  ],
});
server.addService(orderService, {
  ListOrders: (call, callback) => callback(null, { caller: callerOf(call).sub }),
  ListReports: (_, callback) => callback(null, { reports: [] }),
  Ready: (_, callback) => callback(null, { ready: guard.state().status === 'leased' }),
});

server.bindAsync(`127.0.0.1:${PORT}`, ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(`127.0.0.1:${port}`);
});
process.once('SIGTERM', () => {
  server.forceShutdown();
  guard.close();
});
