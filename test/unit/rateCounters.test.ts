/** Counting by one process, and by one node that cannot ask what others counted. */
import t from 'tap';
import { type RateCounters, withLocalShare } from '../../src/authn/rateCounters.ts';
import { limits } from '../../src/core/limits.ts';
import { createLocalRateCounters } from '../../src/storage/local/rateCounters.ts';
import { createManualClock } from '../support/manualClock.ts';

t.test('a window begins with the first one and ends with all of them', async (t) => {
  const clock = createManualClock(0);
  const counters = createLocalRateCounters({ clock });
  const count = (name: string) => counters.increment(name, 1_000, 10);
  t.strictSame(await count('a'), { count: 1, remainingMs: 1_000 });
  await clock.advance(999);
  t.strictSame(await count('a'), { count: 2, remainingMs: 1 });
  t.strictSame(await count('b'), { count: 1, remainingMs: 1_000 }, 'each by itself');
  clock.stepWall(1_000_000);
  t.strictSame(await count('a'), { count: 3, remainingMs: 1 }, 'the wall clock does not matter');
  await clock.advance(1);
  t.strictSame(await count('a'), { count: 1, remainingMs: 1_000 });
});

t.test('what it remembers is bounded: used longest ago, forgotten first', async (t) => {
  const counters = createLocalRateCounters({ clock: createManualClock(0) });
  await counters.increment('first', 1_000, 10);
  await counters.increment('busy', 1_000, 10);
  for (let other = 0; other < limits.rateLocalEntries - 1; other += 1) {
    await counters.increment(`${other}`, 1_000, 10);
    if (other % 1_000 === 0) await counters.increment('busy', 1_000, 10);
  }
  t.match(await counters.increment('first', 1_000, 10), { count: 1 });
  t.match(await counters.increment('busy', 1_000, 10), { count: limits.rateLocalEntries / 1_000 + 2 });
});

t.test('while the shared count fails, a small share is let through, and everything is told', async (t) => {
  const clock = createManualClock(0);
  let down = false;
  const faults: unknown[] = [];
  const counts = createLocalRateCounters({ clock });
  const shared: RateCounters = {
    increment: async (...asked) => (down ? Promise.reject(new Error('down')) : counts.increment(...asked)),
  };
  const onFault = (error: unknown) => faults.push(error);
  const counters = withLocalShare({ shared, local: createLocalRateCounters({ clock }), onFault });
  const letThrough = async (budget: number, tries: number) => {
    let through = 0;
    for (let attempt = 0; attempt < tries; attempt += 1) {
      if ((await counters.increment(`of ${budget}`, 1_000, budget)).count <= budget) through += 1;
    }
    return through;
  };
  t.equal(await letThrough(60, 100), 60);
  t.notOk(counters.alone());
  down = true;
  t.equal(await letThrough(60, 100), 60 * limits.rateLocalShare);
  t.equal(await letThrough(5, 100), 1, 'never none');
  t.ok(counters.alone());
  t.equal(faults.length, 200);
  down = false;
  t.equal(await letThrough(60, 100), 0, 'what was counted before still is');
  t.notOk(counters.alone());
});
