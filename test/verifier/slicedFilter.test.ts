import { randomBytes } from 'node:crypto';
import { verifierLimits } from '@countersign/verifier/limits';
import { createSlicedFilter } from '@countersign/verifier/revocation/slicedFilter';
import { array, assert as check, integer, property, tuple } from 'fast-check';
import t from 'tap';
import { newSubjects } from '../support/subjects.ts';

const sliceMs = 1_000;
const nothing = { entries: 0, capacity: 0, bytes: 0, slices: 0 };

t.test('a new one holds nothing and takes nothing', (t) => {
  const filter = createSlicedFilter(sliceMs);
  t.strictSame(filter.stats(), nothing);
  t.equal(newSubjects(1_000).some(filter.mayContain), false);
  filter.dropExpired(Number.MAX_SAFE_INTEGER);
  t.strictSame(filter.stats(), nothing);
  t.end();
});

t.test('a slice is dropped exactly when its time has passed', (t) => {
  const table: [string, number, number, boolean][] = [
    ['in a slice, before its end', 10_500, 10_999, true],
    ['in a slice, at its own expiry', 10_500, 10_500, true],
    ['in a slice, at its end', 10_500, 11_000, false],
    ['at the end of a slice, just before', 11_000, 10_999, true],
    ['at the end of a slice, then', 11_000, 11_000, false],
    ['at the start of a slice, its end before', 11_001, 11_999, true],
    ['at the start of a slice, at its end', 11_001, 12_000, false],
    ['long after', 10_500, 1_000_000, false],
    ['when the clock went back', 10_500, 0, true],
    ['with a fraction of a millisecond', 10_999.5, 10_999.9, true],
  ];
  for (const [what, expiresAt, now, held] of table) {
    const filter = createSlicedFilter(sliceMs);
    const [id] = newSubjects(1) as [Buffer];
    filter.add(id, expiresAt);
    filter.dropExpired(now);
    t.equal(filter.mayContain(id), held, what);
    t.equal(filter.stats().slices, held ? 1 : 0, `${what}: slices`);
    t.equal(filter.stats().entries, held ? 1 : 0, `${what}: entries`);
  }
  t.end();
});

t.test('everything is found until it expires, and nothing is left when all has', (t) => {
  const filter = createSlicedFilter(sliceMs);
  const added = newSubjects(20_000).map((id, index) => ({ id, expiresAt: 1 + ((index * 7_919) % 8_000) }));
  for (const { id, expiresAt } of added) filter.add(id, expiresAt);
  t.equal(filter.stats().slices, 8);

  for (let now = 0; now < 8_000; now += 250) {
    filter.dropExpired(now);
    const lost = added.filter(({ id, expiresAt }) => expiresAt > now && !filter.mayContain(id));
    t.equal(lost.length, 0, `none lost at ${now}`);
    t.equal(filter.stats().slices, 8 - Math.floor(now / sliceMs), `slices at ${now}`);
    // A false positive at its adding is not counted again: a few in ten thousand.
    const expected = added.filter(({ expiresAt }) => Math.ceil(expiresAt / sliceMs) * sliceMs > now).length;
    const { entries } = filter.stats();
    t.ok(entries <= expected && entries >= expected * 0.998, `entries at ${now}: ${entries} of ${expected}`);
  }
  filter.dropExpired(8_000);
  t.strictSame(filter.stats(), nothing);
  t.equal(
    added.some(({ id }) => filter.mayContain(id)),
    false,
    'found after all has expired',
  );
  t.end();
});

