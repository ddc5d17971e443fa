/** Work that comes round again. */
import t from 'tap';
import { platformLimits } from '../../src/platform/limits.ts';
import { startPoller, startWakeablePoller } from '../../src/platform/poller.ts';
import { createManualClock } from '../support/manualClock.ts';

function setUp() {
  const clock = createManualClock(0);
  const rounds: { readonly at: number; done(nextMs: number): void; fail(fault: Error): void }[] = [];
  const faults: unknown[] = [];
  const stop = startPoller({
    ...{ clock, firstMs: 100, retryMs: 50 },
    run: () => new Promise((done, fail) => rounds.push({ at: clock.monotonic(), done, fail })),
    onFault: (fault) => faults.push(fault),
  });
  return { clock, rounds, faults, stop, at: () => rounds.map(({ at }) => at) };
}

t.test('each round says when the next one is, and none overlaps it', async (t) => {
  const { clock, rounds, at, stop, faults } = setUp();
  await clock.advance(99);
  t.strictSame(at(), []);
  await clock.advance(1_000);
  t.strictSame(at(), [100], 'the first takes long');
  rounds[0]?.done(10);
  await clock.advance(10);
  t.strictSame(at(), [100, 1_109]);
  rounds[1]?.fail(new Error('on purpose'));
  await clock.advance(50);
  t.strictSame(at(), [100, 1_109, 1_159], 'after a fault it is tried again');
  t.match(faults, [{ message: 'on purpose' }]);
  rounds[2]?.done(10);
  await clock.settle();
  await stop();
  await clock.advance(1_000);
  t.equal(rounds.length, 3, 'no more after the stop');
  t.equal(clock.timers(), 0);
});

t.test('a stop waits for the round under way, but not for ever', async (t) => {
  for (const [what, end] of [
    ['one that is done', (round: { done(ms: number): void }) => round.done(1)],
    ['one that fails', (round: { fail(fault: Error): void }) => round.fail(new Error('closed'))],
  ] as const) {
    const { clock, rounds, stop, faults } = setUp();
    await clock.advance(100);
    let stopped = false;
    const stopping = stop().then(() => {
      stopped = true;
    });
    await clock.settle();
    t.equal(stopped, false, what);
    end(rounds[0] as never);
    await stopping;
    t.strictSame(faults, [], 'what is closed under it is no fault');
    t.equal(clock.timers(), 0);
  }
  const { clock, stop, faults } = setUp();
  await clock.advance(100);
  let stopped = false;
  const stopping = stop().then(() => {
    stopped = true;
  });
  await clock.advance(platformLimits.lastRoundMilliseconds - 1);
  t.equal(stopped, false, 'one that hangs has its time');
  await clock.advance(1);
  await stopping;
  t.strictSame(faults, [], 'and is no fault: what it did is rolled back');
});

t.test('a poller that is woken runs at once, and once more after the round in progress', async (t) => {
  const clock = createManualClock(0);
  let rounds = 0;
  let finish = () => {};
  const { wake, stop } = startWakeablePoller({
    ...{ clock, firstMs: 1_000, retryMs: 1_000, onFault: () => {} },
    run() {
      rounds += 1;
      return new Promise((resolve) => {
        finish = () => resolve(1_000);
      });
    },
  });
  wake();
  wake();
  await clock.advance(0);
  t.equal(rounds, 1, 'now, not in a second');
  wake();
  await clock.advance(0);
  t.equal(rounds, 1, 'rounds never overlap');
  finish();
  await clock.settle();
  await clock.advance(0);
  t.equal(rounds, 2, 'what came meanwhile is not missed');
  finish();
  await clock.settle();
  await clock.advance(999);
  t.equal(rounds, 2);
  await stop();
  wake();
  await clock.advance(5_000);
  t.equal(rounds, 2, 'a stopped one sleeps');
});
