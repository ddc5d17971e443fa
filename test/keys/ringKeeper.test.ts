/** When a node looks at the ring: regularly, when something is due, when it is asked to, and never more than it should. */

import type { Moment } from '@countersign/verifier/clock';
import { StartupError } from '@countersign/verifier/errors';
import { verifierLimits } from '@countersign/verifier/limits';
import t, { type Test } from 'tap';
import { keyLimits } from '../../src/keys/limits.ts';
import { createRingKeeper, type Keep } from '../../src/keys/ringKeeper.ts';
import { platformLimits } from '../../src/platform/limits.ts';
import { createManualClock } from '../support/manualClock.ts';

const refreshMs = 1_000;
const never = Number.POSITIVE_INFINITY;
const outOfDate = { code: 'unavailable', reason: 'key_ring_out_of_date' };
const fault = new Error('on purpose');
const silent: Keep = () => new Promise(() => {});
const answers =
  (dueInMs = never): Keep =>
  async () => ({ keys: [], dueInMs });

/** A keeper of a store that the test answers for; it is stopped with the test. */
function setUp(t: Test, keep: Keep = answers()) {
  const clock = createManualClock(0);
  const store = { keep };
  const [looks, adopted, faults]: [number[], number[], unknown[]] = [[], [], []];
  const keyRing = {
    isUpToDate: true,
    upToDate: () => keyRing.isUpToDate,
    adopt: (_keys: unknown, askedAt: Moment) => void adopted.push(askedAt.monotonic),
  };
  const keeper = createRingKeeper({
    keep: () => {
      looks.push(clock.monotonic());
      return store.keep();
    },
    keyRing,
    policy: { refreshMs },
    clock,
    onFault: (error) => faults.push(error),
  });
  t.teardown(() => {
    store.keep = answers();
    const stopping = keeper.stop();
    return clock.advance(platformLimits.queryMilliseconds).then(() => stopping);
  });
  return { clock, store, keeper, keyRing, looks, adopted, faults };
}

t.test('it looks regularly', async (t) => {
  const { clock, keeper, looks, adopted } = setUp(t);
  await keeper.start();
  t.strictSame(looks, [0]);
  await clock.advance(refreshMs - 1);
  t.strictSame(looks, [0], 'not earlier');
  await clock.advance(2 * refreshMs + 1);
  t.strictSame(looks, [0, 1_000, 2_000, 3_000]);
  t.strictSame(adopted, looks, 'as the store was when it was asked');
});

t.test('it looks exactly when something is due', async (t) => {
  const table: readonly (readonly [string, number, readonly number[]])[] = [
    ['soon', 300, [0, 300, 600, 900]],
    ['at the next look', refreshMs, [0, 1_000]],
    ['later than that', refreshMs + 1, [0, 1_000]],
    ['never', never, [0, 1_000]],
  ];
  for (const [when, dueInMs, at] of table) {
    const { clock, keeper, looks } = setUp(t, answers(dueInMs));
    await keeper.start();
    await clock.advance(refreshMs);
    t.strictSame(looks, at, when);
  }
  const { clock, store, keeper, looks } = setUp(t, answers(-5));
  await keeper.start();
  store.keep = answers();
  await clock.advance(0);
  t.strictSame(looks, [0, 0], 'overdue: at once');
});

t.test('a look at something that takes long counts from when the store was asked', async (t) => {
  const { clock, store, keeper, adopted, looks } = setUp(t);
  let answer = () => {};
  store.keep = () =>
    new Promise((resolve) => {
      answer = () => resolve({ keys: [], dueInMs: never });
    });
  const started = keeper.start();
  await clock.advance(400);
  answer();
  await started;
  t.strictSame(adopted, [0]);
  store.keep = answers();
  await clock.advance(refreshMs);
  t.strictSame(looks, [0, 1_400], 'and the next one from when it was answered');
});

t.test('a look that fails is told, and tried again', async (t) => {
  const { clock, store, keeper, keyRing, looks, faults, adopted } = setUp(t);
  await keeper.start();
  store.keep = () => Promise.reject(fault);
  await clock.advance(2 * refreshMs);
  t.strictSame(faults, [fault, fault]);
  t.strictSame(adopted, [0], 'the ring stays what it was');
  await t.rejects(keeper.reload(), fault, 'who waits for it is told');
  store.keep = answers();
  const adopt = keyRing.adopt;
  const unopened = new StartupError('not opened');
  keyRing.adopt = () => {
    throw unopened;
  };
  await clock.advance(refreshMs);
  t.equal(faults.at(-1), unopened, 'a ring that does not open is a fault too');
  keyRing.adopt = adopt;
  await clock.advance(refreshMs);
  t.strictSame(looks, [0, 1_000, 2_000, 2_000, 3_000, 4_000]);
  t.strictSame(adopted, [0, 4_000]);
});

t.test('a start that fails is over: nothing looks any more', async (t) => {
  const { clock, keeper, looks, faults } = setUp(t, () => Promise.reject(fault));
  await t.rejects(keeper.start(), fault);
  t.equal(clock.timers(), 0);
  await clock.advance(10 * refreshMs);
  t.strictSame([looks, faults], [[0], []]);
});

t.test('a store that never answers is asked again all the same', async (t) => {
  const { clock, store, keeper, looks, faults, adopted } = setUp(t);
  await keeper.start();
  store.keep = silent;
  await clock.advance(refreshMs + platformLimits.queryMilliseconds);
  t.match(faults, [outOfDate]);
  store.keep = answers();
  await clock.advance(refreshMs);
  t.strictSame(looks, [0, 1_000, 7_000]);
  t.strictSame(adopted, [0, 7_000]);
});

