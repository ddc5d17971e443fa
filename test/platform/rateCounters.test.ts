/** Counting by one process, and by one node that cannot ask what others counted. */
import t from 'tap';
import { platformLimits } from '../../src/platform/limits.ts';
import { type RateCounters, withLocalShare } from '../../src/platform/rateCounters.ts';
import { createLocalRateCounters } from '../../src/storage/embedded/rateCounters.ts';
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

t.test('one that is given back was not counted, as long as its window lasts', async (t) => {
  const clock = createManualClock(0);
  const counters = createLocalRateCounters({ clock });
  const count = async (name: string) => (await counters.increment(name, 1_000, 10)).count;
  t.equal(await count('a'), 1);
  t.equal(await count('b'), 1);
  await counters.giveBack('a', 10, 1_000);
  t.equal(await count('a'), 1);
  for (let time = 0; time < 3; time += 1) await counters.giveBack('a', 10, 1_000);
  t.equal(await count('a'), 1, 'there is nothing below none');
  await clock.advance(1_000);
  await counters.giveBack('a', 10, 0);
  t.equal(await count('a'), 1, 'nor a window that ended');
  t.equal(await count('b'), 1);
  await counters.giveBack('a', 10, -1);
  t.equal(await count('a'), 2, 'nor is it taken from the next one');
  await clock.advance(400);
  await counters.giveBack('a', 10, 600);
  t.equal(await count('a'), 2, 'which has its own');
});

t.test('what it remembers is bounded, and no window is forgotten before its end', async (t) => {
  const clock = createManualClock(0);
  const counters = createLocalRateCounters({ clock });
  const count = async (name: string, budget = 10) => (await counters.increment(name, 1_000, budget)).count;
  t.equal(await count('mine'), 1);
  const { rateLocalEntries: entries, rateLocalShared: shared } = platformLimits;
  for (let other = 1; other < entries; other += 1) await count(`${other}`);
  const alone = await Promise.all(Array.from({ length: 100 }, (_, other) => count(`${other + 1}`)));
  t.strictSame(new Set(alone), new Set([2]), 'as long as there is room, each has a window of its own');

  const late = await Promise.all(Array.from({ length: 4 * shared }, (_, other) => count(`late ${other}`)));
  t.equal(await count('mine'), 2, 'whatever came meanwhile');
  const times = Math.max(...late);
  t.ok(times > 4 && times < 40, `then names share counts, few of them one: ${times}`);
  t.ok((await count('late 1')) > 1);
  t.equal(await count('late 1', 20), 1, 'never those of different budgets');
  await counters.giveBack('late 1', 20, 1_000);
  t.equal(await count('late 1', 20), 1);
  await clock.advance(1_000);
  t.equal(await count('mine'), 1, 'and when they have ended there is room');
  t.equal(await count('late 1'), 1);
});

t.test('while the shared count fails, a small share is let through, and everything is told', async (t) => {
  const clock = createManualClock(0);
  let down = false;
  const faults: unknown[] = [];
  const counts = createLocalRateCounters({ clock });
  const shared: RateCounters = {
    increment: async (...asked) => (down ? Promise.reject(new Error('down')) : counts.increment(...asked)),
    giveBack: async (...asked) => (down ? Promise.reject(new Error('down')) : counts.giveBack(...asked)),
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
  t.equal(await letThrough(60, 100), 60 * platformLimits.rateLocalShare);
  t.equal(await letThrough(5, 100), 1, 'never none');
  const counted = 5 + 100;
  await counters.giveBack('of 5', 5, 1_000);
  t.match(
    await counters.increment('of 5', 1_000, 5),
    { count: counted - 1 },
    'and what is given back is taken',
  );
  t.ok(counters.alone());
  t.equal(faults.length, 201);
  down = false;
  t.equal(await letThrough(60, 100), 0, 'what was counted before still is');
  t.notOk(counters.alone());
});
