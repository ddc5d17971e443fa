/** Since when a node has seen each key in its state: by the clock that never steps, and from nothing after a restart. */
import t from 'tap';
import { createSightings } from '../../src/keys/sightings.ts';
import { createManualClock } from '../support/manualClock.ts';

const next = { kid: 'a', state: 'next' } as const;
const active = { kid: 'a', state: 'active' } as const;
const other = { kid: 'b', state: 'next' } as const;

t.test('what was seen, and for how long', async (t) => {
  const clock = createManualClock(0);
  const sightings = createSightings(clock);
  t.equal(sightings.seenMs(next), 0, 'never');
  sightings.observe([next]);
  t.equal(sightings.seenMs(next), 0, 'now');
  await clock.advance(7);
  t.equal(sightings.seenMs(next), 7);
  sightings.observe([next, other]);
  await clock.advance(1);
  t.strictSame(
    [sightings.seenMs(next), sightings.seenMs(other)],
    [8, 1],
    'looking again does not start over',
  );
  clock.stepWall(1_000_000);
  t.equal(sightings.seenMs(next), 8, 'a clock that steps is not asked');
  t.equal(createSightings(clock).seenMs(next), 0, 'who has just started has seen nothing');
});

t.test('another state is another sighting; one that is gone starts over', async (t) => {
  const clock = createManualClock(0);
  const sightings = createSightings(clock);
  sightings.observe([next]);
  await clock.advance(5);
  t.equal(sightings.seenMs(active), 0, 'not yet seen so');
  sightings.observe([active]);
  await clock.advance(2);
  t.strictSame([sightings.seenMs(next), sightings.seenMs(active)], [0, 2]);
  sightings.observe([]);
  t.equal(sightings.seenMs(active), 0, 'gone');
  sightings.observe([active]);
  await clock.advance(1);
  t.equal(sightings.seenMs(active), 1, 'and back');
});
