/** A process with one bare Fastify route that answers the text it is given: the yardstick of the JWKS. */
import type { AddressInfo } from 'node:net';
import fastify from 'fastify';

const [text = ''] = process.argv.slice(2);
const bare = fastify();
bare.get('/.well-known/jwks.json', async (_request, reply) =>
  reply.type('application/json; charset=utf-8').send(text),
);
await bare.listen({ host: '127.0.0.1', port: 0 });
process.send?.((bare.server.address() as AddressInfo).port);
process.on('disconnect', () => process.exit());
