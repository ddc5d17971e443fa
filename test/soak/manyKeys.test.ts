/**
 * Ten thousand keys, a token from each. One coordinate in 256 begins with a zero byte, and so does one r and one s in
 * 256: whoever drops it makes one key in a hundred unreadable to others, which few keys never show.
 */
import t from 'tap';
import { othersReadEach } from '../tokens/manyKeys.ts';

t.setTimeout(900_000);

t.test('ten thousand keys', (t) => {
  t.setTimeout(900_000);
  return othersReadEach(t, 10_000, { zeros: true });
});
