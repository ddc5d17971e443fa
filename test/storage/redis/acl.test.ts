/**
 * The users that docs/redis.md tells operators to make: each can do its work and nothing else (S15). That the
 * authority's can do all of its work, the tests of the copy and of the bus show, which run as this user.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { encodeBase64url } from '@countersign/verifier/encoding';
import { Redis } from 'ioredis';
import t, { type Test } from 'tap';
import { createSealing } from '../../../src/platform/sealing.ts';
import { createBus } from '../../../src/storage/redis/bus.ts';
import { createSharedRateCounters } from '../../../src/storage/redis/rateCounters.ts';
import { createSavedMemory } from '../../../src/storage/redis/savedMemory.ts';
import { createSharedSightings } from '../../../src/storage/redis/sightings.ts';
import { inCheckout } from '../../support/checkout.ts';
import { eventually } from '../../support/eventually.ts';
import { startProcess } from '../../support/process.ts';
import { type RedisServer, startCluster, startRedis } from '../../support/redis.ts';
import { startAsAuthority, urlAs, userLines, userPassword } from '../../support/redisUsers.ts';
import { authentic, inAWhile, openCopy, someRevocations } from '../../support/sharedCopy.ts';

async function startFor(t: Test, start = startRedis): Promise<{ server: RedisServer; checker: string }> {
  const server = await startAsAuthority(start);
  t.teardown(() => server.stop());
  const { port } = server;
  return { server, checker: urlAs('countersign-checker', { url: `redis://127.0.0.1:${port}` }) };
}

t.test('the docs have a line for each user', async (t) => {
  t.strictSame([...userLines.keys()], ['countersign-authority', 'countersign-checker']);
});

t.test('the authority’s user can do nothing else', async (t) => {
  const { server } = await startFor(t);
  await refused(t, server.url, [
    ...[
      'FLUSHALL',
      'FLUSHDB',
      'KEYS *',
      'SCAN 0',
      'CONFIG GET *',
      'ACL LIST',
      'SHUTDOWN',
      'MONITOR',
      'CLIENT LIST',
    ],
    ...['SET other 1', 'GET other', 'DEL other', 'PUBLISH other x', 'SUBSCRIBE other', 'REPLICAOF NO ONE'],
    ...['SPUBLISH other x', 'PSUBSCRIBE *', 'SCRIPT FLUSH', 'EVAL redis.call("flushall") 0'],
  ]);
});

t.test('the authority’s user is given nothing that the authority does not use', async (t) => {
  const granted = [...(userLines.get('countersign-authority') ?? '').matchAll(/ \+(\S+)/g)].map(
    ([, name]) => name,
  );
  t.ok(granted.length > 20);
  const single = await startFor(t);
  const cluster = await startFor(t, startCluster);
  await useEverything(t, single.server, `${single.server.url}/1`);
  await useEverything(t, cluster.server, cluster.server.url);
  const unused = async () => {
    const stats = await Promise.all(
      [single, cluster].map(({ server }) => server.command('INFO', 'commandstats')),
    );
    const used = new Set([...String(stats).matchAll(/cmdstat_([a-z|]+):/g)].map(([, name]) => name));
    return granted.filter((name) => !used.has(name));
  };
  // The heartbeat of the bus comes a second later than everything else.
  await eventually('all was used', async () => (await unused()).length === 0, 3_000).catch(() => {});
  t.strictSame(await unused(), []);
});

async function useEverything(t: Test, server: RedisServer, url: string): Promise<void> {
  const deploymentId = randomUUID();
  const { redis, keys, projection } = await openCopy(t, url, deploymentId);
  await redis.claim(deploymentId);
  await redis.claim(deploymentId);
  const revocations = someRevocations(5_000);
  const stamp = await projection.beginRebuild();
  await projection.advance(stamp, revocations, { history: 'h', snapshot: '1:2:' });
  await projection.stamped('h');
  await projection.add(revocations);
  const saved = createSavedMemory({ redis, keys, authentic, onRefused: (why) => t.fail(why) });
  const memory = { savedAt: Date.now(), position: { history: 'h', snapshot: '1:2:' }, slices: [], marks: [] };
  await saved.save(memory);
  await saved.save(memory);
  t.ok(await (await saved.latest())?.read());
  const slices = [{ ofSessions: true, endsAt: inAWhile(4) }];
  await projection.contains([{ subject: randomBytes(16), slices }]);
  const sealing = createSealing(randomBytes(32));
  const sightings = createSharedSightings({ redis, keys, sealing, nodeId: 'a', silentMs: 1 });
  const sighting = { deployment: deploymentId, decisions: [], savedAt: 1 };
  await sightings.save(sighting);
  t.strictSame(await sightings.load(), [sighting]);
  await sightings.save({ ...sighting, savedAt: 10 });
  const database = url.endsWith('/1') ? 1 : 0;
  const admin = new Redis(server.port, { db: database });
  t.teardown(() => admin.disconnect());
  await admin.hset(keys.manifest, 'sessions:1', '{"entries":0}');
  await projection.add(revocations.slice(0, 1));
  await createSharedRateCounters({ redis, keys }).increment('a', 60_000, 1);
  const listener = { onAnnouncement: () => {}, onAcknowledgement: () => {} };
  const bus = createBus({
    ...{ redis, keys, authentic, nodeId: 'a', listener },
    onDropped: (why) => t.fail(why),
    onFault: (error) => t.fail(error.message),
  });
  t.teardown(bus.close);
  await eventually('it listens', bus.listening);
  // One that stands still for a while is asked whether it is back.
  server.kill('SIGSTOP');
  await t.rejects(redis.claim(deploymentId));
  server.kill('SIGCONT');
  await eventually('it is back', redis.available);
  await bus.announce({ from: 'a', number: 1, history: 'h', revocations: [] });
}

t.test('the checker’s user cannot write, flush, publish, or look around', async (t) => {
  const { server, checker } = await startFor(t);
  const { keys, projection } = await openCopy(t, server.url);
  await projection.add(someRevocations(1));
  const { manifest } = keys;
  const set = keys.set('sessions:1');
  await refused(t, checker, [
    ...[
      `SET ${manifest} 1`,
      `DEL ${manifest}`,
      `UNLINK ${manifest}`,
      `HSET ${manifest} a b`,
      `EXPIRE ${manifest} 1`,
    ],
    ...[
      `SADD ${set} x`,
      `SREM ${set} x`,
      `SMEMBERS ${set}`,
      `RENAME ${manifest} other`,
      `GETDEL ${manifest}`,
    ],
    ...[
      'FLUSHALL',
      'FLUSHDB',
      'KEYS *',
      'SCAN 0',
      'CONFIG GET *',
      'ACL LIST',
      'SHUTDOWN',
      'CLIENT LIST',
      'MONITOR',
    ],
    ...[
      `PUBLISH ${keys.announcements} x`,
      `SUBSCRIBE ${keys.announcements}`,
      'EVAL return 0',
      'MULTI',
      'GET other',
    ],
  ]);
});

async function refused(t: Test, url: string, commands: readonly string[]): Promise<void> {
  const redis = new Redis(url, { enableReadyCheck: false });
  t.teardown(() => redis.disconnect());
  for (const command of commands) {
    const [name = '', ...words] = command.split(' ');
    await t.rejects(
      redis.call(name, words),
      { message: /NOPERM|ACL failure|can't run this command/ },
      command,
    );
  }
}

t.test('the example of the docs finds what is revoked, as the checker', async (t) => {
  const { server } = await startFor(t);
  const deploymentId = randomUUID();
  const { redis, projection } = await openCopy(t, server.url, deploymentId);
  await redis.claim(deploymentId);
  // With what a careless shell would lose: zeros, line ends, and what looks like options.
  const [dead, loggedOut, live] = [randomBytes(27), randomBytes(27), randomBytes(27)];
  dead.write('--x\0\r\n');
  dead[26] = 0x0a;
  loggedOut.write('\n\0 \t');
  loggedOut[15] = 0x0a;
  const subjects = [dead, loggedOut.subarray(0, 16)];
  const rows = subjects.map((subject) => ({ subject, reason: 'x', expiresAt: inAWhile() }));
  await projection.add([...rows, ...someRevocations(3, { expiresAt: inAWhile(1) })]);

  const docs = readFileSync(inCheckout('docs/redis.md'), 'utf8');
  const example = /```sh\n([\s\S]*?)```/.exec(docs)?.[1] ?? '';
  const run = async (jti: Buffer): Promise<string> => {
    const login = `redis-cli() { command redis-cli -p ${server.port} --user countersign-checker "$@"; }`;
    const env = { REDISCLI_AUTH: userPassword, jti: encodeBase64url(jti) };
    const started = startProcess('bash', ['-c', `${login}\n${example}`], { env });
    await started.exited;
    return started.stdout() + started.stderr();
  };
  t.equal(await run(dead), 'revoked\n', 'a token');
  t.equal(await run(loggedOut), 'revoked\n', 'a session');
  t.equal(await run(live), '', 'neither');
});
