/** What the settings mean for keys, for every combination of them that the configuration accepts. */
import { assert as check, property } from 'fast-check';
import t from 'tap';
import { cacheMs, type KeyPolicy, keyPolicy } from '../../src/keys/keyPolicy.ts';
import { keyLimits } from '../../src/keys/limits.ts';
import { legalPolicies, policyOf } from '../support/keySettings.ts';

const isWholeSeconds = (milliseconds: number) => milliseconds % 1_000 === 0;

/** What holds of every policy; false is a fault. */
const promises: Readonly<Record<string, (policy: KeyPolicy) => boolean>> = {
  'an interval has room for the caches and for how old a ring may be': (policy) =>
    policy.maxAgeMs + policy.staleWhileRevalidateMs + policy.ringAgeMs <= policy.rotationIntervalMs &&
    cacheMs(policy) <= policy.rotationIntervalMs,
  'and it is all of that which a key is published for': (policy) =>
    cacheMs(policy) === policy.maxAgeMs + policy.staleWhileRevalidateMs + policy.ringAgeMs,
  'nothing is nothing': ({ staleWhileRevalidateMs, ...others }) =>
    staleWhileRevalidateMs >= 0 && Object.values(others).every((milliseconds) => milliseconds > 0),
  'stale-while-revalidate is left out only where a second does not fit': (policy) =>
    policy.staleWhileRevalidateMs > 0 || policy.rotationIntervalMs < policy.maxAgeMs + 2_000,
  'headers count whole seconds': (policy) =>
    isWholeSeconds(policy.maxAgeMs) && isWholeSeconds(policy.staleWhileRevalidateMs),
  'nothing stale is used for longer than it was fresh': (policy) =>
    policy.staleWhileRevalidateMs <= Math.min(policy.maxAgeMs, keyLimits.jwksStaleSeconds * 1_000),
  'a ring is never older than the limit, nor as old as half of what an interval leaves': (policy) =>
    policy.ringAgeMs <= keyLimits.keyRingAgeMilliseconds &&
    2 * policy.ringAgeMs <= policy.rotationIntervalMs - policy.maxAgeMs,
  'three looks may fail before a ring is too old': (policy) => 4 * policy.refreshMs <= policy.ringAgeMs,
  'a node looks neither all the time nor seldom': ({ refreshMs }) =>
    refreshMs >= 100 && refreshMs <= keyLimits.keyRingRefreshMilliseconds,
  'all are whole milliseconds that a database and a timer can count': (policy) =>
    Object.values(policy).every(Number.isInteger) && cacheMs(policy) < 2 ** 31,
};

for (const [promise, holds] of Object.entries(promises)) {
  t.test(promise, (t) => {
    t.doesNotThrow(() => check(property(legalPolicies, holds), { numRuns: 1_000 }));
    t.end();
  });
}

const second = 1_000;
const minute = 60 * second;
const day = 1_440 * minute;

t.test('the defaults, and the subscribers of what is legal', (t) => {
  const table: readonly (readonly [string, KeyPolicy | undefined, readonly number[]])[] = [
    ['the defaults', policyOf(30 * day, 5 * minute, 15 * minute), [300_000, 60_000, 10_000, 1_000]],
    ['the quickest rotation', policyOf(2 * second, second, second), [1_000, 0, 500, 125]],
    ['one second more', policyOf(3 * second, second, second), [1_000, 1_000, 1_000, 250]],
    ['twice max-age exactly', policyOf(2 * minute, minute, second), [60_000, 50_000, 10_000, 1_000]],
    ['the longest', policyOf(3_650 * day, day, day), [day, 60_000, 10_000, 1_000]],
  ];
  for (const [what, policy, numbers] of table) {
    if (policy === undefined) return t.fail(`${what} is legal`);
    const { maxAgeMs, staleWhileRevalidateMs, ringAgeMs, refreshMs } = policy;
    t.strictSame([maxAgeMs, staleWhileRevalidateMs, ringAgeMs, refreshMs], numbers, what);
  }
  t.equal(policyOf(2 * minute - 1, minute, second), undefined, 'less than twice max-age is not legal');
  t.equal(policyOf(minute, 999, second), undefined, 'nor is less than a second');
  const { tokenLifetimeMs, rotationIntervalMs } = keyPolicy({
    rotationIntervalMs: 7 * day,
    jwksMaxAgeMs: second,
    accessTtlMs: 3,
  });
  t.strictSame([rotationIntervalMs, tokenLifetimeMs], [7 * day, 3]);
  t.end();
});
