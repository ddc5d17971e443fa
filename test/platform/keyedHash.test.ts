import t from 'tap';
import { createKeyedHash } from '../../src/platform/keyedHash.ts';

t.test('one name for the same parts, and for no others', async (t) => {
  const key = Buffer.alloc(32, 1);
  const hash = createKeyedHash(key, 'tests');
  const hex = (...parts: readonly string[]) => hash(...parts).toString('hex');
  t.equal(hash('a').length, 32);
  t.equal(createKeyedHash(Buffer.alloc(32, 1), 'tests')('a', 'b').toString('hex'), hex('a', 'b'));
  const others = [
    hex('a', 'b'),
    ...[hex('ab'), hex('a', 'b', ''), hex('', 'a', 'b'), hex('b', 'a'), hex('a","b'), hex()],
    createKeyedHash(key, 'other tests')('a', 'b').toString('hex'),
    createKeyedHash(Buffer.alloc(32, 2), 'tests')('a', 'b').toString('hex'),
  ];
  t.equal(new Set(others).size, others.length);
});
