/** The shared copy of the deny-list loses something: it says so, and is never taken for complete. */
import { randomUUID } from 'node:crypto';
import t from 'tap';
import { systemClock } from '../../src/core/clock.ts';
import type { Revocation } from '../../src/revocation/revocation.ts';
import { createKeys, sliceName } from '../../src/storage/redis/keys.ts';
import { createProjection } from '../../src/storage/redis/projection.ts';
import { eventually } from '../support/eventually.ts';
import { type RedisServer, startReplicated } from '../support/redis.ts';
import { makeUsers, urlAs } from '../support/redisUsers.ts';
import {
  held,
  history,
  mayBeRevoked,
  openCopy,
  openTestRedis,
  position,
  rebuild,
  sliceMs,
  sliceOf,
  someRevocations,
  startFor,
} from '../support/sharedCopy.ts';

t.test(
  'a flush, or a rebuild by somebody else, in the middle: the next step answers undefined',
  async (t) => {
    const server = await startFor(t);
    const { projection, keys } = await openCopy(t, server.url);
    const revocations = someRevocations(10);
    const first = await projection.beginRebuild([]);
    const step = (await projection.advance(first, revocations)) as string;
    await server.command('FLUSHALL');
    t.equal(await projection.advance(step, revocations, position('1:2:')), undefined);
    t.equal(await server.command('EXISTS', keys.manifest), 0, 'nothing was changed');
    await projection.add(revocations);
    t.equal(await projection.advance(step, [], position('1:2:')), undefined, 'nor after somebody added');
    t.equal(await projection.stamped(history), undefined);

    const [mine, theirs] = [await projection.beginRebuild([]), await projection.beginRebuild([])];
    t.equal(await projection.advance(mine, revocations, position('1:2:')), undefined);
    t.ok(await projection.advance(theirs, revocations, position('1:2:')));
  },
);

t.test('a copy that lost something is not relied upon', async (t) => {
  const server = await startFor(t);
  const { projection, keys } = await openCopy(t, server.url);
  const revocations = someRevocations(5_000);
  const other = someRevocations(10, { bytes: 27 });
  const name = sliceName(sliceOf(revocations[0] as Revocation));
  const [bloom, set] = [keys.bloom(name), keys.set(name)];
  const length = async () => Number(await server.command('STRLEN', bloom));
  const losses: [what: string, lose: () => Promise<unknown>][] = [
    ['the bitmap', () => server.command('DEL', bloom)],
    [
      'the end of the bitmap',
      async () => server.command('SET', bloom, Buffer.alloc((await length()) - 4, 0xff)),
    ],
    ['a bit', () => clearOneBit(server, bloom)],
    ['all bits', async () => server.command('SET', bloom, Buffer.alloc(await length()))],
    ['nothing, but gained bits', async () => server.command('SETRANGE', bloom, 100, Buffer.alloc(100, 0xff))],
    ['the set', () => server.command('DEL', set)],
    ['the bitmap, by a clock that is ahead', () => server.command('EXPIREAT', bloom, 1)],
    ['the slice in the manifest, by a clock that is ahead', () => giveUpSlice(server, keys.manifest, name)],
    ['the manifest', () => server.command('DEL', keys.manifest)],
    ['the stamp', () => server.command('HDEL', keys.manifest, 'stamp')],
    ['the trail', () => server.command('HDEL', keys.manifest, 'trail')],
    ['the snapshot', () => server.command('HDEL', keys.manifest, 'snapshot')],
    ['the meaning of the manifest', () => server.command('HSET', keys.manifest, name, '{"entries":-1}')],
    ['the form of the manifest', () => server.command('HSET', keys.manifest, name, 'x')],
    [
      'a sense of size',
      () => server.command('HSET', keys.manifest, name, '{"entries":1,"bits":1,"layers":[1e12]}'),
    ],
  ];
  for (const [what, lose] of losses) {
    await rebuild(projection, [...revocations, ...other]);
    t.ok(await projection.load(history, systemClock.now()), `${what} is there`);
    await lose();
    t.equal(await projection.load(history, systemClock.now()), undefined, `${what} is lost`);
  }
});

async function clearOneBit(server: RedisServer, bloom: string): Promise<void> {
  const place = Number(await server.command('BITPOS', bloom, 1));
  await server.command('SETBIT', bloom, place, 0);
}

/** As the script does when the clock of the server says that the slice is long over. */
async function giveUpSlice(server: RedisServer, manifest: string, name: string): Promise<void> {
  await server.command('HDEL', manifest, name);
  await server.command('HSET', manifest, 'ended', String(name.split(':')[1]));
}

t.test('whoever writes to a slice that lost its keys takes the stamp away', async (t) => {
  const server = await startFor(t);
  const { projection, keys } = await openCopy(t, server.url);
  const revocations = someRevocations(10);
  const name = sliceName(sliceOf(revocations[0] as Revocation));
  for (const key of [keys.bloom(name), keys.set(name)]) {
    const stamp = await rebuild(projection, revocations);
    await server.command('DEL', key);
    const more = someRevocations(1);
    await projection.add(more);
    t.strictSame(await held(projection, more), [true], 'it is added all the same');
    t.equal(await projection.stamped(history), undefined, 'and the copy has to be built again');
    t.equal(await projection.advance(stamp, revocations, position('3:4:')), undefined);

    const second = await rebuild(projection, revocations);
    await server.command('DEL', key);
    t.equal(await projection.advance(second, more, position('3:4:')), undefined);
    t.equal(await projection.stamped(history), undefined);
  }
});

