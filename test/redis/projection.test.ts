/** The shared copy of the deny-list on a real server, as the user that docs/redis.md gives the authority. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { systemClock } from '../../src/core/clock.ts';
import { limits } from '../../src/core/limits.ts';
import { createBloomFilter, hashId } from '../../src/revocation/bloomFilter.ts';
import type { Revocation } from '../../src/revocation/revocation.ts';
import { sliceName } from '../../src/storage/redis/keys.ts';
import { createProjection } from '../../src/storage/redis/projection.ts';
import { startCluster, startRedis } from '../support/redis.ts';
import {
  held,
  history,
  inAWhile,
  mayBeRevoked,
  openCopy,
  position,
  rebuild,
  sliceMs,
  sliceOf,
  someRevocations,
  startFor,
} from '../support/sharedCopy.ts';

for (const [name, start] of Object.entries({ 'one server': startRedis, 'a Cluster': startCluster })) {
  t.test(`${name}: what was added is found, and nothing else`, async (t) => {
    const server = await startFor(t, start);
    const { projection, keys } = await openCopy(t, server.url);
    t.equal(await projection.stamped(history), undefined, 'empty');
    t.equal(await projection.load(history, systemClock.now()), undefined, 'empty');

    const sessions = someRevocations(600);
    const tokens = someRevocations(40, { bytes: 27, expiresAt: inAWhile(1) });
    await projection.add([...sessions, ...tokens]);
    t.ok((await held(projection, [...sessions, ...tokens])).every(Boolean));
    t.notOk((await held(projection, someRevocations(100))).some(Boolean));
    t.strictSame(
      await projection.contains([{ subject: randomBytes(16), slices: [] }]),
      [false],
      'no slice, no answer',
    );
    const [one] = sessions as [Revocation];
    const elsewhere = { ofSessions: true, endsAt: sliceOf(one).endsAt + sliceMs };
    const asked = await projection.contains([
      { subject: one.subject, slices: [elsewhere] },
      { subject: one.subject, slices: [elsewhere, sliceOf(one)] },
    ]);
    t.strictSame(asked, [false, true], 'in one of its slices');
    t.equal(
      await projection.load(history, systemClock.now()),
      undefined,
      'not complete as long as it has no stamp',
    );

    const stamp = await rebuild(projection, [...sessions, ...tokens]);
    t.strictSame(await projection.stamped(history), { stamp, position: position('1:2:') });
    const knows = await mayBeRevoked(projection);
    t.ok([...sessions, ...tokens].every(({ subject }) => knows?.(subject)));
    const later = someRevocations(3);
    const next = await projection.advance(stamp, later, position('3:4:'));
    t.strictSame(await projection.stamped(history), { stamp: next, position: position('3:4:') });
    t.ok((await held(projection, later)).every(Boolean));
    t.equal(await projection.advance(stamp, [], position('5:6:')), undefined, 'the stamp has moved on');

    for (const key of [keys.set(sliceName(sliceOf(one))), keys.bloom(sliceName(sliceOf(one)))]) {
      const expiry = Number(await server.command('EXPIRETIME', key));
      t.equal(expiry, sliceOf(one).endsAt / 1000 + limits.redisSliceMarginSeconds, 'goes with its slice');
    }
  });
}

t.test('adding again changes nothing, one after the other or at once', async (t) => {
  const server = await startFor(t);
  const { projection, keys } = await openCopy(t, server.url);
  const second = (await openCopy(t, server.url, keys.manifest.slice(13, 49))).projection;
  const revocations = someRevocations(1_200);
  const stamp = await rebuild(projection, revocations);
  const field = sliceName(sliceOf(revocations[0] as Revocation));
  const stored = async () => [
    await server.command('HGET', keys.manifest, field),
    await server.command('SCARD', keys.set(field)),
    await server.command('BITCOUNT', keys.bloom(field)),
  ];
  const [text, entries, bits] = await stored();
  t.strictSame(JSON.parse(String(text)), { entries: 1_200, bits, layers: [limits.bloomFirstCapacity] });
  t.equal(entries, 1_200);

  await projection.add(revocations);
  await Promise.all([projection.add(revocations), second.add([...revocations].reverse())]);
  t.strictSame(await stored(), [text, entries, bits]);
  t.match(await second.stamped(history), { stamp }, 'adding does not move the stamp');

  const [ours, theirs] = [someRevocations(700), someRevocations(700)];
  await Promise.all([projection.add(ours), second.add(theirs)]);
  t.ok((await held(projection, [...ours, ...theirs])).every(Boolean), 'two adders at once');
  const knows = await mayBeRevoked(second);
  t.ok([...revocations, ...ours, ...theirs].every(({ subject }) => knows?.(subject)));

  const both = await Promise.all([
    projection.advance(stamp, ours, position('7:8:')),
    second.advance(stamp, theirs, position('9:9:')),
  ]);
  t.equal(both.filter((stamp) => stamp !== undefined).length, 1, 'only one of two advances from one stamp');
  t.equal(
    (await projection.stamped(history))?.stamp,
    both.find((stamp) => stamp !== undefined),
  );
});

t.test('the bitmap answers as a filter made here does, through several layers', async (t) => {
  const server = await startFor(t);
  const { projection } = await openCopy(t, server.url);
  const revocations = someRevocations(20_000);
  await rebuild(projection, revocations);
  const [slice, ...others] = (await projection.load(history, systemClock.now()))?.slices ?? [];
  t.equal(others.length, 0);
  t.ok((slice?.layers.length ?? 0) > 2, `${slice?.layers.length} layers`);

  const ids = revocations.map(({ subject }) => subject);
  const probes = [...ids, ...Array.from({ length: 20_000 }, () => randomBytes(16))];
  for (const { capacity, entries, bytes } of slice?.layers ?? []) {
    const filter = createBloomFilter(capacity, limits.bloomFalsePositives);
    const copy = createBloomFilter(capacity, limits.bloomFalsePositives, { bytes, entries });
    // One that sets no new bit is not counted.
    for (let left = entries; left > 0 && ids.length > 0; ) {
      const hash = hashId(ids.shift() as Uint8Array);
      if (!filter.mayContain(hash)) left -= 1;
      filter.add(hash);
    }
    t.equal(bytes.length, filter.bytes);
    const differing = probes.filter((id) => filter.mayContain(hashId(id)) !== copy.mayContain(hashId(id)));
    t.strictSame(differing, [], `${capacity} entries`);
  }
  const knows = await mayBeRevoked(projection);
  t.ok(
    revocations.every(({ subject }) => knows?.(subject)),
    'none is missing',
  );
  const wrong = Array.from({ length: 20_000 }, () => randomBytes(16)).filter((id) => knows?.(id)).length;
  t.ok(wrong < 20_000 * limits.bloomFalsePositives * 10, `${wrong} false positives`);
});

t.test('a rebuild has room for what was counted, keeps the sets, and ends with a position', async (t) => {
  const server = await startFor(t);
  const { projection } = await openCopy(t, server.url);
  const revocations = someRevocations(6_000);
  const [one] = revocations as [Revocation];
  const old = await rebuild(projection, revocations.slice(0, 2_000));
  const stamp = await projection.beginRebuild([{ ...sliceOf(one), entries: 6_000 }]);
  t.equal(await projection.stamped(history), undefined, 'not complete');
  t.equal(await projection.load(history, systemClock.now()), undefined, 'not complete');
  t.ok((await held(projection, revocations.slice(0, 2_000))).every(Boolean), 'sets are kept');
  t.equal(await projection.advance(old, [], position('1:2:')), undefined, 'the old stamp is void');

  const half = await projection.advance(stamp, revocations.slice(0, 3_000));
  t.equal(await projection.load(history, systemClock.now()), undefined, 'half of it is not complete');
  await projection.add(revocations.slice(2_500, 3_500));
  t.ok(await projection.advance(half as string, revocations.slice(3_000), position('1:2:')));
  t.match(await projection.load(history, systemClock.now()), {
    slices: [{ layers: [{ capacity: 6_600, entries: 6_000 }] }],
  });
  const knows = await mayBeRevoked(projection);
  t.ok(
    revocations.every(({ subject }) => knows?.(subject)),
    'also those that were in the sets before',
  );
  t.equal(await projection.load('another history/2', systemClock.now()), undefined);
  t.equal(await projection.stamped('another history/2'), undefined);
});

t.test('what is in a set from before a rebuild gets its bits when it comes again', async (t) => {
  const server = await startFor(t);
  const { projection } = await openCopy(t, server.url);
  const [early, ...rest] = someRevocations(5_000) as [Revocation, ...Revocation[]];
  await projection.add([early]);
  // The reader's snapshot was older than `early`: it is not among what the rebuild reads, but comes with the next step.
  const stamp = await rebuild(projection, rest);
  t.equal((await mayBeRevoked(projection))?.(early.subject), false);
  await projection.advance(stamp, [early], position('3:4:'));
  t.equal((await mayBeRevoked(projection))?.(early.subject), true);
});

t.test('slices that have ended are forgotten, by Redis and by its readers', async (t) => {
  const server = await startFor(t);
  const { projection, keys } = await openCopy(t, server.url);
  const long = limits.redisSliceMarginSeconds * 1_000 + 2 * sliceMs;
  const over = someRevocations(5, { expiresAt: systemClock.now() - long });
  const live = someRevocations(5);
  await rebuild(projection, [...over, ...live]);
  const fields = String(await server.command('HKEYS', keys.manifest));
  t.notMatch(fields, sliceName(sliceOf(over[0] as Revocation)), 'not even taken in');
  t.match(fields, sliceName(sliceOf(live[0] as Revocation)));
  t.equal((await projection.load(history, systemClock.now()))?.slices.length, 1);

  // One of the past that was live when it was written.
  const past = sliceName(sliceOf(over[0] as Revocation));
  await server.command('HSET', keys.manifest, past, '{"entries":5,"bits":65,"layers":[4096]}');
  t.equal(
    (await projection.load(history, systemClock.now()))?.slices.length,
    1,
    'its keys need not be there any more',
  );
  await projection.add(live);
  t.equal(await server.command('HEXISTS', keys.manifest, past), 0, 'dropped by the next writer');
  t.ok(await projection.load(history, systemClock.now()));
  const before = systemClock.now() - long - 2 * sliceMs;
  t.equal(
    await projection.load(history, before),
    undefined,
    'unless the reader thinks that it has not ended',
  );
});

t.test('slices of another length are read too, while the token lifetime is changed', async (t) => {
  const server = await startFor(t);
  const { redis, keys, projection } = await openCopy(t, server.url);
  const shorter = createProjection({ redis, keys, sliceMs: 7_000 });
  const [ours, theirs] = [someRevocations(50), someRevocations(50)];
  await rebuild(projection, ours);
  await shorter.add(theirs);
  const knows = await mayBeRevoked(projection);
  t.ok([...ours, ...theirs].every(({ subject }) => knows?.(subject)));
});

t.test('ids are bytes: nothing in them is ever taken for anything else (S14)', async (t) => {
  const server = await startFor(t);
  const { projection } = await openCopy(t, server.url);
  const texts = [
    '\0'.repeat(16),
    '\xff'.repeat(16),
    '\r\n$5\r\nhello\r\n*1',
    '\0\r\n\0\r\nFLUSHALL\r\n',
    "');redis.call('",
    'return 1 -- {}[]',
    '"},"bits":0,"a":',
    '{x}:manifest\0\0\0\0',
    '\0'.repeat(27),
    '*1\r\n$8\r\nFLUSHALL\r\n*1\r\n$4\r\n\0',
    "'..redis.call('FLUSHALL')..",
  ];
  const revocations = texts.map((text) => {
    const bytes = text.length <= 16 ? 16 : 27;
    return {
      subject: Buffer.from(text.padEnd(bytes, '\0'), 'latin1').subarray(0, bytes),
      reason: 'x',
      expiresAt: inAWhile(),
    };
  });
  await rebuild(projection, revocations);
  t.ok((await held(projection, revocations)).every(Boolean));
  const knows = await mayBeRevoked(projection);
  t.ok(revocations.every(({ subject }) => knows?.(subject)));
  const changed = revocations.map(({ subject, ...rest }) => {
    const other = Buffer.from(subject);
    other[0] = (other[0] as number) ^ 1;
    return { ...rest, subject: other };
  });
  t.notOk((await held(projection, changed)).some(Boolean), 'every byte counts');
  for (const bytes of [0, 15, 17, 26, 28]) {
    await t.rejects(projection.add(someRevocations(1, { bytes })), RangeError, `${bytes} bytes are no id`);
  }
});
