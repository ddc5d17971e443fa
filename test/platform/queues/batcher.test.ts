/** Calls that share a run when there are many of them. */
import { array, assert as check, integer, property } from 'fast-check';
import t from 'tap';
import { createBatcher } from '../../../src/platform/queues/batcher.ts';
import { createManualClock } from '../../support/manualClock.ts';

const limits = { atOnce: 2, items: 3, waiting: 4 };

function setUp() {
  const clock = createManualClock(0);
  const runs: { items: readonly number[]; next(): void; done(): void; fail(error: Error): void }[] = [];
  const call = createBatcher<number>(
    limits,
    (items, next) => new Promise((done, fail) => runs.push({ items, next, done, fail })),
  );
  const itemsOfRuns = () => runs.map(({ items }) => items);
  return { clock, call, runs, itemsOfRuns };
}

t.test('alone, a call is a run at once; when all are busy, those that wait share the next one', async (t) => {
  const { call, runs, itemsOfRuns, clock } = setUp();
  const calls = [1, 2, 3, 4, 5, 6].map(call);
  t.strictSame(itemsOfRuns(), [[1], [2]]);
  runs[1]?.done();
  await calls[1];
  await clock.settle();
  t.strictSame(itemsOfRuns(), [[1], [2], [3, 4, 5]], 'no more in one than may be');
  runs[2]?.next();
  t.strictSame(itemsOfRuns(), [[1], [2], [3, 4, 5], [6]], 'the next one begins before this one has settled');
  for (const { done } of runs) done();
  await Promise.all(calls);
  const last = call(7);
  t.strictSame(itemsOfRuns().at(-1), [7]);
  runs.at(-1)?.done();
  await last;
});

t.test('a run that fails, fails for its own items, and makes room once', async (t) => {
  const { call, runs, itemsOfRuns, clock } = setUp();
  const calls = [1, 2, 3, 4].map(call);
  const failure = new Error('on purpose');
  runs[0]?.next();
  runs[0]?.fail(failure);
  await t.rejects(calls[0] as Promise<void>, failure);
  await clock.settle();
  t.strictSame(
    itemsOfRuns(),
    [[1], [2], [3, 4]],
    'it has said that another one may begin, and has then failed',
  );
  const more = call(5);
  t.equal(runs.length, 3, 'two at once');
  runs[1]?.done();
  runs[2]?.done();
  await Promise.all(calls.slice(1));
  await clock.settle();
  runs[3]?.done();
  await more;
});

t.test('more than may wait are refused at once', async (t) => {
  const { call, runs, clock } = setUp();
  const calls = [1, 2, 3, 4, 5, 6].map(call);
  await t.rejects(call(7), { code: 'overloaded', reason: 'queue_full', retryAfterSeconds: 1 });
  for (let turn = 0; turn < 4; turn += 1) {
    for (const { done } of runs) done();
    await clock.settle();
  }
  await Promise.all(calls);
  t.equal(runs.flatMap(({ items }) => items).length, 6);
});

t.test('whatever ends when: each item is in one run, in order, and no limit is passed', async (t) => {
  const step = integer({ min: 0, max: 4 });
  const holds = property(array(step, { maxLength: 40 }), (steps) => {
    const { call, runs } = setUp();
    let [given, over] = [0, 0];
    for (const each of steps) {
      if (each < 3) {
        given += 1;
        call(given).catch(() => {});
      } else if (over < runs.length) {
        runs[over]?.next();
        over += 1;
      }
      if (runs.length - over > limits.atOnce) return false;
    }
    const items = runs.flatMap((run) => run.items);
    const inOrder = items.every((item, index) => index === 0 || item > (items[index - 1] as number));
    return inOrder && runs.every((run) => run.items.length <= limits.items);
  });
  t.doesNotThrow(() => check(holds, { numRuns: 300 }));
});
