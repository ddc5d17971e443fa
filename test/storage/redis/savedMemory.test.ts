/**
 * Memory that a node saved, on a real server, as the user that docs/redis.md gives the authority; and everything that somebody
 * who can write there may make of it.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { systemClock } from '@countersign/verifier/clock';
import { createDenyList } from '@countersign/verifier/revocation/denyList';
import type { Revocation } from '@countersign/verifier/revocation/revocation';
import t, { type Test } from 'tap';
import { createAuthenticText } from '../../../src/platform/authenticText.ts';
import { propagationLimits } from '../../../src/revocation/propagation/limits.ts';
import type { MemoryContents } from '../../../src/revocation/propagation/savedMemory.ts';
import { createKeys } from '../../../src/storage/redis/keys.ts';
import { redisLimits } from '../../../src/storage/redis/limits.ts';
import { createSavedMemory, type RefusedFor } from '../../../src/storage/redis/savedMemory.ts';
import { type RedisServer, startCluster, startRedis } from '../../support/redis.ts';
import {
  authentic,
  inAWhile,
  openTestRedis,
  position,
  sliceMs,
  sliceOf,
  someRevocations,
  startFor,
} from '../../support/sharedCopy.ts';

/** A node that was told of these, and has room for so many more that its filters take several pieces. */
async function denyListWith(revocations: readonly Revocation[]) {
  const confirm = () => Promise.reject(new Error('asks'));
  const denyList = createDenyList({ lease: { held: () => true }, confirm, sliceMs, onVerdict: () => {} });
  await denyList.load(async (memory) => {
    for (const entries of [200_000, 1_000]) memory.reserve([{ ...sliceOf(first(revocations)), entries }]);
    memory.add(revocations);
  });
  return denyList;
}

const first = ([one]: readonly Revocation[]) => one as Revocation;
const filtersWith = async (revocations: readonly Revocation[]) =>
  (await denyListWith(revocations)).slices() ?? [];

/** Whether a node that takes these over says "no" of a subject from memory. */
async function memoryOf({ slices, marks }: MemoryContents) {
  const confirm = () => Promise.reject(new Error('asks'));
  const denyList = createDenyList({ lease: { held: () => true }, confirm, sliceMs, onVerdict: () => {} });
  await denyList.load(async (memory) => {
    memory.adopt(slices);
    memory.add(marks);
  });
  return (subject: Uint8Array) => {
    const verdict = denyList.check([subject]);
    if (!(verdict instanceof Promise)) return false;
    verdict.catch(() => {});
    return true;
  };
}

async function openSaved(t: Test, url: string, by = authentic, deployment: string = randomUUID()) {
  const redis = await openTestRedis(t, url);
  const keys = createKeys(deployment);
  const refused: RefusedFor[] = [];
  const onRefused = (why: RefusedFor) => void refused.push(why);
  const saved = createSavedMemory({ redis, keys, authentic: by, onRefused });
  const load = async () => (await saved.latest())?.read();
  return { redis, keys, saved, refused, load, deployment };
}

const savedAt = systemClock.now();

async function putSet(server: RedisServer, key: string): Promise<void> {
  await server.command('DEL', key);
  await server.command('SADD', key, 'x');
}

for (const [name, start] of Object.entries({ 'one server': startRedis, 'a Cluster': startCluster })) {
  t.test(`${name}: what was saved is what is read`, async (t) => {
    const server = await startFor(t, start);
    const { saved, load, keys, refused } = await openSaved(t, server.url);
    t.equal(await saved.latest(), undefined, 'nothing yet');
    const revocations = [
      ...someRevocations(6_000),
      ...someRevocations(500, { bytes: 27, expiresAt: inAWhile(1) }),
    ];
    const slices = await filtersWith(revocations);
    const marks = someRevocations(3, { bytes: 27 });
    await saved.save({ savedAt, position: position('1:2:'), slices, marks });
    t.match(await saved.latest(), { savedAt, position: position('1:2:') });
    const contents = await load();
    t.ok(slices.flatMap(({ layers }) => layers).length > 3, 'several layers');
    t.strictSame(
      contents?.slices.map((slice) => ({
        ...slice,
        layers: slice.layers.map((layer) => ({ ...layer, bytes: Buffer.from(layer.bytes) })),
      })),
      slices.map((slice) => ({
        ...slice,
        layers: slice.layers.map((layer) => ({ ...layer, bytes: Buffer.from(layer.bytes) })),
      })),
    );
    t.strictSame(contents?.marks, marks);
    const knows = await memoryOf(contents as MemoryContents);
    t.ok([...revocations, ...marks].every(({ subject }) => knows(subject)));
    const wrong = someRevocations(10_000).filter(({ subject }) => knows(subject)).length;
    t.ok(wrong < 10, `${wrong} false positives`);

    const first = String(await server.command('GET', keys.memory));
    const { id } = JSON.parse(first.slice(43));
    await saved.save({ savedAt, position: position('3:4:'), slices: [], marks: [] });
    t.match(await saved.latest(), { position: position('3:4:') }, 'the last one counts');
    t.strictSame(await load(), { slices: [], marks: [] });
    const left = Number(await server.command('PTTL', keys.memoryPiece(id, 0)));
    t.ok(left > 0 && left <= redisLimits.savedMemoryLingersMilliseconds, `the one before goes in ${left} ms`);
    const kept = Number(await server.command('PTTL', keys.memory));
    t.ok(
      kept > 0 && kept <= propagationLimits.savedMemoryUsableMilliseconds,
      'and this one when it is too old',
    );
    t.strictSame(refused, []);
  });
}

