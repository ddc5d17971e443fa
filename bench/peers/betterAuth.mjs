/** better-auth on PostgreSQL: `GET /api/auth/get-session` of live sessions. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { toNodeHandler } from 'better-auth/node';
import pg from 'pg';

const users = 30;
const options = {
  database: new pg.Pool({ connectionString: process.env.PEER_DATABASE_URL }),
  secret: 'a secret of the bench, of 32 bytes and more',
  baseURL: 'http://127.0.0.1',
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
};
await (await getMigrations(options)).runMigrations();
const auth = betterAuth(options);
const server = createServer(toNodeHandler(auth)).listen(0, '127.0.0.1');
await once(server, 'listening');
const requests = [];
while (requests.length < users) {
  const body = { name: 'Bench', email: `${requests.length}@example.com`, password: 'correct horse battery' };
  const { headers } = await auth.api.signUpEmail({ body, returnHeaders: true });
  const cookie = headers
    .getSetCookie()
    .map((each) => each.split(';')[0])
    .join('; ');
  requests.push({ method: 'GET', path: '/api/auth/get-session', headers: { cookie } });
}
process.send({ port: server.address().port, requests, contains: '"session":{' });
process.on('disconnect', () => process.exit());
