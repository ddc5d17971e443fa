/** Which subscribers operators see after they have gone, and for how long. */
import t from 'tap';
import type { FeedEnd } from '../../../src/revocation/subscribers/feed.ts';
import { subscriberLimits } from '../../../src/revocation/subscribers/limits.ts';
import { createMissing } from '../../../src/revocation/subscribers/missing.ts';
import { createManualClock } from '../../support/manualClock.ts';

const { subscriberMissingMilliseconds: shown, subscribersPerNode: most } = subscriberLimits;

const stateOf = (name: string, service = 'orders') => ({
  ...{ name, service, leaseRemainingMs: 700, behindMs: 3, silentMs: 40 },
});
const gone = (name: string, why: FeedEnd | undefined, service?: string) => ({
  ended: () => why,
  state: () => stateOf(name, service),
});

t.test('who is missing', async (t) => {
  for (const [why, isMissing] of [
    ['disconnected', true],
    ['silent', true],
    ['too_slow', true],
    ['left', false],
    ['started_over', false],
    ['reconnect', false],
    [undefined, false],
  ] as const) {
    const missing = createMissing(createManualClock(0));
    missing.note(gone('a', why));
    t.equal(missing.list([]).length === 1, isMissing, String(why));
  }
});

t.test('until when', async (t) => {
  const clock = createManualClock(0);
  const missing = createMissing(clock);
  missing.note(gone('a', 'silent'));
  await clock.advance(shown);
  const row = { ...stateOf('a'), isConnected: false, leaseRemainingMs: 0, silentMs: 40 + shown };
  t.strictSame(missing.list([]), [row], 'it is silent for longer and longer');
  await clock.advance(1);
  t.strictSame(missing.list([]), [], 'not for ever');

  missing.note(gone('a', 'silent'));
  await clock.advance(shown);
  missing.note(gone('a', 'silent'));
  await clock.advance(shown);
  t.equal(missing.list([]).length, 1, 'counted from the last time');
});

t.test('who is back, by service and name', async (t) => {
  const missing = createMissing(createManualClock(0));
  for (const service of ['orders', 'billing']) missing.note(gone('a', 'silent', service));
  const names = (known: readonly ReturnType<typeof stateOf>[]) =>
    missing.list(known.map((each) => ({ ...each, isConnected: true }))).map(({ service }) => service);
  t.strictSame(names([stateOf('b')]), ['orders', 'billing'], 'another one is');
  t.strictSame(names([stateOf('a')]), ['billing']);
  t.strictSame(names([]), ['billing'], 'it is not missing a second time for the same end');
});

t.test('no more than a node has subscribers: the latest', async (t) => {
  const missing = createMissing(createManualClock(0));
  for (let count = 0; count <= most; count += 1) missing.note(gone(`${count}`, 'silent'));
  missing.note(gone('1', 'silent'));
  const names = missing.list([]).map(({ name }) => name);
  t.equal(names.length, most);
  t.strictSame([names[0], names.at(-1)], ['2', '1']);
});