t.test('whatever is added and whenever time passes, nothing live is lost', (t) => {
  const steps = array(
    tuple(integer({ min: 0, max: 40 }), integer({ min: 1, max: 9_000 }), integer({ min: 0, max: 900 })),
    {
      maxLength: 60,
    },
  );
  const kept = property(steps, integer({ min: 1, max: 2_500 }), (changes, slice) => {
    const filter = createSlicedFilter(slice);
    const live = new Map<number, number>();
    let now = 0;
    for (const [name, life, pause] of changes) {
      now += pause;
      filter.dropExpired(now);
      filter.add(Buffer.alloc(16, name), now + life);
      live.set(name, Math.max(live.get(name) ?? 0, now + life));
      for (const [id, expiresAt] of live) {
        if (expiresAt > now && !filter.mayContain(Buffer.alloc(16, id))) return false;
      }
    }
    filter.dropExpired(now + 20_000);
    return filter.stats().bytes === 0 && filter.stats().slices === 0;
  });
  t.doesNotThrow(() => check(kept, { numRuns: 500 }));
  t.end();
});

t.test('a slice grows filter by filter, loses nothing and takes little more than it needs', (t) => {
  const filter = createSlicedFilter(sliceMs);
  const added = newSubjects(100_000);
  let filters = 0;
  let bytes = 0;
  for (const [index, id] of added.entries()) {
    filter.add(id, 500);
    if (filter.stats().bytes === bytes) continue;
    // A filter was full and the next one has begun.
    bytes = filter.stats().bytes;
    filters += 1;
    t.ok(added.slice(0, index + 1).every(filter.mayContain), `all of ${index + 1}`);
    if (index > 0) t.ok(bytes <= 6 * index, `${index + 1}: ${(bytes / index).toFixed(2)} bytes each`);
  }
  t.ok(filters >= 3, `${filters} filters`);
  t.equal(added.filter((id) => !filter.mayContain(id)).length, 0, 'of 100,000');
  t.equal(filter.stats().slices, 1);
  const { entries } = filter.stats();
  t.ok(entries <= 100_000 && entries > 99_800, `${entries} counted`);

  const fresh = newSubjects(200_000).filter(filter.mayContain).length;
  t.ok(
    fresh <= 200_000 * filters * 2 * verifierLimits.bloomFalsePositives,
    `${fresh} of 200,000 fresh ones seem there`,
  );
  filter.dropExpired(1_000);
  t.strictSame(filter.stats(), nothing, 'and all of it goes together');
  t.end();
});

t.test('with room reserved it does not grow, and takes at most three bytes for each', (t) => {
  const filter = createSlicedFilter(sliceMs);
  filter.reserve(500, 50_000);
  const { bytes } = filter.stats();
  t.ok(bytes <= 3 * 50_000, `${bytes} bytes`);
  t.equal(newSubjects(1_000).some(filter.mayContain), false, 'room is not an entry');
  const added = newSubjects(50_000);
  for (const id of added) filter.add(id, 500);
  t.equal(filter.stats().bytes, bytes);
  t.ok(added.every(filter.mayContain));

  const more = newSubjects(20_000);
  for (const id of more) filter.add(id, 500);
  t.ok(filter.stats().bytes > bytes, 'beyond that it grows');
  t.ok([...added, ...more].every(filter.mayContain));
  filter.reserve(1_500, 10);
  filter.dropExpired(2_000);
  t.strictSame(filter.stats(), nothing, 'room that was not used is given back, too');
  t.end();
});

t.test('after many at once, later slices do not take as much', (t) => {
  const filter = createSlicedFilter(sliceMs);
  const many = 200_000;
  filter.reserve(1_000, many);
  for (const id of newSubjects(many)) filter.add(id, 1_000);
  for (let expiresAt = 2_000; expiresAt <= 9_000; expiresAt += sliceMs)
    for (const id of newSubjects(100)) filter.add(id, expiresAt);
  const { entries, capacity } = filter.stats();
  const smallest = 8 * verifierLimits.bloomFirstCapacity;
  t.ok(capacity <= 1.6 * entries + smallest, `room for ${capacity} of ${entries}`);
  for (const id of newSubjects(5_000)) filter.add(id, 1_000);
  const grown = filter.stats();
  t.ok(grown.capacity <= 2.1 * grown.entries + smallest, `room for ${grown.capacity} of ${grown.entries}`);
  t.end();
});

