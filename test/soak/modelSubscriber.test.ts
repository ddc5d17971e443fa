/** The same proof by exhaustion for what a node owes to the others on behalf of its subscribers. */
import t from 'tap';
import { exploredSubscriber } from '../revocation/model/exploredSubscriber.ts';
import type { SubscriberMutant } from '../revocation/model/subscriber.ts';
import type { SubscriberState } from '../revocation/model/subscriberState.ts';

// Alone it takes ten seconds.
t.setTimeout(170_000);

t.test('a subscriber keeps the promise in every state that can be reached', async (t) => {
  const { states, steps, violated } = exploredSubscriber();
  t.equal(violated, undefined, `violated by ${violated?.trace.join(' → ')}`);
  t.comment(`${states} states, ${steps} steps between them`);
  t.ok(states >= 38_000, `${states} states: not fewer than there are`);
});

t.test('these can be reached: the proof is not about nothing', async (t) => {
  const reachable: readonly (readonly [string, (state: SubscriberState) => boolean])[] = [
    [
      'a subscriber that knows holds a lease after the acknowledgement',
      (state) => state.acknowledged && state.holds > 0,
    ],
    [
      'the node said so while a subscriber that does not know held a lease before',
      (state) => state.said && !state.subscriberKnows && state.stream === 'lost',
    ],
    ['a subscriber holds a lease of a node that is no more', (state) => state.over && state.holds > 0],
    [
      'a subscriber answers what is not acknowledged yet',
      (state) => state.nodeKnows && state.holds > 0 && !state.subscriberKnows,
    ],
  ];
  for (const [what, is] of reachable) {
    t.ok(exploredSubscriber(undefined, { never: (state) => !is(state) }).violated, what);
  }
});

const broken: readonly SubscriberMutant[] = [
  'a node says that it knows when its subscriber may not',
  'a node waits for nobody whose stream is lost',
  'a node that stops removes its row whatever its subscriber holds',
  'a load counts as known to those who knew everything before',
  'a grant is as long as a whole lease',
  'a grant is ahead of what its node knows',
  'a grant without a margin',
  'a subscriber counts its lease from when it arrives',
  'a subscriber acknowledges before it knows',
  'a subscriber takes a grant after it has left',
  'a revocation is sent after the lease is taken',
];

t.test('each way to build it wrong breaks it', async (t) => {
  for (const mutant of broken) {
    const { states, violated } = exploredSubscriber(mutant);
    const trace = violated?.trace.join('\n  ') ?? `nothing in ${states} states`;
    t.equal(violated?.invariant, 'I1', `${mutant}: by\n  ${trace}`);
  }
});
