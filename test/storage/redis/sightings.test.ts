/** What nodes have seen, kept in Redis: only what one of them sealed counts, and nothing that somebody else put there stays. */
import { randomBytes, randomUUID } from 'node:crypto';
import t from 'tap';
import { createSealing } from '../../../src/platform/sealing.ts';
import { createKeys } from '../../../src/storage/redis/keys.ts';
import { createSharedSightings } from '../../../src/storage/redis/sightings.ts';
import { openTestRedis, startFor } from '../../support/sharedCopy.ts';

const silentMs = 1_000;

t.test('what somebody else put there says nothing, and is removed', async (t) => {
  const server = await startFor(t);
  const redis = await openTestRedis(t, server.url);
  const keys = createKeys(randomUUID());
  const sealing = createSealing(randomBytes(32));
  const node = (nodeId: string, by = sealing) =>
    createSharedSightings({ redis, keys, sealing: by, nodeId, silentMs });
  const seen = { deployment: 'a', decisions: [], savedAt: 1 };
  const [one, next] = [node('one'), node('next')];
  const plants: [what: string, plant: () => Promise<unknown>][] = [
    ['a text', () => server.command('SET', keys.sightings, 'x')],
    ['a set', () => server.command('SADD', keys.sightings, 'x')],
    ['fields that nobody sealed', () => server.command('HSET', keys.sightings, 'two', 'x', 'three', '')],
    ['sealed with another key', () => node('other', createSealing(randomBytes(32))).save(seen)],
  ];
  for (const [what, plant] of plants) {
    await server.command('DEL', keys.sightings);
    await plant();
    t.strictSame(await next.load(), [], what);
    await next.save(seen);
    t.strictSame(await server.command('HKEYS', keys.sightings), ['next'], `${what}: it is gone`);
    await server.command('DEL', keys.sightings);
    await plant();
    await one.save(seen);
    t.strictSame(await next.load(), [seen], `${what}: also while a node runs`);
  }
});

t.test('a field of another node stays until that one has not written for a while', async (t) => {
  const server = await startFor(t);
  const redis = await openTestRedis(t, server.url);
  const keys = createKeys(randomUUID());
  const sealing = createSealing(randomBytes(32));
  const node = (nodeId: string) => createSharedSightings({ redis, keys, sealing, nodeId, silentMs });
  const seen = (savedAt: number) => ({ deployment: 'a', decisions: [], savedAt });
  await node('one').save(seen(1));
  const two = node('two');
  t.strictSame(await two.load(), [seen(1)]);
  await two.save(seen(1 + silentMs));
  t.strictSame(((await server.command('HKEYS', keys.sightings)) as string[]).sort(), ['one', 'two']);
  const three = node('three');
  t.equal((await three.load()).length, 2);
  await three.save(seen(2 + silentMs));
  t.strictSame(((await server.command('HKEYS', keys.sightings)) as string[]).sort(), ['three', 'two']);
});
