/** The shared copy of the deny-list loses something: it says so, and is never taken for complete. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Revocation } from '@countersign/verifier/revocation/revocation';
import t from 'tap';
import { createKeys, sliceName } from '../../../src/storage/redis/keys.ts';
import { createProjection } from '../../../src/storage/redis/projection.ts';
import { eventually } from '../../support/eventually.ts';
import { startReplicated } from '../../support/redis.ts';
import { makeUsers, urlAs } from '../../support/redisUsers.ts';
import {
  held,
  history,
  openCopy,
  openTestRedis,
  position,
  rebuild,
  sliceMs,
  sliceOf,
  someRevocations,
  startFor,
} from '../../support/sharedCopy.ts';

t.test(
  'a flush, or a rebuild by somebody else, in the middle: the next step answers undefined',
  async (t) => {
    const server = await startFor(t);
    const { projection, keys } = await openCopy(t, server.url);
    const revocations = someRevocations(10);
    const first = await projection.beginRebuild();
    const step = (await projection.advance(first, revocations)) as string;
    await server.command('FLUSHALL');
    t.equal(await projection.advance(step, revocations, position('1:2:')), undefined);
    t.equal(await server.command('EXISTS', keys.manifest), 0, 'nothing was changed');
    await projection.add(revocations);
    t.equal(await projection.advance(step, [], position('1:2:')), undefined, 'nor after somebody added');
    t.equal(await projection.stamped(history), undefined);

    const [mine, theirs] = [await projection.beginRebuild(), await projection.beginRebuild()];
    t.equal(await projection.advance(mine, revocations, position('1:2:')), undefined);
    t.ok(await projection.advance(theirs, revocations, position('1:2:')));
  },
);

t.test('a copy without its stamp is not relied upon', async (t) => {
  const server = await startFor(t);
  const { projection, keys } = await openCopy(t, server.url);
  const losses: [what: string, lose: () => Promise<unknown>][] = [
    ['the manifest', () => server.command('DEL', keys.manifest)],
    ['the stamp', () => server.command('HDEL', keys.manifest, 'stamp')],
    ['the history', () => server.command('HDEL', keys.manifest, 'history')],
    ['the snapshot', () => server.command('HDEL', keys.manifest, 'snapshot')],
  ];
  for (const [what, lose] of losses) {
    await rebuild(projection, someRevocations(10));
    t.ok(await projection.stamped(history), `${what} is there`);
    await lose();
    t.equal(await projection.stamped(history), undefined, `${what} is lost`);
  }
});

t.test('whoever writes to a slice that lost something takes the stamp away', async (t) => {
  const server = await startFor(t);
  const { projection, keys } = await openCopy(t, server.url);
  const revocations = someRevocations(10);
  const [one] = revocations as [Revocation];
  const set = keys.set(sliceName(sliceOf(one)));
  const losses: [what: string, lose: () => Promise<unknown>][] = [
    ['the set', () => server.command('DEL', set)],
    ['one id', () => server.command('SREM', set, Buffer.from(one.subject))],
    ['nothing, but gained an id', () => server.command('SADD', set, randomBytes(16))],
  ];
  for (const [what, lose] of losses) {
    const stamp = await rebuild(projection, revocations);
    await lose();
    const more = someRevocations(1);
    await projection.add(more);
    t.strictSame(await held(projection, more), [true], `${what}: it is added all the same`);
    t.equal(await projection.stamped(history), undefined, `${what}: and the copy has to be built again`);
    t.equal(await projection.advance(stamp, revocations, position('3:4:')), undefined);

    const second = await rebuild(projection, revocations);
    await lose();
    t.equal(await projection.advance(second, more, position('3:4:')), undefined, what);
    t.equal(await projection.stamped(history), undefined, what);
  }
});

t.test('values of another form: whoever comes next removes them, and the copy is built again', async (t) => {
  const server = await startFor(t);
  const { projection, keys } = await openCopy(t, server.url);
  const revocations = someRevocations(10);
  const slice = sliceName(sliceOf(revocations[0] as Revocation));
  const set = keys.set(slice);
  const put = async (key: string, ...command: [string, ...string[]]) => {
    await server.command('DEL', key);
    await server.command(command[0], key, ...command.slice(1));
  };
  const field = (value: string) => server.command('HSET', keys.manifest, slice, value);
  const plants: [what: string, plant: () => Promise<unknown>][] = [
    ['a set that is a text', () => put(set, 'SET', 'x')],
    ['a set that is a list', () => put(set, 'LPUSH', 'x')],
    ['a manifest that is a text', () => put(keys.manifest, 'SET', 'x')],
    ['a field that is no JSON', () => field('{')],
    ['a field that is a number', () => field('10')],
    ['a field that is null', () => field('null')],
    ['a field without entries', () => field('{}')],
    ['a field with other entries', () => field('{"entries":"10"}')],
  ];
  for (const [what, plant] of plants) {
    await rebuild(projection, revocations);
    await plant();
    await projection.age();
    await projection.add(someRevocations(1));
    t.equal(await projection.stamped(history), undefined, `${what}: it is not relied upon`);
    await rebuild(projection, revocations);
    t.ok((await held(projection, revocations)).every(Boolean), `${what}: it is whole again`);
    t.ok(await projection.stamped(history), what);
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
  await t.rejects(projection.beginRebuild(), { message: /OOM|EXECABORT/ });
  t.strictSame(await projection.stamped(history), { stamp, position: position('1:2:') });
  t.ok((await held(projection, kept)).every(Boolean));
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
  t.ok((await held(projection, [...kept, ...lost, ...later])).every(Boolean));
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
  const many = someRevocations(2_500);
  const cut = createProjection({ redis: { run }, keys, sliceMs });
  await t.rejects(cut.advance(stamp, many, position('3:4:')), { message: 'cut' });
  const { stamp: half = '', ...where } = (await projection.stamped(history)) ?? {};
  t.strictSame(where, { position: position('1:2:') }, 'not all is there');
  t.ok(await projection.advance(half, many, position('3:4:')), 'begun again from where it stands');
  t.ok((await held(projection, many)).every(Boolean));
  t.match(await projection.stamped(history), { position: position('3:4:') });
});
