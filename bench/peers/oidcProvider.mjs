/** oidc-provider with its own memory adapter: `POST /token/introspection` of live access tokens. */
import { once } from 'node:events';
import Provider from 'oidc-provider';

const client = { client_id: 'bench', client_secret: 'bench-secret' };
const authorization = `Basic ${Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64')}`;
/** Its memory adapter keeps 1,000 entries. */
const tokenCount = 500;

const provider = new Provider('http://127.0.0.1', {
  clients: [{ ...client, grant_types: ['client_credentials'], redirect_uris: [], response_types: [] }],
  features: {
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    devInteractions: { enabled: false },
  },
  ttl: { ClientCredentials: 3_600 },
});
const server = provider.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address();
const headers = { authorization, 'content-type': 'application/x-www-form-urlencoded' };
const tokens = [];
while (tokens.length < tokenCount) {
  const request = { method: 'POST', headers, body: 'grant_type=client_credentials' };
  const answer = await fetch(`http://127.0.0.1:${port}/token`, request);
  tokens.push((await answer.json()).access_token);
}
process.send({
  port,
  requests: tokens.map((token) => ({
    method: 'POST',
    path: '/token/introspection',
    headers,
    body: `token=${token}`,
  })),
  contains: '"active":true',
});
process.on('disconnect', () => process.exit());
