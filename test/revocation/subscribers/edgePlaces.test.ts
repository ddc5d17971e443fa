/** Places for streams: however many a service takes, others find some. */
import t from 'tap';
import { limits } from '../../../src/platform/limits.ts';
import { createEdgePlaces } from '../../../src/revocation/subscribers/places.ts';

const { edgesPerNode } = limits;

/** Takes all that each of them gets, one after the other; answers how many that were. */
function takeAll(services: readonly string[]) {
  const refused: string[] = [];
  const places = createEdgePlaces({ onRefused: (service) => void refused.push(service) });
  const given: (() => void)[] = [];
  const counts = services.map((service) => {
    for (let count = 0; ; count += 1) {
      try {
        given.push(places.take(service));
      } catch {
        return count;
      }
    }
  });
  return { places, given, counts, refused };
}

t.test('one service gets half, and each next one half of what is left', (t) => {
  const { counts, refused } = takeAll(['a', 'b', 'c', 'd']);
  t.strictSame(counts, [edgesPerNode / 2, edgesPerNode / 4, edgesPerNode / 8, edgesPerNode / 16]);
  t.strictSame(refused, ['a', 'b', 'c', 'd']);
  t.end();
});

t.test('who is refused is told why', (t) => {
  const { places } = takeAll(['a']);
  t.throws(() => places.take('a'), { code: 'overloaded', reason: 'edge_places' });
  t.end();
});

t.test('a place is given back once, however often that is said', (t) => {
  const { places, given } = takeAll(['a']);
  given[0]?.();
  given[0]?.();
  t.equal(places.taken().get('a'), edgesPerNode / 2 - 1);
  for (const give of given) give();
  t.equal(places.taken().size, 0);
  t.equal(takeAll(['a']).counts[0], edgesPerNode / 2);
  t.end();
});