t.test('nor are they in many small filters', (t) => {
  const filter = createSlicedFilter(sliceMs);
  const [many, usual] = [200_000, 20_000];
  filter.reserve(5_000, many);
  for (const id of newSubjects(many)) filter.add(id, 5_000);
  for (const end of [1, 2, 3, 4, 6, 7, 8, 9])
    for (const id of newSubjects(usual)) filter.add(id, end * sliceMs);
  const filters = filter.slices().reduce((sum, { layers }) => sum + layers.length, 0);
  t.ok(filters <= 3 * 9, `${filters} filters`);
  t.end();
});

t.test('steady additions find room for a whole slice soon', (t) => {
  const filter = createSlicedFilter(sliceMs);
  const [ofSlice, live] = [20_000, 8];
  let most = 0;
  for (let slice = 0; slice < 3 * live; slice += 1) {
    // Tokens were issued at all times of the last lifetime.
    for (let end = slice + 1; end <= slice + live; end += 1)
      for (const id of newSubjects(ofSlice / live)) filter.add(id, end * sliceMs);
    filter.dropExpired((slice + 1) * sliceMs);
    if (slice < live) continue;
    const { entries, capacity } = filter.stats();
    most = Math.max(most, capacity / entries);
    const filters = filter.slices().reduce((sum, { layers }) => sum + layers.length, 0);
    t.ok(filters <= 3 * live, `${filters} filters`);
  }
  t.ok(most <= 1.6, `room for ${most.toFixed(2)} times what there is`);
  t.end();
});

t.test('what was added before room is reserved stays', (t) => {
  const filter = createSlicedFilter(sliceMs);
  const added = newSubjects(5_000);
  for (const id of added) filter.add(id, 500);
  filter.reserve(500, 10_000);
  t.ok(added.every(filter.mayContain));
  const { entries } = filter.stats();
  for (const id of added) filter.add(id, 500);
  t.equal(filter.stats().entries, entries, 'and is not added again');
  t.end();
});

t.test('adding again does not grow it', (t) => {
  const filter = createSlicedFilter(sliceMs);
  const added = [...newSubjects(6_000), ...newSubjects(6_000, 27)];
  for (const id of added) filter.add(id, 700);
  const before = filter.stats();
  for (let round = 0; round < 5; round += 1) for (const id of added) filter.add(id, 500 + round);
  t.strictSame(filter.stats(), before);
  t.end();
});

t.test('what is extended lives on in its later slice', (t) => {
  const filter = createSlicedFilter(sliceMs);
  const [extended, other] = newSubjects(2) as [Buffer, Buffer];
  filter.add(extended, 500);
  filter.add(other, 500);
  filter.add(extended, 2_500);
  filter.add(extended, 500);
  filter.dropExpired(1_000);
  t.equal(filter.mayContain(extended), true);
  t.equal(filter.mayContain(other), false, 'but not what was beside it');
  t.match(filter.stats(), { entries: 1, slices: 1 });
  filter.dropExpired(3_000);
  t.strictSame(filter.stats(), nothing);
  t.end();
});

t.test('a dropped slice can begin anew', (t) => {
  const filter = createSlicedFilter(sliceMs);
  const [before, after] = newSubjects(2) as [Buffer, Buffer];
  filter.add(before, 500);
  filter.dropExpired(1_000);
  filter.add(after, 500);
  t.equal(filter.mayContain(after), true);
  t.equal(filter.mayContain(before), false);
  t.end();
});

t.test('sessions and tokens live side by side', (t) => {
  const filter = createSlicedFilter(sliceMs);
  const session = randomBytes(16);
  const token = Buffer.concat([session, randomBytes(11)]);
  filter.add(token, 500);
  t.equal(filter.mayContain(token), true);
  t.equal(filter.mayContain(session), false, 'a token does not revoke its session');
  filter.add(session, 500);
  t.equal(filter.mayContain(session), true);
  t.equal(filter.stats().entries, 2);
  t.end();
});
