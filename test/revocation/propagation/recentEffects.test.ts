/** What operators see of the last minute. */
import t from 'tap';
import { propagationLimits } from '../../../src/revocation/propagation/limits.ts';
import { createRecentEffects } from '../../../src/revocation/propagation/recentEffects.ts';
import { createManualClock } from '../../support/manualClock.ts';

const node = (id: string, outcome: string) => ({ id, outcome });

t.test('time to effect, and how many in each second', async (t) => {
  const clock = createManualClock(1_000_000);
  const { onEffect, summary } = createRecentEffects(clock);
  t.match(summary(), { revocations: 0, p50Ms: 0, p99Ms: 0, worstMs: 0, late: [] });
  for (let milliseconds = 1; milliseconds <= 100; milliseconds += 1) onEffect({ milliseconds, nodes: [] });
  await clock.advance(1_000);
  onEffect({ milliseconds: 500, nodes: [] });
  const { perSecond, ...rest } = summary();
  t.match(rest, { revocations: 101, p50Ms: 51, p99Ms: 100, worstMs: 500 });
  t.equal(perSecond.length, propagationLimits.recentEffectSeconds);
  t.strictSame(perSecond.slice(-2), [100, 1]);
  await clock.advance(propagationLimits.recentEffectSeconds * 1_000 - 1_000);
  t.match(summary(), { revocations: 1 }, 'the first second is over');
  await clock.advance(1_000);
  t.match(summary(), { revocations: 0, worstMs: 0 });
});

t.test('who had to be waited for, the latest first', async (t) => {
  const clock = createManualClock(1_000_000);
  const { onEffect, onSubscriberSettled, summary } = createRecentEffects(clock);
  onEffect({ milliseconds: 1, nodes: [node('a', 'acknowledged'), node('b', 'read')] });
  onSubscriberSettled('acknowledged', 'orders');
  t.strictSame(summary().late, []);
  onEffect({ milliseconds: 1, nodes: [node('b', 'lease_expired')] });
  await clock.advance(1_000);
  onEffect({ milliseconds: 1, nodes: [node('b', 'lease_expired')] });
  await clock.advance(1_000);
  onSubscriberSettled('lease_expired', 'orders');
  t.match(summary().late, [
    { name: 'orders', isNode: false, outcome: 'lease_expired', times: 1, at: clock.now() },
    { name: 'b', isNode: true, outcome: 'lease_expired', times: 2, at: clock.now() - 1_000 },
  ]);
});

t.test('a flood costs no more than its limit', async (t) => {
  const clock = createManualClock(1_000_000);
  const { onEffect, summary } = createRecentEffects(clock);
  for (let count = 0; count < 5_000; count += 1)
    onEffect({ milliseconds: 7, nodes: [node(`n${count}`, 'stopped')] });
  const { revocations, p50Ms, late } = summary();
  t.strictSame([revocations, p50Ms, late.length], [5_000, 7, propagationLimits.recentEffectSamples]);
});
