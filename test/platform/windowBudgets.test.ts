/** Budgets of an hour or a day: what was counted for a request that failed is given back. */
import t from 'tap';
import { createKeyedHash } from '../../src/platform/keyedHash.ts';
import { createRateLimits } from '../../src/platform/rateLimits.ts';
import { createSpendWindows } from '../../src/platform/windowBudgets.ts';
import { createLocalRateCounters } from '../../src/storage/embedded/rateCounters.ts';

const hour = 60 * 60_000;

t.test('a request that failed takes nothing, and gives nothing of others', async (t) => {
  let now = 0;
  const clock = { monotonic: () => now };
  const keyedHash = createKeyedHash(Buffer.alloc(32), 'test');
  const parts = {
    ...{ counters: createLocalRateCounters({ clock }), clock, keyedHash, scale: 1 },
    ...{ counted: new WeakMap(), budgets: {} },
  };
  const spend = createSpendWindows(parts, 'mail');
  const { giveBack, spentBy } = createRateLimits(parts);
  const windows = (network: number) => [
    { name: ['network'], budget: network, windowMilliseconds: hour },
    { name: ['address'], budget: 2, windowMilliseconds: hour },
  ];
  const [failed, kept, third, late] = [{}, {}, {}, {}];
  t.equal(await spend(windows(2), failed), true);
  giveBack(failed);
  t.strictSame(spentBy(failed), [], 'callers are not told of these');
  t.equal(await spend(windows(2), kept), true);
  t.equal(await spend(windows(2), third), true, 'the failed one was given back');
  t.equal(await spend(windows(2), late), false);
  giveBack(late);
  t.equal(await spend(windows(2), {}), false, 'a refused one gives back only what it took');
  now += hour;
  giveBack(kept);
  for (const caller of [{}, {}]) t.equal(await spend(windows(2), caller), true);
  t.equal(await spend(windows(2), {}), false, 'nothing is given back to the next window');
});
