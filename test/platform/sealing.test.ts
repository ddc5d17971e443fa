import { randomBytes } from 'node:crypto';
import { string as anyString, assert as check, property, uint8Array } from 'fast-check';
import t from 'tap';
import { createSealing, UnsealError } from '../../src/platform/sealing.ts';

const sealing = createSealing(randomBytes(32));
const plaintext = Buffer.from('a secret of thirty-two characters');
const context = 'session/one';

t.test('what was sealed for a context opens for it, whatever both are', (t) => {
  const opens = property(uint8Array({ maxLength: 300 }), anyString({ unit: 'binary' }), (bytes, where) => {
    const opened = sealing.unseal(sealing.seal(bytes, where), where);
    return Buffer.compare(opened, bytes) === 0;
  });
  t.doesNotThrow(() => check(opens, { numRuns: 1_000 }));
  t.end();
});

t.test(
  'a sealed value is version, key id, nonce, ciphertext and tag, and shows nothing of what it holds',
  (t) => {
    const sealed = sealing.seal(plaintext, context);
    t.equal(sealed.length, 1 + 4 + 12 + plaintext.length + 16);
    t.equal(sealed[0], 1, 'version');
    t.notOk(sealed.includes(plaintext.subarray(0, 4)), 'no plaintext');
    t.notOk(sealed.includes(Buffer.from(context)), 'no context');
    t.end();
  },
);

t.test('the same value is never sealed alike: each has a nonce of its own', (t) => {
  const nonces = Array.from({ length: 2_000 }, () =>
    sealing.seal(plaintext, context).subarray(5, 17).toString('hex'),
  );
  t.equal(new Set(nonces).size, nonces.length);
  t.end();
});

t.test('a view into a larger buffer opens like a copy', (t) => {
  const sealed = sealing.seal(plaintext, context);
  const around = new Uint8Array(sealed.length + 20);
  around.set(sealed, 10);
  t.strictSame(sealing.unseal(around.subarray(10, 10 + sealed.length), context), plaintext);
  t.end();
});

t.test('another key does not open it', (t) => {
  const key = randomBytes(32);
  const sealed = createSealing(key).seal(plaintext, context);
  t.strictSame(createSealing(Buffer.from(key)).unseal(sealed, context), plaintext, 'the same key does');
  t.throws(() => sealing.unseal(sealed, context), UnsealError, 'another does not');

  const relabelled = Buffer.from(sealed);
  sealing.seal(plaintext, context).copy(relabelled, 1, 1, 5);
  t.throws(() => sealing.unseal(relabelled, context), UnsealError, 'nor when it is given the id of that key');

  const oneBit = Buffer.from(key);
  oneBit[31] = (oneBit[31] as number) ^ 1;
  t.throws(() => createSealing(oneBit).unseal(sealed, context), UnsealError, 'nor one that differs in a bit');
  t.end();
});

t.test('another context does not open it', (t) => {
  const sealed = sealing.seal(plaintext, context);
  const table: [string, string][] = [
    ['another row', 'session/two'],
    ['another kind', 'signing-key/one'],
    ['a longer one', `${context}x`],
    ['a shorter one', context.slice(0, -1)],
    ['none', ''],
    ['another case', 'Session/one'],
    ['a space', `${context} `],
  ];
  for (const [what, other] of table) t.throws(() => sealing.unseal(sealed, other), UnsealError, what);
  t.strictSame(sealing.unseal(sealed, context), plaintext, 'its own does');
  t.end();
});

t.test('no bit of it can be changed', (t) => {
  const sealed = sealing.seal(plaintext, context);
  for (let byte = 0; byte < sealed.length; byte += 1) {
    const opened = [1, 2, 4, 8, 16, 32, 64, 128].filter((bit) => {
      const changed = Buffer.from(sealed);
      changed[byte] = (changed[byte] as number) ^ bit;
      return opens(changed);
    });
    t.strictSame(opened, [], `byte ${byte}`);
  }
  t.ok(opens(sealed), 'unchanged it opens');
  t.end();
});

t.test('nothing can be cut off, put on or moved', (t) => {
  const sealed = sealing.seal(plaintext, context);
  const other = sealing.seal(Buffer.from('b secret of thirty-two characters'), context);
  const cut = Array.from({ length: sealed.length }, (_, length) => sealed.subarray(0, length)).filter(opens);
  t.strictSame(cut, [], 'no shorter one opens, from nothing to all but one byte');
  const table: [string, Buffer][] = [
    ['a byte after', Buffer.concat([sealed, Buffer.of(0)])],
    ['a byte before', Buffer.concat([Buffer.of(1), sealed])],
    ['the first byte left out', sealed.subarray(1)],
    ['twice', Buffer.concat([sealed, sealed])],
    ['the head of one, the rest of another', Buffer.concat([sealed.subarray(0, 17), other.subarray(17)])],
    ['the tag of another', Buffer.concat([sealed.subarray(0, -16), other.subarray(-16)])],
    ['only zeros', Buffer.alloc(sealed.length)],
  ];
  for (const [what, changed] of table) t.throws(() => sealing.unseal(changed, context), UnsealError, what);
  t.end();
});

/** True when it opens, false when it is refused as it should be; any other error is a failure. */
function opens(sealed: Buffer): boolean {
  try {
    sealing.unseal(sealed, context);
    return true;
  } catch (error) {
    if (error instanceof UnsealError) return false;
    throw error;
  }
}
