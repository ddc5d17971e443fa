import { decodeBase64url, encodeBase64url } from '@countersign/verifier/encoding';
import { assert as check, property, uint8Array } from 'fast-check';
import t from 'tap';

const alphabet = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'];

t.test('bytes are spelt as RFC 4648 says, with its URL-safe alphabet and without padding', (t) => {
  const table: [string, Buffer, string][] = [
    ['nothing', Buffer.of(), ''],
    ['one byte', Buffer.from('f'), 'Zg'],
    ['two bytes', Buffer.from('fo'), 'Zm8'],
    ['three bytes', Buffer.from('foo'), 'Zm9v'],
    ['four bytes', Buffer.from('foob'), 'Zm9vYg'],
    ['the two characters of its own', Buffer.of(0xfb, 0xff, 0xbf), '-_-_'],
    ['zeros', Buffer.alloc(3), 'AAAA'],
  ];
  for (const [what, bytes, text] of table) {
    t.equal(encodeBase64url(bytes), text, what);
    t.strictSame(decodeBase64url(text), bytes, `${what}, read`);
  }
  t.end();
});

t.test('a view is spelt as what it shows, not as what lies around it', (t) => {
  const around = new Uint8Array([1, 2, 0x66, 0x6f, 0x6f, 3]);
  t.equal(encodeBase64url(around.subarray(2, 5)), 'Zm9v');
  t.end();
});

t.test('whatever the bytes, their spelling reads back as the same bytes', (t) => {
  const reads = property(uint8Array({ maxLength: 200 }), (bytes) => {
    const text = encodeBase64url(bytes);
    const read = decodeBase64url(text);
    return read !== undefined && Buffer.compare(read, bytes) === 0 && /^[A-Za-z0-9_-]*$/.test(text);
  });
  t.doesNotThrow(() => check(reads, { numRuns: 2_000 }));
  t.end();
});

t.test(
  'each value has one spelling: of all texts that end in a part of a group, one for each value reads',
  (t) => {
    const accepted = (texts: readonly string[]) =>
      texts.map(decodeBase64url).filter((bytes) => bytes !== undefined);
    const two = alphabet.flatMap((first) => alphabet.map((second) => first + second));
    const three = two.flatMap((start) => alphabet.map((last) => start + last));

    const single = accepted(two);
    t.equal(single.length, 2 ** 8, 'two characters: one byte');
    t.equal(new Set(single.map((bytes) => bytes.toString('hex'))).size, 2 ** 8, 'and each byte once');
    const pairs = accepted(three);
    t.equal(pairs.length, 2 ** 16, 'three characters: two bytes');
    t.equal(new Set(pairs.map((bytes) => bytes.toString('hex'))).size, 2 ** 16, 'and each pair once');
    t.equal(accepted(alphabet).length, 0, 'one character: nothing');
    t.end();
  },
);

t.test('every other spelling is refused', (t) => {
  t.not(decodeBase64url('Zm9vYg'), undefined, 'the text that the rows below spoil');
  const table: [string, string][] = [
    ['padding', 'Zm9vYg=='],
    ['half the padding', 'Zm9vYg='],
    ['padding inside', 'Zg==Zm9v'],
    ['only padding', '=='],
    ['stray low bits', 'Zm9vYh'],
    ['stray low bits before a missing character', 'Zm9'],
    ['the other alphabet, plus', '+_-_'],
    ['the other alphabet, slash', '-/-_'],
    ['a space before', ' Zm9vYg'],
    ['a space inside', 'Zm9v Yg'],
    ['a newline after', 'Zm9vYg\n'],
    ['a carriage return inside', 'Zm9v\r\nYg'],
    ['a tab', 'Zm9v\tYg'],
    ['NUL', 'Zm9vYg\0'],
    ['a full stop', 'Zm9v.Yg'],
    ['a percent escape', 'Zm9v%59g'],
    ['full-width letters', 'Ｚm9vYg'],
    ['a letter that only looks like one', 'Zm9vY\u0261'],
    ['a lone surrogate', 'Zm9vY\ud800'],
    ['a length that no bytes have', 'Zm9vY'],
  ];
  for (const [what, text] of table) t.equal(decodeBase64url(text), undefined, what);
  t.end();
});