t.test('an answer that comes after it was given up is not taken', async (t) => {
  const { clock, store, keeper, adopted, looks } = setUp(t);
  let answer = () => {};
  store.keep = () =>
    new Promise((resolve) => {
      answer = () => resolve({ keys: [], dueInMs: 1 });
    });
  const started = t.rejects(keeper.reload(), outOfDate);
  await clock.advance(platformLimits.queryMilliseconds);
  await started;
  answer();
  await clock.advance(refreshMs - 1);
  t.strictSame([looks, adopted], [[0], []]);
});

t.test('fresh: a ring that is young enough is not looked at again', async (t) => {
  const { clock, store, keeper, keyRing, looks } = setUp(t);
  await keeper.start();
  await Promise.all(Array.from({ length: 1_000 }, () => keeper.fresh()));
  t.strictSame(looks, [0]);
  keyRing.isUpToDate = false;
  await Promise.all(Array.from({ length: 1_000 }, () => keeper.fresh()));
  t.strictSame(looks, [0, 0, 0], 'one that is not, once for who comes first and once for all others');

  store.keep = () => Promise.reject(fault);
  await t.rejects(keeper.fresh(), { ...outOfDate, retryAfterSeconds: 1 });
  store.keep = silent;
  const waiting = t.rejects(keeper.fresh(), outOfDate, 'it waits no longer than it should');
  await clock.advance(keyLimits.keyRingReloadMilliseconds);
  await waiting;
});

t.test('lookAgain: a thousand unknown names within a second are one look', async (t) => {
  const { clock, keeper, looks } = setUp(t);
  await keeper.start();
  const ask = async () => {
    await clock.settle();
    looks.length = 0;
    const found: boolean[] = [];
    for (let asked = 0; asked < 1_000; asked += 1) found.push(await keeper.lookAgain());
    return found;
  };
  const found = await ask();
  t.equal(looks.length, 1);
  t.strictSame([found[0], new Set(found.slice(1))], [true, new Set([false])]);
  await clock.advance(verifierLimits.unknownKeyMilliseconds - 1);
  t.strictSame(new Set(await ask()), new Set([false]), 'nor within the rest of the second');
  t.equal(looks.length, 0);
  await clock.advance(1);
  t.equal((await ask())[0], true, 'then again');
  t.equal(looks.length, 1);
});

t.test('lookAgain: a burst that arrives during a look shares its result', async (t) => {
  const { clock, store, keeper, looks } = setUp(t);
  await keeper.start();
  let answer = () => {};
  store.keep = () =>
    new Promise((resolve) => {
      answer = () => resolve({ keys: [], dueInMs: never });
    });
  const burst = Array.from({ length: 1_000 }, () => keeper.lookAgain());
  await clock.advance(10);
  burst.push(keeper.lookAgain());
  answer();
  t.strictSame(new Set(await Promise.all(burst)), new Set([true]));
  t.equal(looks.length, 2);
});

t.test('lookAgain: a look that is under way may be too old to share; it looks after it', async (t) => {
  const { clock, store, keeper, looks } = setUp(t);
  await keeper.start();
  const pending: (() => void)[] = [];
  store.keep = () => new Promise((resolve) => pending.push(() => resolve({ keys: [], dueInMs: never })));
  await clock.advance(refreshMs);
  const again = keeper.lookAgain();
  await clock.advance(5);
  pending[0]?.();
  await clock.advance(5);
  pending[1]?.();
  t.equal(await again, true);
  t.strictSame(looks, [0, 1_000, 1_005]);
});

t.test('lookAgain: when the store does not answer, nobody is told that a key is unknown', async (t) => {
  const { clock, store, keeper, looks } = setUp(t);
  await keeper.start();
  store.keep = () => Promise.reject(fault);
  await t.rejects(keeper.lookAgain(), { ...outOfDate, retryAfterSeconds: 1 });
  await t.rejects(keeper.lookAgain(), outOfDate, 'also the next one within the second');
  t.equal(looks.length, 2, 'without another look');
  store.keep = answers();
  await keeper.reload();
  t.equal(await keeper.lookAgain(), false, 'until somebody has looked');

  await clock.advance(verifierLimits.unknownKeyMilliseconds);
  store.keep = silent;
  const burst = [1, 2, 3].map(() => t.rejects(keeper.lookAgain(), outOfDate));
  await clock.advance(keyLimits.keyRingReloadMilliseconds);
  await Promise.all(burst);
});

t.test('stop: nothing is left, whatever it was doing', async (t) => {
  const idle = setUp(t);
  await idle.keeper.start();
  t.equal(idle.clock.timers(), 1);
  await idle.keeper.stop();
  t.equal(idle.clock.timers(), 0, 'idle');
  await idle.keeper.reload();
  await idle.clock.advance(10 * refreshMs);
  t.strictSame([idle.looks, idle.clock.timers()], [[0], 0], 'it looks no more');

  const busy = setUp(t);
  await busy.keeper.start();
  let answer = () => {};
  busy.store.keep = () =>
    new Promise((resolve) => {
      answer = () => resolve({ keys: [], dueInMs: never });
    });
  await busy.clock.advance(refreshMs);
  let stopped = false;
  const stopping = busy.keeper.stop().then(() => {
    stopped = true;
  });
  await busy.clock.settle();
  t.equal(stopped, false, 'what is under way is finished');
  answer();
  await stopping;
  t.equal(busy.clock.timers(), 0, 'in the middle of a look');

  const stuck = setUp(t);
  await stuck.keeper.start();
  stuck.store.keep = silent;
  await stuck.clock.advance(refreshMs);
  const waiting = stuck.keeper.stop();
  await stuck.clock.advance(platformLimits.queryMilliseconds);
  await waiting;
  t.equal(stuck.clock.timers(), 0, 'when the store never answers');
});
