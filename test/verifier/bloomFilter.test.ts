import { randomBytes } from 'node:crypto';
import { verifierLimits } from '@countersign/verifier/limits';
import { createBloomFilter, hashId } from '@countersign/verifier/revocation/bloomFilter';
import { array, assert as check, integer, property, uint8Array } from 'fast-check';
import t from 'tap';

const falsePositives = verifierLimits.bloomFalsePositives;
const now = Date.UTC(2030, 0, 1, 12);

/** Random bytes by the megabyte: one call for each id would take most of the test's time. */
let pool = Buffer.of();
function random(length: number): Buffer {
  if (pool.length < length) pool = randomBytes(1 << 20);
  const bytes = pool.subarray(0, length);
  pool = pool.subarray(length);
  return bytes;
}

/** The 16 bytes of a UUIDv7 of any moment of one hour. */
function session(milliseconds = now + (random(4).readUInt32BE() % 3_600_000)): Buffer {
  const bytes = Buffer.from(random(16));
  bytes.writeUIntBE(milliseconds, 0, 6);
  bytes[6] = 0x70 | ((bytes[6] as number) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] as number) & 0x3f);
  return bytes;
}

/** The 27 bytes of a jti: session ‖ milliseconds ‖ random. */
function jti(of: Buffer, milliseconds = now + (random(4).readUInt32BE() % 3_600_000)): Buffer {
  const bytes = Buffer.concat([of, random(11)]);
  bytes.writeUIntBE(milliseconds, 16, 6);
  return bytes;
}

t.test('what was added is found, whatever it is and however full the filter', (t) => {
  const ids = array(uint8Array({ maxLength: 40 }), { maxLength: 300 });
  const found = property(ids, integer({ min: 1, max: 200 }), (added, capacity) => {
    const filter = createBloomFilter(capacity, falsePositives);
    const hashes = added.map(hashId);
    for (const hash of hashes) filter.add(hash);
    return filter.count() === added.length && hashes.every(filter.mayContain);
  });
  t.doesNotThrow(() => check(found, { numRuns: 2_000 }));
  t.end();
});

t.test('a new filter holds nothing', (t) => {
  const filter = createBloomFilter(1_000, falsePositives);
  const held = Array.from({ length: 10_000 }, () => hashId(session())).filter(filter.mayContain);
  t.equal(held.length, 0);
  t.equal(filter.count(), 0);
  t.equal(filter.capacity, 1_000);
  t.end();
});

t.test('a hash depends on every byte, their order and their number, and on nothing else', (t) => {
  const same = (one: Uint8Array, other: Uint8Array) => {
    const [first, second] = [hashId(one), hashId(other)];
    return first.first === second.first || first.second === second.second;
  };
  for (const id of [session(), jti(session())]) {
    for (let byte = 0; byte < id.length; byte += 1) {
      const changed = Buffer.from(id);
      changed[byte] = (changed[byte] as number) ^ 0x10;
      t.notOk(same(id, changed), `byte ${byte} of ${id.length}`);
    }
    const around = new Uint8Array(Buffer.concat([random(3), id, random(3)]));
    t.strictSame(hashId(around.subarray(3, 3 + id.length)), hashId(id), 'a view is what it shows');
    t.notOk(same(id, Buffer.from(id).reverse()), 'the other way round');
    t.notOk(same(id, Buffer.concat([id, Buffer.of(0)])), 'with a zero after it');
  }
  t.notOk(same(Buffer.alloc(16), Buffer.alloc(27)), 'zeros of either length');
  t.end();
});

const one = session();
const sessions = Array.from({ length: 1_000 }, () => session());
const oneOf = () => sessions[random(2).readUInt16BE() % sessions.length] as Buffer;

/** How ids are made that go in, and fresh ones that are asked for. */
const kinds: readonly (readonly [string, () => Buffer, () => Buffer])[] = [
  ['sessions', () => session(), () => session()],
  ['sessions of one millisecond', () => session(now), () => session(now)],
  ['tokens, each of its own session', () => jti(session()), () => jti(session())],
  ['tokens of one session', () => jti(one), () => jti(one)],
  ['tokens of one session and one millisecond', () => jti(one, now), () => jti(one, now)],
  ['tokens of a thousand sessions', () => jti(oneOf()), () => jti(oneOf())],
  ['sessions in the filter, tokens asked for', () => session(), () => jti(oneOf())],
  ['tokens in the filter, sessions asked for', () => jti(session()), () => session()],
];

/** As many as to tell 1e-4 from 2e-4 for sure: 50 are expected, 100 are seven standard deviations away. */
const asked = 500_000;
const capacity = 20_000;

t.test('at capacity it is wrong for at most two in ten thousand fresh ids', (t) => {
  for (const [what, added, fresh] of kinds) {
    const filter = createBloomFilter(capacity, falsePositives);
    for (let index = 0; index < capacity; index += 1) filter.add(hashId(added()));
    let wrong = 0;
    for (let index = 0; index < asked; index += 1) if (filter.mayContain(hashId(fresh()))) wrong += 1;
    t.ok(wrong <= 2 * falsePositives * asked, `${what}: ${wrong} of ${asked}`);
    t.ok(wrong > 0, `${what}: some, so it was really full`);
  }
  t.end();
});

t.test('a session in the filter does not let its tokens seem to be in it', (t) => {
  const filter = createBloomFilter(capacity, falsePositives);
  const added = Array.from({ length: capacity }, () => session());
  for (const id of added) filter.add(hashId(id));
  let wrong = 0;
  for (const id of added) {
    for (let round = 0; round < 20; round += 1) if (filter.mayContain(hashId(jti(id)))) wrong += 1;
  }
  t.ok(wrong <= 2 * falsePositives * capacity * 20, `${wrong} of ${capacity * 20}`);
  t.end();
});

t.test('the rate holds for every size that a slice grows to', (t) => {
  for (const size of [4_096, 16_384, 65_536, 262_144]) {
    const filter = createBloomFilter(size, falsePositives);
    for (let index = 0; index < size; index += 1) filter.add(hashId(session()));
    let wrong = 0;
    for (let index = 0; index < asked; index += 1) if (filter.mayContain(hashId(session()))) wrong += 1;
    t.ok(wrong <= 2 * falsePositives * asked, `${size} entries: ${wrong} of ${asked}`);
  }
  t.end();
});

t.test('it takes at most three bytes for each entry that it has room for', (t) => {
  for (const size of [1_000, 4_096, 16_384, 65_536, 1_000_000, 4_194_304]) {
    const { bytes } = createBloomFilter(size, falsePositives);
    t.ok(bytes <= 3 * size, `${size} entries: ${(bytes / size).toFixed(2)} bytes each`);
    t.ok(bytes >= 2.3 * size, 'and not less than the theory asks for');
  }
  t.end();
});

t.test('a filter of more than 2^31 bits loses nothing either', (t) => {
  // Its memory is not touched but where a bit is set, so it costs an address range and a few pages.
  const filter = createBloomFilter(115_000_000, falsePositives);
  t.ok(filter.bytes * 8 > 2 ** 31, `${filter.bytes} bytes`);
  const added = Array.from({ length: 500 }, () => hashId(session()));
  for (const hash of added) filter.add(hash);
  t.equal(added.filter((hash) => !filter.mayContain(hash)).length, 0, 'false negatives of 500');
  t.end();
});