t.test('memory that changes while it is saved is whole all the same', async (t) => {
  const server = await startFor(t);
  const { saved, load, redis, keys } = await openSaved(t, server.url);
  const early = someRevocations(1_000);
  const denyList = await denyListWith(early);
  const run: typeof redis.run = (work) => {
    denyList.add(someRevocations(500));
    return redis.run(work);
  };
  const changing = createSavedMemory({ redis: { run }, keys, authentic, onRefused: (why) => t.fail(why) });
  const slices = denyList.slices() ?? [];
  await changing.save({ savedAt, position: position('1:2:'), slices, marks: [] });
  const knows = await memoryOf((await load()) as MemoryContents);
  t.ok(early.every(({ subject }) => knows(subject)));
  t.ok(await saved.latest());
});

t.test('what somebody else wrote, changed, cut or exchanged is not believed, and counted', async (t) => {
  const server = await startFor(t);
  const { saved, load, keys, refused, deployment } = await openSaved(t, server.url);
  const other = await openSaved(t, server.url);
  const strangers = createAuthenticText([randomBytes(32)], 'redis');
  const stranger = await openSaved(t, server.url, strangers, deployment);
  const slices = await filtersWith(someRevocations(10));
  const memory = { savedAt, position: position('5:6:'), slices, marks: someRevocations(1) };
  const none = { savedAt, position: position('9:9:'), slices: [], marks: [] };
  const idOf = async (of = keys.memory) => JSON.parse(String(await server.command('GET', of)).slice(43)).id;
  const piece = async (number: number) => keys.memoryPiece(await idOf(), number);

  const manifest = async (change: (text: string) => string) => {
    const text = String(await server.command('GET', keys.memory));
    await server.command('SET', keys.memory, change(text));
  };
  const inJson = (change: object) => (text: string) =>
    text.slice(0, 43) + JSON.stringify({ ...JSON.parse(text.slice(43)), ...change });
  const tamperings: [what: string, why: RefusedFor, tamper: () => Promise<unknown>][] = [
    ['a later position', 'unverified', () => manifest(inJson({ snapshot: '9:9:' }))],
    ['another history', 'unverified', () => manifest(inJson({ history: 'x' }))],
    ['no slices', 'unverified', () => manifest(inJson({ slices: [], pieces: [], marks_bytes: 0 }))],
    ['a fresher time', 'unverified', () => manifest(inJson({ saved_at: savedAt + 1 }))],
    ['a size that would fill memory', 'unverified', () => manifest(inJson({ marks_bytes: 2 ** 50 }))],
    ['no code', 'unverified', () => manifest((text) => text.slice(43))],
    ['the code of another', 'unverified', () => manifest((text) => 'A'.repeat(43) + text.slice(43))],
    ['cut short', 'unverified', () => manifest((text) => text.slice(0, -1))],
    ['garbage', 'unverified', () => server.command('SET', keys.memory, randomBytes(500))],
    ['another type', 'unverified', () => putSet(server, keys.memory)],
    ['a piece of another type', 'incomplete', async () => putSet(server, await piece(0))],
    [
      'far too long',
      'unverified',
      () => server.command('SETRANGE', keys.memory, redisLimits.savedManifestBytes, 'x'),
    ],
    ['of a stranger', 'unverified', () => stranger.saved.save(none)],
    [
      'of another deployment',
      'unverified',
      async () => {
        await other.saved.save(none);
        await server.command('SET', keys.memory, String(await server.command('GET', other.keys.memory)));
      },
    ],
    ['a piece is gone', 'incomplete', async () => server.command('DEL', await piece(1))],
    ['all pieces are gone', 'incomplete', async () => server.command('DEL', await piece(0), await piece(1))],
    [
      'other bytes',
      'incomplete',
      async () => server.command('SET', await piece(0), Buffer.alloc(redisLimits.savedPieceBytes, 1)),
    ],
    [
      'a bit of a piece',
      'incomplete',
      async () => server.command('SETBIT', await piece(0), 77, (await bit(await piece(0))) ? 0 : 1),
    ],
    ['a piece cut short', 'incomplete', async () => server.command('SET', await piece(0), 'short')],
    ['a piece that is longer', 'incomplete', async () => server.command('APPEND', await piece(0), 'x')],
    [
      'pieces exchanged',
      'incomplete',
      async () => {
        await server.command('RENAME', await piece(0), `${await piece(0)}:x`);
        await server.command('RENAME', await piece(1), await piece(0));
        await server.command('RENAME', `${await piece(0)}:x`, await piece(1));
      },
    ],
  ];
  async function bit(key: string): Promise<boolean> {
    return (await server.command('GETBIT', key, 77)) === 1;
  }
  for (const [what, why, tamper] of tamperings) {
    await server.command('DEL', keys.memory);
    await saved.save(memory);
    t.ok(await load(), `${what}: before`);
    refused.length = 0;
    await tamper();
    t.ok((await load()) === undefined, what);
    t.strictSame(refused, [why], what);
  }
  const strange = [{ ...(memory.marks[0] as Revocation), reason: 'OF ANOTHER VERSION' }];
  await server.command('DEL', keys.memory);
  await saved.save({ ...memory, marks: strange });
  refused.length = 0;
  t.equal(await load(), undefined, 'marks that are not understood: memory would not be whole');
  t.strictSame(refused, ['incomplete']);
});

