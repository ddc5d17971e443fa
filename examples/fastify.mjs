/** A Fastify service that needs an access token on every route, and on one a scope that no user has yet. */
import { createGuard } from '@countersign/guard';
import { guardPlugin } from '@countersign/guard/fastify';
import fastify from 'fastify';

const { AUTHORITY = '127.0.0.1:50051', AUDIENCE = 'countersign', SERVICE_TOKEN, PORT = '3000' } = process.env;

const guard = createGuard({ authority: AUTHORITY, audience: AUDIENCE, serviceToken: SERVICE_TOKEN });
const app = fastify({ forceCloseConnections: true });
await app.register(guardPlugin, {
  guard,
  scopes: (request) => request.routeOptions.config.scopes,
  isPublic: (request) => request.url === '/ready',
});
app.get('/orders', (request) => ({ caller: request.caller.sub }));
app.get('/reports', { config: { scopes: ['reports.read'] } }, () => ({ reports: [] }));
app.get('/ready', (_, reply) => reply.code(guard.state().status === 'leased' ? 200 : 503).send());
app.addHook('onClose', () => guard.close());

console.log(await app.listen({ port: Number(PORT), host: '127.0.0.1' }));
process.once('SIGTERM', () => app.close());
