/** Places for streams: however many a service takes, others find some. */
import t from 'tap';
import { subscriberLimits } from '../../../src/revocation/subscribers/limits.ts';
import { createSubscriberPlaces } from '../../../src/revocation/subscribers/places.ts';

const { subscribersPerNode } = subscriberLimits;

/** Takes all that each of them gets, one after the other; answers how many that were. */
function takeAll(services: readonly string[]) {
  const refused: string[] = [];
  const places = createSubscriberPlaces({ onRefused: (service) => void refused.push(service) });
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
  t.strictSame(counts, [
    subscribersPerNode / 2,
    subscribersPerNode / 4,
    subscribersPerNode / 8,
    subscribersPerNode / 16,
  ]);
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
  t.equal(places.taken().get('a'), subscribersPerNode / 2 - 1);
  for (const give of given) give();
  t.equal(places.taken().size, 0);
  t.equal(takeAll(['a']).counts[0], subscribersPerNode / 2);
  t.end();
});