t.test(
  'memory is saved again, whatever somebody put in its place; and its pieces do not pile up',
  async (t) => {
    const server = await startFor(t);
    const { saved, keys, load } = await openSaved(t, server.url);
    const slices = await filtersWith(someRevocations(10));
    const memory = { savedAt, position: position('5:6:'), slices, marks: [] };
    const removals: [what: string, remove: () => Promise<unknown>][] = [
      ['nothing', () => server.command('DEL', keys.memory)],
      ['garbage', () => server.command('SET', keys.memory, randomBytes(500))],
      ['a set', () => putSet(server, keys.memory)],
    ];
    for (const [what, remove] of removals) {
      const id = await saved.save(memory);
      await remove();
      await saved.save(memory);
      t.ok(await load(), what);
      const lives = [0, 1].map((number) => server.command('PTTL', keys.memoryPiece(id, number)));
      for (const ttl of (await Promise.all(lives)) as number[])
        t.ok(ttl > 0 && ttl <= redisLimits.savedMemoryLingersMilliseconds, `${what}: ${ttl} ms`);
    }
  },
);

t.test('what was saved is read with any of the keys, while KEY_ENCRYPTION_KEY is changed', async (t) => {
  const server = await startFor(t);
  const [old, next] = [randomBytes(32), randomBytes(32)];
  const withKeys = (...ring: readonly Buffer[]) => createAuthenticText(ring, 'redis');
  const memory = { savedAt, position: position('1:2:'), slices: [], marks: [] };
  const deployment = randomUUID();
  const steps: [writes: readonly Buffer[], reads: readonly Buffer[], believed: boolean][] = [
    [[old], [old, next], true],
    [[old, next], [next, old], true],
    [[next, old], [old, next], true],
    [[next, old], [next], true],
    [[old], [next], false],
  ];
  for (const [writes, reads, believed] of steps) {
    const writer = await openSaved(t, server.url, withKeys(...writes), deployment);
    const reader = await openSaved(t, server.url, withKeys(...reads), deployment);
    await writer.saved.save(memory);
    t.equal((await reader.load()) !== undefined, believed);
    t.strictSame(reader.refused, believed ? [] : ['unverified']);
  }
});

t.test('a server that is full: what was saved before stays', async (t) => {
  const server = await startFor(t);
  const { saved, load } = await openSaved(t, server.url);
  const memory = { savedAt, position: position('1:2:'), slices: [], marks: [] };
  await saved.save(memory);
  await server.command('CONFIG', 'SET', 'maxmemory', '1mb');
  const slices = await filtersWith(someRevocations(10));
  await t.rejects(saved.save({ ...memory, position: position('3:4:'), slices }), { message: /OOM/ });
  t.match(await saved.latest(), { position: position('1:2:') });
  t.ok(await load());
});
