import { randomBytes } from 'node:crypto';
import t from 'tap';
import { createAuthenticText } from '../../src/platform/authenticText.ts';

const [one, two] = [randomBytes(32), randomBytes(32)];
const by = createAuthenticText([one], 'tests');
const bytes = (text: string) => Buffer.from(text);

t.test('what was written is read, for the same thing only', async (t) => {
  for (const text of ['', 'x', '{"a":"é"}', '\0\ufeff\n', 'x'.repeat(100_000)]) {
    const written = by.write(text, 'here');
    t.equal(by.read(bytes(written), 'here'), text);
    t.equal(by.read(bytes(written), 'there'), undefined);
  }
  t.not(by.write('bc', 'a').slice(0, 43), by.write('c', 'ab').slice(0, 43), 'where one part ends is counted');
});

t.test('any other byte is another text', async (t) => {
  const written = bytes(by.write('a text', 'here'));
  for (let index = 0; index < written.length; index += 1) {
    for (const bit of [1, 0x80]) {
      const changed = Buffer.from(written);
      changed[index] = (changed[index] as number) ^ bit;
      t.equal(by.read(changed, 'here'), undefined, `${index} ${bit}`);
    }
  }
  for (const length of [0, 1, 42, 43, written.length - 1])
    t.equal(by.read(written.subarray(0, length), 'here'), undefined, `${length} bytes`);
  t.equal(by.read(Buffer.concat([written, bytes(' ')]), 'here'), undefined);
});

t.test('the first key writes, every key reads, and no other', async (t) => {
  const both = createAuthenticText([two, one], 'tests');
  t.equal(both.read(bytes(by.write('x', 'here')), 'here'), 'x');
  t.equal(by.read(bytes(both.write('x', 'here')), 'here'), undefined);
  const elsewhere = createAuthenticText([one], 'another purpose');
  t.equal(elsewhere.read(bytes(by.write('x', 'here')), 'here'), undefined);
  t.throws(() => createAuthenticText([], 'tests'), RangeError);
});
