/** Filters that were made elsewhere, and where memory says that an id may be. */

import { verifierLimits } from '@countersign/verifier/limits';
import { bloomGeometry, createBloomFilter, hashId } from '@countersign/verifier/revocation/bloomFilter';
import { createSlicedFilter, sliceEnd } from '@countersign/verifier/revocation/slicedFilter';
import t from 'tap';
import { filterLayer, layerCapacity } from '../support/filterLayer.ts';
import { newSubjects } from '../support/subjects.ts';

const sliceMs = 1_000;
const falsePositives = verifierLimits.bloomFalsePositives;

t.test('the layout is what is documented, for whoever fills it', (t) => {
  t.strictSame(bloomGeometry(layerCapacity, falsePositives), { bits: 78_528, probes: 13 });
  const added = newSubjects(1_000);
  const filter = createBloomFilter(layerCapacity, falsePositives, filterLayer(added));
  t.equal(filter.count(), 1_000);
  t.equal(filter.bytes, 78_528 / 8);
  t.ok(added.every((id) => filter.mayContain(hashId(id))));
  t.ok(newSubjects(1_000).filter((id) => filter.mayContain(hashId(id))).length < 3);
  t.end();
});

t.test('its bytes are copied, and it goes on being filled', (t) => {
  const layer = filterLayer(newSubjects(3));
  const before = Buffer.from(layer.bytes);
  const filter = createBloomFilter(layerCapacity, falsePositives, layer);
  const [id] = newSubjects(1) as [Buffer];
  filter.add(hashId(id));
  t.equal(filter.mayContain(hashId(id)), true);
  t.equal(filter.count(), 4);
  t.ok(before.equals(layer.bytes));
  t.end();
});

t.test('bytes of another size are refused: their bits mean something else', (t) => {
  const layer = filterLayer(newSubjects(3));
  for (const size of [0, 1, layer.bytes.length - 4, layer.bytes.length + 4, 2 * layer.bytes.length]) {
    const filled = { ...layer, bytes: new Uint8Array(size) };
    t.throws(() => createBloomFilter(layerCapacity, falsePositives, filled), RangeError, `${size} bytes`);
  }
  const ofAnother = { ...layer, capacity: layerCapacity + 100 };
  t.throws(() => createSlicedFilter(sliceMs).adopt(1_000, [ofAnother]), RangeError, 'another capacity');
  t.end();
});

t.test('what is adopted is found in its slice, until that ends', (t) => {
  const filter = createSlicedFilter(sliceMs);
  const [early, late] = [newSubjects(500), newSubjects(500)];
  filter.adopt(1_000, [filterLayer(early.slice(0, 250)), filterLayer(early.slice(250))]);
  filter.adopt(2_000, [filterLayer(late)]);
  t.ok([...early, ...late].every(filter.mayContain));
  t.strictSame(filter.stats(), { entries: 1_000, capacity: 3 * layerCapacity, bytes: 3 * 9_816, slices: 2 });
  t.ok(early.every((id) => filter.slicesOf(id).includes(1_000)));
  filter.dropExpired(1_000);
  t.ok(late.every(filter.mayContain));
  t.equal(early.some(filter.mayContain), false);
  t.match(filter.stats(), { entries: 500, slices: 1 });
  t.end();
});

t.test('what was there before stays, and adding goes on in the last one', (t) => {
  const filter = createSlicedFilter(sliceMs);
  const [before, adopted, after] = [newSubjects(10), newSubjects(10), newSubjects(10)];
  for (const id of before) filter.add(id, 500);
  const { bytes } = filter.stats();
  filter.adopt(1_000, [filterLayer(adopted)]);
  for (const id of [...after, ...adopted]) filter.add(id, 900);
  t.ok([...before, ...adopted, ...after].every(filter.mayContain));
  t.match(filter.stats(), { entries: 30, bytes: bytes + 9_816, slices: 1 }, 'nothing is added twice');
  t.end();
});

t.test('full ones that are adopted leave the room there was', (t) => {
  const filter = createSlicedFilter(sliceMs);
  for (const id of newSubjects(10)) filter.add(id, 500);
  filter.adopt(1_000, [filterLayer(newSubjects(layerCapacity))]);
  const { bytes } = filter.stats();
  for (const id of newSubjects(10)) filter.add(id, 500);
  t.equal(filter.stats().bytes, bytes);
  t.end();
});

t.test('one that was adopted is filled up before it grows', (t) => {
  const filter = createSlicedFilter(sliceMs);
  filter.adopt(1_000, [filterLayer(newSubjects(layerCapacity - 50))]);
  const { bytes } = filter.stats();
  for (const id of newSubjects(40)) filter.add(id, 500);
  t.equal(filter.stats().bytes, bytes);
  for (const id of newSubjects(40)) filter.add(id, 500);
  t.ok(filter.stats().bytes > bytes);
  t.end();
});

t.test('it says in which slices an id may be', (t) => {
  const filter = createSlicedFilter(sliceMs);
  const [once, twice, never] = newSubjects(3) as [Buffer, Buffer, Buffer];
  t.strictSame(filter.slicesOf(once), []);
  filter.add(once, 500);
  filter.add(twice, 500);
  filter.add(twice, 2_500);
  filter.adopt(7_000, [filterLayer([twice])]);
  t.strictSame(filter.slicesOf(once), [1_000]);
  t.strictSame([...filter.slicesOf(twice)].sort(), [1_000, 3_000, 7_000]);
  t.strictSame(filter.slicesOf(never), []);
  filter.dropExpired(3_000);
  t.strictSame(filter.slicesOf(twice), [7_000]);
  t.strictSame(filter.slicesOf(once), []);
  t.end();
});

t.test('a slice ends at a multiple of its length, at the expiry or after it', (t) => {
  const table = [
    [0, 0],
    [1, 1_000],
    [999.5, 1_000],
    [1_000, 1_000],
    [1_000.5, 2_000],
  ] as const;
  for (const [expiresAt, endsAt] of table) t.equal(sliceEnd(expiresAt, sliceMs), endsAt, `${expiresAt}`);
  t.end();
});
