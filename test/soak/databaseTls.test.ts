/** PostgreSQL over TLS, as providers and operators set it up: each form of the URL is served, or refused in one line. */
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import t, { type Test } from 'tap';
import { openCertificateFolder } from '../support/certificates.ts';
import { startPostgres } from '../support/postgres.ts';
import { startProcess } from '../support/process.ts';
import { startRedis } from '../support/redis.ts';
import { distFolder, startServer } from '../support/server.ts';

t.setTimeout(120_000);

/** A server whose certificate is for `localhost`, of an authority of its own. */
async function openTls(t: Test) {
  const certificates = await openCertificateFolder();
  t.teardown(certificates.remove);
  const { path, write } = certificates;
  const ca = await certificates.newCa();
  const leaf = await ca.issue('DNS:localhost');
  await write('server.pem', leaf.certificate);
  await write('server.key', leaf.key);
  await write('ca.pem', ca.certificate);
  await write('other.pem', (await certificates.newCa()).certificate);
  const server = await startPostgres();
  t.teardown(() => server.stop());
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  const { rows } = await client.query('SHOW data_directory');
  const { uid, gid } = await stat(rows[0].data_directory);
  await chmod(path('.'), 0o711);
  await chown(path('server.key'), uid, gid);
  await chmod(path('server.key'), 0o600);
  for (const [name, file] of [
    ['ssl_cert_file', path('server.pem')],
    ['ssl_key_file', path('server.key')],
  ])
    await client.query(`ALTER SYSTEM SET ${name} = '${file}'`);
  await client.query('ALTER SYSTEM SET ssl = on');
  await client.query('SELECT pg_reload_conf()');
  await client.end();
  const redis = await startRedis();
  t.teardown(() => redis.stop());
  const dataDir = await mkdtemp(join(tmpdir(), 'tls-'));
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const urlOf = (host: string, query: string) => {
    const url = new URL(server.url);
    url.host = `${host}:${server.port}`;
    return `${url.href}?${query}`;
  };
  const envOf = (url: string) => ({
    ...{ DATABASE_URL: url, REDIS_URL: redis.url, DATA_DIR: dataDir, REGISTRATION: 'open' },
    KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  });
  return { server, dataDir, path, urlOf, envOf };
}

t.test('over TLS', async (t) => {
  const { server, dataDir, path, urlOf, envOf } = await openTls(t);
  const { KEY_ENCRYPTION_KEY } = envOf('');
  const ca = `sslrootcert=${path('ca.pem')}`;
  const encrypted = async () => {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    const { rows } = await client.query(
      `SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
        WHERE application_name = 'countersign'`,
    );
    await client.end();
    return rows.map(({ ssl }) => ssl as boolean);
  };

  for (const [query, ssl] of [
    ['sslmode=disable', false],
    ['sslmode=no-verify', true],
    [`sslmode=prefer&${ca}`, true],
    [`sslmode=require&${ca}`, true],
    [`sslmode=verify-ca&${ca}`, true],
    [`sslmode=verify-full&${ca}`, true],
    [`sslmode=require&uselibpqcompat=true&${ca}`, true],
    [ca, true],
  ] as const) {
    const env = { ...envOf(urlOf('localhost', query)), KEY_ENCRYPTION_KEY };
    const node = await startServer(dataDir, env);
    t.teardown(() => node.stop());
    const what = query.replaceAll(path('.'), '');
    t.equal((await node.call('GET', '/health/ready')).status, 200, what);
    t.strictSame(await encrypted(), [ssl], `${what}: all of its connections`);
    t.notMatch(node.process.stderr(), /^[^{]/m, `${what}: nothing is written beside the log`);
    node.process.signal('SIGINT');
    await node.process.exited;
  }

  const reached = 'DATABASE_URL: the PostgreSQL server cannot be reached: the database';
  for (const [what, host, query, line] of [
    ['nobody vouches for it', 'localhost', 'sslmode=require', 'shows a certificate that is not trusted here'],
    [
      'another authority',
      'localhost',
      `sslmode=verify-ca&sslrootcert=${path('other.pem')}`,
      'shows a certificate that is not trusted here',
    ],
    ['another host', '127.0.0.1', `sslmode=verify-ca&${ca}`, 'shows a certificate that is not trusted here'],
  ] as const) {
    const env = { ...envOf(urlOf(host, query)), KEY_ENCRYPTION_KEY, HTTP_PORT: '0', GRPC_PORT: '0' };
    const started = startProcess(process.execPath, [join(distFolder, 'main.js')], {
      env: { ...env, OPERATIONS_PORT: '0', ISSUER: 'http://127.0.0.1:8080', LOG_LEVEL: 'silent' },
    });
    t.teardown(() => started.stop());
    const [said] = await started.waitForOutput(/.*trying again in .*\n/);
    t.ok(said.startsWith(`${reached} ${line}`), `${what}: ${said}`);
    await started.stop();
  }
});

t.test('a server without TLS is not spoken to in the clear when TLS is asked for', async (t) => {
  const server = await startPostgres();
  t.teardown(() => server.stop());
  const redis = await startRedis();
  t.teardown(() => redis.stop());
  const dataDir = await mkdtemp(join(tmpdir(), 'tls-'));
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const started = startProcess(process.execPath, [join(distFolder, 'main.js')], {
    env: {
      ...{
        DATABASE_URL: `${server.url}?sslmode=prefer`,
        REDIS_URL: redis.url,
        DATA_DIR: dataDir,
      },
      ...{ HTTP_PORT: '0', GRPC_PORT: '0', OPERATIONS_PORT: '0', ISSUER: 'http://127.0.0.1:8080' },
      KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    },
  });
  t.teardown(() => started.stop());
  t.ok(await started.waitForOutput(/does not speak TLS, which \?sslmode= asks for/));
});
