/** Counts of requests in Redis, as the user that docs/redis.md gives the authority. */
import { randomUUID } from 'node:crypto';
import t from 'tap';
import { createKeys } from '../../../src/storage/redis/keys.ts';
import { createSharedRateCounters } from '../../../src/storage/redis/rateCounters.ts';
import { eventually } from '../../support/eventually.ts';
import { startCluster, startRedis } from '../../support/redis.ts';
import { openTestRedis, startFor } from '../../support/sharedCopy.ts';

const minute = 60_000;

for (const [name, start] of [
  ['one server', startRedis],
  ['a Cluster', startCluster],
] as const) {
  t.test(name, async (t) => {
    const server = await startFor(t, start);
    const keys = createKeys(randomUUID());
    const node = async () => createSharedRateCounters({ redis: await openTestRedis(t, server.url), keys });
    const [one, other] = [await node(), await node()];

    t.test('nodes count together, each name by itself', async (t) => {
      t.match(await one.increment('a', minute, 10), { count: 1, remainingMs: minute });
      const { count, remainingMs } = await other.increment('a', minute, 10);
      t.equal(count, 2);
      t.ok(remainingMs > minute - 10_000 && remainingMs <= minute, `${remainingMs}`);
      t.match(await other.increment('b', minute, 10), { count: 1 });
    });

    t.test('one that is given back was not counted, whoever counted it', async (t) => {
      await other.giveBack('back', 10, minute);
      t.equal(await server.command('EXISTS', keys.rate('back')), 0, 'nothing is made by it');
      for (let count = 0; count < 2; count += 1) await one.increment('back', minute, 10);
      const ends = Number(await server.command('PTTL', keys.rate('back')));
      await other.giveBack('back', 10, minute);
      const { count, remainingMs } = await one.increment('back', minute, 10);
      t.equal(count, 2);
      t.ok(remainingMs <= ends, 'its window ends as before');
      for (let time = 0; time < 3; time += 1) await other.giveBack('back', 10, minute);
      t.match(await one.increment('back', minute, 10), { count: 1 }, 'there is nothing below none');
      await server.command('DEL', keys.rate('back'));
      await server.command('SADD', keys.rate('back'), 'x');
      await other.giveBack('back', 10, minute);
      t.match(await one.increment('back', minute, 10), { count: 1 }, 'what is no count');
    });

    t.test('what an earlier window counted is not taken from the next one', async (t) => {
      const { remainingMs } = await one.increment('next', minute, 10);
      await server.command('DEL', keys.rate('next'));
      t.match(await other.increment('next', minute, 10), { count: 1 });
      await one.giveBack('next', 10, remainingMs - minute);
      t.match(await other.increment('next', minute, 10), { count: 2 });
      await one.giveBack('next', 10, remainingMs);
      t.match(await other.increment('next', minute, 10), { count: 2 });
    });

    t.test('none is lost among many at once', async (t) => {
      const counts = await Promise.all(
        Array.from({ length: 200 }, (_, number) => (number % 2 ? one : other).increment('c', minute, 10)),
      );
      const expected = Array.from({ length: 200 }, (_, index) => index + 1);
      t.strictSame(
        counts.map(({ count }) => count).sort((a, b) => a - b),
        expected,
      );
    });

    t.test('a window ends, and leaves nothing', async (t) => {
      t.match(await one.increment('d', 50, 10), { count: 1 });
      const gone = async () => (await server.command('EXISTS', keys.rate('d'))) === 0;
      await eventually('it is gone', gone);
      t.match(await one.increment('d', minute, 10), { count: 1 });
    });

    t.test('one that would never end is given an end', async (t) => {
      await server.command('SET', keys.rate('e'), 41);
      t.strictSame(await one.increment('e', minute, 10), { count: 42, remainingMs: minute });
      t.ok(Number(await server.command('PTTL', keys.rate('e'))) > 0);
    });

    t.test('a count that is none, or ends too late, is counted anew or ends in time', async (t) => {
      const key = keys.rate('planted');
      for (const [command, ...value] of [
        ['SADD', 'x'],
        ['SET', 'x'],
        ['SET', '9223372036854775807'],
      ] as const) {
        await server.command('DEL', key);
        await server.command(command, key, ...value);
        t.strictSame(await one.increment('planted', minute, 10), { count: 1, remainingMs: minute }, value[0]);
      }
      await server.command('SET', key, '7', 'PX', 100 * minute);
      t.strictSame(await one.increment('planted', minute, 10), { count: 8, remainingMs: minute });
    });

    t.test('a server that forgot the script learns it again', async (t) => {
      await server.command('SCRIPT', 'FLUSH');
      t.match(await one.increment('f', minute, 10), { count: 1 });
    });

    t.test('it says so when nobody answers', async (t) => {
      await server.stop();
      await t.rejects(one.increment('a', minute, 10), /^Redis: /);
    });
  });
}
