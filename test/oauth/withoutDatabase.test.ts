/** Revocation over OAuth while the database does not commit: 503 with a time to try again, never the answer of a success. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import t from 'tap';
import { claimsOf } from '../support/clients.ts';
import { eventually } from '../support/eventually.ts';
import { basic, startIssuer } from '../support/oauthClients.ts';
import { startPostgres } from '../support/postgres.ts';
import { startRedis } from '../support/redis.ts';

t.test('a revocation that is not durable is not answered as one', async (t) => {
  const [postgres, redis] = [await startPostgres(), await startRedis()];
  t.teardown(() => Promise.all([postgres.stop(), redis.stop()]));
  const env = {
    ...{ DATABASE_URL: postgres.url, REDIS_URL: redis.url },
    KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  };
  const { register, login, client, form, call, grpc } = await startIssuer(t, { env });
  await register('alice@example.com');
  const { access_token: token, refresh_token: refreshToken } = await login('alice@example.com');
  const { sub, jti } = claimsOf(token);
  const service = await client('support', { permissions: ['tokens.revoke', 'users.logout'] });
  const as = basic(service.id, service.secret);
  const body = { sub_id: { format: 'opaque', id: sub } };
  const everything = () => call('POST', '/oauth2/global-token-revocation', { body, headers: as });
  const refuse = async (when: string) => {
    const [access, refresh, global] = await Promise.all([
      form('/oauth2/revoke', { token }, as),
      form('/oauth2/revoke', { token: refreshToken }, as),
      everything(),
    ]);
    const oauth = { status: 503, body: { error: 'temporarily_unavailable', error_description: /^[ -~]+$/ } };
    t.match(access, oauth, `an access token ${when}`);
    t.match(refresh, oauth, `a refresh token ${when}`);
    t.strictSame(Object.keys(access.body), ['error', 'error_description'], 'as RFC 6749 §5.2 has it');
    t.match(global, { status: 503, body: { code: 'unavailable' } }, `everything ${when}`);
    t.match(global.headers.get('content-type'), 'application/problem+json');
    for (const { headers } of [access, refresh, global])
      t.match(headers.get('retry-after'), /^[1-9][0-9]*$/, when);
  };

  const other = new pg.Client({ connectionString: postgres.url });
  await other.connect();
  await other.query('BEGIN');
  await other.query('SELECT 1 FROM users FOR UPDATE');
  await other.query('SELECT 1 FROM sessions FOR UPDATE');
  // The client proves itself, then its revocation waits for the rows until the server gives it up.
  await refuse('while somebody else holds the rows');
  await other.query('ROLLBACK');
  await other.end();
  t.match(await grpc.isRevoked(jti), { revoked: false }, 'and nothing was revoked');

  await postgres.kill('SIGKILL');
  await refuse('without a database');
  await postgres.start();
  const done = async () => (await form('/oauth2/revoke', { token }, as)).status === 200;
  t.ok(await eventually('the client tries again', done, 20_000));
  t.match(await grpc.isRevoked(jti), { revoked: true });
  t.equal((await everything()).status, 204);
});
