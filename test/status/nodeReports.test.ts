/** What a node says of itself, as another one shows it. */
import t from 'tap';
import type { SubscriberState } from '../../src/revocation/subscribers/subscriber.ts';
import { statusLimits } from '../../src/status/limits.ts';
import {
  createOtherReports,
  latestFirst,
  type OwnReport,
  readReport,
  writeReport,
} from '../../src/status/nodeReports.ts';
import { createManualClock } from '../support/manualClock.ts';

const subscriber: SubscriberState = {
  ...{ service: 'orders', name: 'one', isConnected: true },
  ...{ leaseRemainingMs: 3_000, behindMs: 0, silentMs: 100 },
};
const report: OwnReport = {
  parts: [{ name: 'redis', state: 'ready' }],
  subscribers: [subscriber],
  subscriberCount: 1,
  canary: { ageMs: 1_000, milliseconds: 4 },
};

t.test('those that are late come first', (t) => {
  const named = (name: string, more: object) => ({ ...subscriber, name, ...more });
  const sorted = latestFirst([
    named('well', {}),
    named('late', { behindMs: 500 }),
    named('gone', { isConnected: false }),
    named('later', { behindMs: 900 }),
  ]);
  t.strictSame(
    sorted.map(({ name }) => name),
    ['later', 'late', 'gone', 'well'],
  );
  t.end();
});

t.test('read some time later', (t) => {
  const read = (given: object, ageMs: number) =>
    readReport({ report: writeReport({ ...report, ...given }), ageMs });
  const after = (given: object, ageMs: number) =>
    read({ subscribers: [{ ...subscriber, ...given }] }, ageMs)?.subscribers[0];
  for (const [what, given, ageMs, expected] of [
    ['at once, as it was written', {}, 0, subscriber],
    ['a lease runs on', {}, 1_000, { leaseRemainingMs: 2_000, silentMs: 1_100 }],
    ['and ends', {}, 10_000, { leaseRemainingMs: 0 }],
    ['one that was not behind is not', {}, 1_000, { behindMs: 0 }],
    ['one that was is so for longer', { behindMs: 200 }, 1_000, { behindMs: 1_200 }],
  ] as const)
    t.match(after(given, ageMs), expected, what);
  t.strictSame(read({}, 500)?.canary, { ageMs: 1_500, milliseconds: 4 });
  t.equal(read({ canary: undefined }, 500)?.canary, undefined);
  const many = Array.from({ length: statusLimits.reportedSubscribers + 1 }, () => subscriber);
  const cut = read({ subscribers: many, subscriberCount: many.length }, 0);
  t.match(cut, { subscriberCount: many.length, subscribers: { length: statusLimits.reportedSubscribers } });
  t.end();
});

t.test('of another version', (t) => {
  for (const text of ['{}', '{"parts":[]}', '{"parts":[],"subscribers":{},"subscriberCount":0}', '[]'])
    t.equal(readReport({ report: text, ageMs: 0 }), undefined, text);
  t.end();
});

t.test('all nodes: older reports while the database does not answer', async (t) => {
  const clock = createManualClock(0);
  const row = { id: 'two', report: writeReport(report), ageMs: 200 };
  let answers: 'yes' | 'no' = 'yes';
  const read = async () => {
    if (answers === 'no') throw new Error('no database');
    return [row, { ...row, id: 'old', report: '{}' }];
  };
  const others = createOtherReports(clock, read);
  t.strictSame([...(await others()).keys()], ['two'], 'none of another version');
  t.equal((await others()).get('two')?.ageMs, 200);
  answers = 'no';
  await clock.advance(1_000);
  t.match((await others()).get('two'), { ageMs: 1_200, canary: { ageMs: 2_200 } });
  t.equal((await createOtherReports(clock, undefined)()).size, 0, 'a node alone has no others');
});
