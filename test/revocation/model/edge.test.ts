/** The same proof by exhaustion for what a node owes to the others on behalf of its edges. */
import t from 'tap';
import { type EdgeMutant, edgeActions } from './edge.ts';
import { type EdgeState, edgeInvariants, initialEdgeState, keyOfEdgeState } from './edgeState.ts';
import { explore } from './explore.ts';

// Alone it takes ten seconds.
t.setTimeout(170_000);

function explored(
  mutant?: EdgeMutant,
  invariants: Readonly<Record<string, (state: EdgeState) => boolean>> = edgeInvariants,
) {
  // What breaks no promise is worth a look, where it is looked for.
  const keyOf = invariants === edgeInvariants ? keyOfEdgeState : (state: EdgeState) => JSON.stringify(state);
  return explore({ initial: initialEdgeState, actions: edgeActions(mutant), invariants, keyOf });
}

t.test('an edge keeps the promise in every state that can be reached', async (t) => {
  const { states, steps, violated } = explored();
  t.equal(violated, undefined, `violated by ${violated?.trace.join(' → ')}`);
  t.comment(`${states} states, ${steps} steps between them`);
  t.ok(states >= 38_000, `${states} states: not fewer than there are`);
});

t.test('these can be reached: the proof is not about nothing', async (t) => {
  const reachable: readonly (readonly [string, (state: EdgeState) => boolean])[] = [
    [
      'an edge that knows holds a lease after the acknowledgement',
      (state) => state.acknowledged && state.holds > 0,
    ],
    [
      'the node said so while an edge that does not know held a lease before',
      (state) => state.said && !state.edgeKnows && state.stream === 'lost',
    ],
    ['an edge holds a lease of a node that is no more', (state) => state.over && state.holds > 0],
    [
      'an edge answers what is not acknowledged yet',
      (state) => state.nodeKnows && state.holds > 0 && !state.edgeKnows,
    ],
  ];
  for (const [what, is] of reachable) {
    t.ok(explored(undefined, { never: (state) => !is(state) }).violated, what);
  }
});

const broken: readonly EdgeMutant[] = [
  'a node says that it knows when its edge may not',
  'a node waits for nobody whose stream is lost',
  'a node that stops removes its row whatever its edge holds',
  'a load counts as known to those who knew everything before',
  'a grant is as long as a whole lease',
  'a grant is ahead of what its node knows',
  'a grant without a margin',
  'an edge counts its lease from when it arrives',
  'an edge acknowledges before it knows',
  'an edge takes a grant after it has left',
  'a revocation is sent after the lease is taken',
];

t.test('each way to build it wrong breaks it', async (t) => {
  for (const mutant of broken) {
    const { states, violated } = explored(mutant);
    const trace = violated?.trace.join('\n  ') ?? `nothing in ${states} states`;
    t.equal(violated?.invariant, 'I1', `${mutant}: by\n  ${trace}`);
  }
});