t.test('a server that is full: what does not fit is refused, and nothing is half done', async (t) => {
  const server = await startFor(t);
  const { projection } = await openCopy(t, server.url);
  const kept = someRevocations(10);
  const stamp = await rebuild(projection, kept);
  await server.command('CONFIG', 'SET', 'maxmemory', '1mb');
  const more = someRevocations(10);
  await t.rejects(projection.add(more), { message: /^Redis: .*OOM/ });
  await t.rejects(projection.advance(stamp, more, position('3:4:')), { message: /OOM/ });
  await t.rejects(projection.beginRebuild([]), { message: /OOM|EXECABORT/ });
  t.strictSame(await projection.stamped(history), { stamp, position: position('1:2:') });
  t.ok((await held(projection, kept)).every(Boolean));
  t.ok(await projection.load(history, systemClock.now()));
  await server.command('CONFIG', 'SET', 'maxmemory', '0');
  t.ok(await projection.advance(stamp, more, position('3:4:')), 'there is room again');
});

t.test('Sentinel: a promoted replica that lost the last steps is not taken for complete', async (t) => {
  const replicated = await startReplicated();
  t.teardown(() => replicated.stop());
  const { primary, replica } = replicated;
  await Promise.all([makeUsers(primary), makeUsers(replica)]);
  const redis = await openTestRedis(t, urlAs('countersign-authority', replicated));
  const keys = createKeys(randomUUID());
  const projection = createProjection({ redis, keys, sliceMs });
  const [kept, lost, later] = [someRevocations(10), someRevocations(10), someRevocations(10)];
  const stamp = await rebuild(projection, kept);
  const arrived = async () => (await replica.command('HGET', keys.manifest, 'stamp')) === stamp;
  await eventually('the replica has it', arrived);

  // From here on nothing reaches the replica.
  await replica.command('REPLICAOF', '127.0.0.1', 1);
  const half = (await projection.advance(stamp, lost)) as string;
  primary.kill('SIGKILL');
  await replicated.failOver();
  const answered = await eventually('it is asked', () => projection.stamped(history), 20_000);
  t.strictSame(answered, { stamp, position: position('1:2:') }, 'where it stood then');
  t.equal(
    await projection.advance(half, later, position('5:6:')),
    undefined,
    'half of a step is not completed',
  );
  t.notOk((await held(projection, lost)).some(Boolean));
  const next = await projection.advance(stamp, [...lost, ...later], position('5:6:'));
  t.ok(next);
  const knows = await mayBeRevoked(projection);
  t.ok([...kept, ...lost, ...later].every(({ subject }) => knows?.(subject)));
});

t.test('a copy that was exchanged while it was read is not relied upon', async (t) => {
  const server = await startFor(t);
  const { redis, keys, projection } = await openCopy(t, server.url);
  const revocations = someRevocations(100);
  const stamp = await rebuild(projection, revocations);
  /** Runs `meanwhile` after the manifest was read for the first time. */
  const loadWhile = (meanwhile: () => Promise<unknown>) => {
    let first = true;
    const run: typeof redis.run = async (work) => {
      const answer = await redis.run(work);
      if (first) {
        first = false;
        await meanwhile();
      }
      return answer;
    };
    return createProjection({ redis: { run }, keys, sliceMs }).load(history, systemClock.now());
  };
  const more = someRevocations(10);
  t.match(await loadWhile(() => projection.add(more)), { position: position('1:2:') }, 'added to');
  const moved = await loadWhile(() => projection.advance(stamp, more, position('3:4:')));
  t.match(moved, { position: position('1:2:') }, 'moved on: what was read is good for where it was');
  t.equal(await loadWhile(() => projection.beginRebuild([])), undefined, 'started over');
  await rebuild(projection, revocations);
  t.equal(await loadWhile(() => rebuild(projection, revocations)), undefined, 'built again');
  t.equal(await loadWhile(() => server.command('FLUSHALL')), undefined, 'flushed');
});

t.test('a step that breaks off half-way has not moved the position', async (t) => {
  const server = await startFor(t);
  const { redis, keys, projection } = await openCopy(t, server.url);
  const stamp = await rebuild(projection, []);
  let calls = 0;
  const run: typeof redis.run = async (work) => {
    calls += 1;
    if (calls === 2) throw new Error('cut');
    return redis.run(work);
  };
  const many = someRevocations(1_000);
  const cut = createProjection({ redis: { run }, keys, sliceMs });
  await t.rejects(cut.advance(stamp, many, position('3:4:')), { message: 'cut' });
  const { stamp: half = '', ...where } = (await projection.stamped(history)) ?? {};
  t.strictSame(where, { position: position('1:2:') }, 'not all is there');
  t.ok(await projection.advance(half, many, position('3:4:')), 'begun again from where it stands');
  t.ok((await held(projection, many)).every(Boolean));
  t.match(await projection.stamped(history), { position: position('3:4:') });
});
