/** Redis over TLS, with authorities of one's own and client certificates: one server, a Cluster and a Sentinel. */
import { rename, writeFile } from 'node:fs/promises';
import { systemClock } from '@countersign/verifier/clock';
import t, { type Test } from 'tap';
import { parseRedisUrl } from '../../../src/platform/config/redisUrl.ts';
import { openRedis, type RedisConnection } from '../../../src/storage/redis/connection.ts';
import { openCertificateFolder } from '../../support/certificates.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/freePort.ts';
import { startCluster, startRedis, startReplicated } from '../../support/redis.ts';
import { startTlsSentinel } from '../../support/sentinel.ts';

const sentinelPassword = 'password-of-the-sentinel';

/** Certificates of a server and of a client, each of its own authority, and of a stranger. */
async function openFiles(t: Test) {
  const folder = await openCertificateFolder();
  t.teardown(folder.remove);
  const [serverCa, clientCa, strangers] = [await folder.newCa(), await folder.newCa(), await folder.newCa()];
  const server = await serverCa.issue('IP:127.0.0.1,DNS:localhost');
  const [client, stranger] = [await clientCa.issue('DNS:node'), await strangers.issue('DNS:node')];
  for (const [name, bytes] of Object.entries({
    'server-ca.pem': serverCa.certificate,
    'client-ca.pem': clientCa.certificate,
    'other-ca.pem': strangers.certificate,
    'server.pem': server.certificate,
    'server.key': server.key,
    'client.pem': client.certificate,
    'client.key': client.key,
    'stranger.pem': stranger.certificate,
    'stranger.key': stranger.key,
  }))
    await folder.write(name, bytes);
  const serverArgs = [
    ...['--tls-cert-file', folder.path('server.pem'), '--tls-key-file', folder.path('server.key')],
    ...['--tls-ca-cert-file', folder.path('client-ca.pem'), '--tls-auth-clients', 'yes'],
  ];
  const files = (ca?: string, name?: string) => ({
    caPath: ca && folder.path(`${ca}.pem`),
    certificatePath: name && folder.path(`${name}.pem`),
    privateKeyPath: name && folder.path(`${name}.key`),
  });
  return { folder, serverArgs, files };
}

type Parts = Omit<Parameters<typeof openRedis>[0], 'address' | 'clock'>;

async function open(t: Test, url: string, parts: Parts): Promise<RedisConnection> {
  const address = parseRedisUrl(url);
  if (address === undefined) throw new Error(`not a REDIS_URL: ${url}`);
  const redis = await openRedis({ address, clock: systemClock, ...parts });
  t.teardown(() => redis.close());
  return redis;
}

/** Commands and messages, as a node needs them. */
async function works(t: Test, redis: RedisConnection): Promise<void> {
  t.equal(await redis.run((commands) => commands.set('a', '1')), 'OK');
  let heard = '';
  const hear = (_: string, payload: Buffer) => {
    heard = payload.toString();
  };
  const subscription = redis.subscribe(['channel'], hear, (error) => t.fail(error.message));
  t.teardown(subscription.close);
  await eventually('subscribed', subscription.active);
  await redis.run((commands) => commands.publish('channel', 'over TLS'));
  t.ok(await eventually('it is heard', () => heard === 'over TLS'));
}

