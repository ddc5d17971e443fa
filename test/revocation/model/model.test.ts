/** The proof by exhaustion, of its smallest part, and that it sees what is wrong. All of it is in test/soak. */
import t from 'tap';
import { explored, oneRevocation } from './explored.ts';
import { exploredSubscriber } from './exploredSubscriber.ts';

t.setTimeout(120_000);

t.test('a subscriber keeps the promise in every state that can be reached', async (t) => {
  const { states, violated } = exploredSubscriber();
  t.equal(violated, undefined, `violated by ${violated?.trace.join(' → ')}`);
  t.ok(states >= 38_000, `${states} states: not fewer than there are`);
});

t.test('what is built wrong breaks a promise', async (t) => {
  const alone = explored({ ...oneRevocation, mutant: 'a writer acknowledges without waiting' });
  t.equal(alone.violated?.invariant, 'I1');
  t.equal(exploredSubscriber('a grant without a margin').violated?.invariant, 'I1');
});
