/** The judge of the fault tests finds what it is there to find, and nothing else. */
import t from 'tap';
import { type Answer, type Checker, createChecker } from './checker.ts';

const [session, other] = ['session', 'other'];
const sent = (checker: Checker) => checker.logoutSent(session);
const acknowledged = (at: number) => (checker: Checker) => checker.logoutAcknowledged(session, at);
const check =
  (startedAt: number, answer: Answer, sessionId = session) =>
  (checker: Checker) =>
    checker.answered({ sessionId, door: 'node-1 IsRevoked', startedAt, answer });

type Event = (checker: Checker) => void;
type Verdict = 'right' | 'not in effect' | 'wrongly revoked';

const runs: readonly [what: string, events: readonly Event[], verdict: Verdict][] = [
  ['a live session is not revoked', [check(1, 'not revoked')], 'right'],
  ['a live session is revoked', [check(1, 'revoked')], 'wrongly revoked'],
  ['another one was logged out', [sent, acknowledged(2), check(3, 'revoked', other)], 'wrongly revoked'],
  ['revoked after the acknowledgement', [sent, acknowledged(2), check(3, 'revoked')], 'right'],
  [
    'not revoked after the acknowledgement',
    [sent, acknowledged(2), check(3, 'not revoked')],
    'not in effect',
  ],
  ['asked before the acknowledgement', [sent, acknowledged(2), check(1, 'not revoked')], 'right'],
  ['asked with the acknowledgement', [sent, acknowledged(2), check(2, 'not revoked')], 'right'],
  ['asked while the logout is under way', [sent, check(1, 'revoked'), acknowledged(2)], 'right'],
  ['a refused logout was not done', [sent, check(3, 'not revoked')], 'right'],
  ['a refused logout was done', [sent, check(3, 'revoked')], 'right'],
  [
    'a second logout of it does not take the first one back',
    [sent, acknowledged(2), sent, acknowledged(9), check(5, 'not revoked')],
    'not in effect',
  ],
  ['no answer after the acknowledgement', [sent, acknowledged(2), check(3, 'unavailable')], 'right'],
  ['no answer about a live session', [check(3, 'unavailable')], 'right'],
];

t.test('what it says of a run', async (t) => {
  for (const [what, events, verdict] of runs) {
    const checker = createChecker();
    for (const event of events) event(checker);
    const { notInEffect, wronglyRevoked } = checker;
    t.equal(notInEffect.length, verdict === 'not in effect' ? 1 : 0, `${what}: not in effect`);
    t.equal(wronglyRevoked.length, verdict === 'wrongly revoked' ? 1 : 0, `${what}: wrongly revoked`);
  }
});

t.test('what it counts', async (t) => {
  const checker = createChecker();
  const events = [sent, acknowledged(2), check(3, 'unavailable'), check(4, 'revoked'), check(5, 'revoked')];
  for (const event of events) event(checker);
  t.strictSame(checker.counts, { checks: 3, unavailable: 1 });
});