t.test('one server that asks for certificates', async (t) => {
  const { folder, serverArgs, files } = await openFiles(t);
  const port = await freePort();
  const server = await startRedis({ args: ['--tls-port', String(port), ...serverArgs] });
  t.teardown(() => server.stop());
  const url = `rediss://127.0.0.1:${port}`;
  await works(t, await open(t, url, { tls: files('server-ca', 'client') }));
  await works(t, await open(t, `rediss://localhost:${port}`, { tls: files('server-ca', 'client') }));

  const refused: [what: string, parts: Parts, message: RegExp][] = [
    ['no authority', { tls: files(undefined, 'client') }, /self-signed|unable to verify|local issuer/],
    [
      'an authority of others',
      { tls: files('other-ca', 'client') },
      /unable to verify|local issuer|signature/,
    ],
    ['no certificate', { tls: files('server-ca') }, /./],
    ['the certificate of a stranger', { tls: files('server-ca', 'stranger') }, /./],
  ];
  for (const [what, parts, message] of refused) {
    await t.rejects(open(t, url, parts), { name: 'UnreachableError', message }, what);
  }

  const unusable: [what: string, spoil: () => Promise<void>, message: RegExp][] = [
    ['no PEM', () => writeFile(folder.path('client.pem'), 'x'), /^REDIS_TLS_\*: not certificates/],
    [
      'the key of another',
      () => rename(folder.path('stranger.key'), folder.path('client.key')),
      /^REDIS_TLS_\*/,
    ],
    [
      'gone',
      () => rename(folder.path('client.key'), folder.path('gone.key')),
      /^REDIS_TLS_KEY: .*cannot be read/,
    ],
  ];
  for (const [what, spoil, message] of unusable) {
    await spoil();
    await t.rejects(
      open(t, url, { tls: files('server-ca', 'client') }),
      { name: 'StartupError', message },
      what,
    );
  }
});

t.test('a certificate that is replaced is used for the next connection', async (t) => {
  const { folder, serverArgs, files } = await openFiles(t);
  const port = await freePort();
  const server = await startRedis({ args: ['--tls-port', String(port), ...serverArgs] });
  t.teardown(() => server.stop());
  const redis = await open(t, `rediss://127.0.0.1:${port}`, { tls: files('server-ca', 'client') });
  await server.command('CONFIG', 'SET', 'tls-ca-cert-file', folder.path('other-ca.pem'));
  for (const kind of ['pem', 'key'])
    await rename(folder.path(`stranger.${kind}`), folder.path(`client.${kind}`));
  await server.command('CLIENT', 'KILL', 'TYPE', 'normal');
  const again = () =>
    redis
      .run((commands) => commands.set('a', '2'))
      .then(
        () => true,
        () => false,
      );
  t.ok(await eventually('it is connected again', again, 10_000));
});

t.test('a Cluster', async (t) => {
  const { serverArgs, files } = await openFiles(t);
  const cluster = await startCluster({
    args: [...serverArgs, '--tls-cluster', 'yes', '--tls-port', String(await freePort())],
  });
  t.teardown(() => cluster.stop());
  const tlsPort = Number(((await cluster.command('CONFIG', 'GET', 'tls-port')) as string[])[1]);
  const redis = await open(t, `rediss-cluster://127.0.0.1:${tlsPort}`, { tls: files('server-ca', 'client') });
  await works(t, redis);
});

t.test('a Sentinel over TLS with a password of its own, of a server with another one', async (t) => {
  const { serverArgs, files } = await openFiles(t);
  const port = await freePort();
  const server = await startRedis({
    args: ['--tls-port', String(port), ...serverArgs, '--requirepass', 'of-the-server'],
  });
  t.teardown(() => server.stop());
  const sentinel = await startTlsSentinel({
    primaryPort: port,
    args: serverArgs,
    password: sentinelPassword,
    primaryPassword: 'of-the-server',
  });
  t.teardown(() => sentinel.stop());
  const url = `rediss-sentinel://:of-the-server@127.0.0.1:${sentinel.port}/${sentinel.group}`;
  const tls = files('server-ca', 'client');
  const sentinelLogin = { username: undefined, password: sentinelPassword };
  await works(t, await open(t, url, { tls, sentinelLogin }));
  await works(t, await open(t, url, { tls, sentinelLogin: { ...sentinelLogin, username: 'default' } }));
  const wrong = { username: undefined, password: 'wrong-password' };
  await t.rejects(open(t, url, { tls, sentinelLogin: wrong }), {
    name: 'UnreachableError',
    message: /WRONGPASS/,
  });
  await t.rejects(open(t, url, { tls }), { name: 'UnreachableError' }, 'that of the server is another one');
  await t.rejects(open(t, url, { sentinelLogin }), { name: 'UnreachableError' }, 'without certificates');
});

t.test('a Sentinel with a password of its own, of servers without one', async (t) => {
  const replicated = await startReplicated({ sentinelPassword });
  t.teardown(() => replicated.stop());
  await works(
    t,
    await open(t, replicated.url, { sentinelLogin: { username: undefined, password: sentinelPassword } }),
  );
});
