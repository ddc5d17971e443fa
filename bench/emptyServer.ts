/** The yardstick of checks: a grpc-js server whose handlers answer an empty message at once. */
import { loadContract } from '@countersign/verifier/contract/contract';
import { Server, ServerCredentials } from '@grpc/grpc-js';

const { TokenService } = loadContract().v1;
const server = new Server();
const empty = (_call: unknown, callback: (error: null, answer: object) => void) => callback(null, {});
server.addService(TokenService.service, { IsRevoked: empty, Introspect: empty });
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.send?.(port);
});
process.on('disconnect', () => process.exit());
