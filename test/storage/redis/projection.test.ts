/** The shared copy of the deny-list on a real server, as the user that docs/redis.md gives the authority. */
import { randomBytes } from 'node:crypto';
import { systemClock } from '@countersign/verifier/clock';
import type { Revocation } from '@countersign/verifier/revocation/revocation';
import t from 'tap';
import { sliceName } from '../../../src/storage/redis/keys.ts';
import { redisLimits } from '../../../src/storage/redis/limits.ts';
import { startCluster, startRedis } from '../../support/redis.ts';
import {
  held,
  history,
  inAWhile,
  openCopy,
  position,
  rebuild,
  sliceMs,
  sliceOf,
  someRevocations,
  startFor,
} from '../../support/sharedCopy.ts';

for (const [name, start] of Object.entries({ 'one server': startRedis, 'a Cluster': startCluster })) {
  t.test(`${name}: what was added is found, and nothing else`, async (t) => {
    const server = await startFor(t, start);
    const { projection, keys } = await openCopy(t, server.url);
    t.equal(await projection.stamped(history), undefined, 'empty');

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
    t.equal(await projection.stamped(history), undefined, 'not complete as long as it has no stamp');

    const stamp = await rebuild(projection, [...sessions, ...tokens]);
    t.strictSame(await projection.stamped(history), { stamp, position: position('1:2:') });
    const later = someRevocations(3);
    const next = await projection.advance(stamp, later, position('3:4:'));
    t.strictSame(await projection.stamped(history), { stamp: next, position: position('3:4:') });
    t.ok((await held(projection, later)).every(Boolean));
    t.equal(await projection.advance(stamp, [], position('5:6:')), undefined, 'the stamp has moved on');

    const expiry = Number(await server.command('EXPIRETIME', keys.set(sliceName(sliceOf(one)))));
    t.equal(expiry, sliceOf(one).endsAt / 1000 + redisLimits.redisSliceMarginSeconds, 'goes with its slice');
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
  ];
  const [text, entries] = await stored();
  t.strictSame(JSON.parse(String(text)), { entries: 1_200 });
  t.equal(entries, 1_200);

  await projection.add(revocations);
  await Promise.all([projection.add(revocations), second.add([...revocations].reverse())]);
  t.strictSame(await stored(), [text, entries]);
  t.match(await second.stamped(history), { stamp }, 'adding does not move the stamp');

  const [ours, theirs] = [someRevocations(700), someRevocations(700)];
  await Promise.all([projection.add(ours), second.add(theirs)]);
  t.ok((await held(projection, [...ours, ...theirs])).every(Boolean), 'two adders at once');

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

t.test('a rebuild keeps the sets, and ends with a position', async (t) => {
  const server = await startFor(t);
  const { projection } = await openCopy(t, server.url);
  const revocations = someRevocations(6_000);
  const old = await rebuild(projection, revocations.slice(0, 2_000));
  const stamp = await projection.beginRebuild();
  t.equal(await projection.stamped(history), undefined, 'not complete');
  t.ok((await held(projection, revocations.slice(0, 2_000))).every(Boolean), 'sets are kept');
  t.equal(await projection.advance(old, [], position('1:2:')), undefined, 'the old stamp is void');

  const half = await projection.advance(stamp, revocations.slice(0, 3_000));
  t.equal(await projection.stamped(history), undefined, 'half of it is not complete');
  await projection.add(revocations.slice(2_500, 3_500));
  t.ok(await projection.advance(half as string, revocations.slice(3_000), position('1:2:')));
  t.match(await projection.stamped(history), { position: position('1:2:') });
  t.ok((await held(projection, revocations)).every(Boolean));
  t.equal(await projection.stamped('another history/2'), undefined);
});

t.test('slices that have ended are forgotten', async (t) => {
  const server = await startFor(t);
  const { projection, keys } = await openCopy(t, server.url);
  const long = redisLimits.redisSliceMarginSeconds * 1_000 + 2 * sliceMs;
  const over = someRevocations(5, { expiresAt: systemClock.now() - long });
  const live = someRevocations(5);
  await rebuild(projection, [...over, ...live]);
  const fields = String(await server.command('HKEYS', keys.manifest));
  t.notMatch(fields, sliceName(sliceOf(over[0] as Revocation)), 'not even taken in');
  t.match(fields, sliceName(sliceOf(live[0] as Revocation)));

  // One of the past that was live when it was written.
  const past = sliceName(sliceOf(over[0] as Revocation));
  await server.command('HSET', keys.manifest, past, '{"entries":5}');
  await projection.add(live);
  t.equal(await server.command('HEXISTS', keys.manifest, past), 0, 'dropped by the next writer');
  t.ok(await projection.stamped(history), 'and nothing is missing');
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
