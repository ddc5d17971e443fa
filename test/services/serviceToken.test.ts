import { createHash } from 'node:crypto';
import t from 'tap';
import { newServiceToken, serviceTokenHash } from '../../src/services/serviceToken.ts';

t.test('a new token has its shape, and is never the same', (t) => {
  const tokens = Array.from({ length: 1_000 }, newServiceToken);
  for (const token of tokens) {
    if (!/^st_[A-Za-z0-9_-]{43}$/.test(token) || serviceTokenHash(token) === undefined) t.fail(token);
  }
  t.equal(new Set(tokens).size, tokens.length);
  t.end();
});

t.test('its hash is the SHA-256 of the whole text', (t) => {
  const token = newServiceToken();
  t.strictSame(serviceTokenHash(token), createHash('sha256').update(token).digest());
  t.equal(serviceTokenHash(token)?.length, 32);
  t.end();
});

t.test('anything else has no hash', (t) => {
  const zeros = 'A'.repeat(43);
  t.not(serviceTokenHash(`st_${zeros}`), undefined, 'the shape that the rows below spoil');
  const table: [string, string][] = [
    ['nothing', ''],
    ['only the prefix', 'st_'],
    ['another prefix', `rt_${zeros}`],
    ['an upper-case prefix', `ST_${zeros}`],
    ['no prefix', zeros],
    ['too short', `st_${'A'.repeat(42)}`],
    ['too long', `st_${'A'.repeat(44)}`],
    ['padding', `st_${zeros}=`],
    ['the other alphabet', `st_+${'A'.repeat(42)}`],
    ['stray low bits', `st_${'A'.repeat(42)}B`],
    ['a space before', ` st_${zeros}`],
    ['a newline after', `st_${zeros}\n`],
    ['a space inside', `st_${'A'.repeat(20)} ${'A'.repeat(22)}`],
    ['a scheme', `Bearer st_${zeros}`],
    ['a megabyte', `st_${'A'.repeat(1_000_000)}`],
  ];
  for (const [what, token] of table) t.equal(serviceTokenHash(token), undefined, what);
  t.end();
});
