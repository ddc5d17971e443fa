/** The proof by exhaustion that the order of the steps is right, and that each of them is needed. */
import t from 'tap';
import { explored, oneRevocation, twoRevocations } from '../revocation/model/explored.ts';
import type { Mutant, Protocol } from '../revocation/model/mutants.ts';
import type { Invariant } from '../revocation/model/protocol.ts';

const protocols: readonly [name: string, protocol: Protocol, states: number, steps: number][] = [
  ['one revocation, everything may happen', oneRevocation, 200_000, 1_300_000],
  ['two revocations that may commit in either order', twoRevocations, 75_000, 460_000],
];

t.test('the protocol keeps every promise in every state that can be reached', async (t) => {
  for (const [name, protocol, states, steps] of protocols) {
    const started = performance.now();
    const found = explored(protocol);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    t.equal(found.violated, undefined, `violated by ${found.violated?.trace.join(' → ')}`);
    t.comment(`${name}: ${found.states} states, ${found.steps} steps between them, ${seconds} s`);
    t.ok(
      found.states >= states && found.steps >= steps,
      `${found.states} states and ${found.steps} steps: not fewer than there are`,
    );
  }
});

const broken: readonly [mutant: Mutant, protocol: Protocol, invariant: Invariant][] = [
  ['a node reads before it writes its row', oneRevocation, 'I1'],
  ['a lease counts from the end of the renewal', oneRevocation, 'I1'],
  ['the rows are read before the commit', oneRevocation, 'I1'],
  ['a row is dead by when another renewal of it was seen', oneRevocation, 'I1'],
  ['a look is dated before its answer: from when it was asked', oneRevocation, 'I1'],
  ['nobody waits a margin longer', oneRevocation, 'I1'],
  ['a writer acknowledges without waiting', oneRevocation, 'I1'],
  ['a node acknowledges before it knows', oneRevocation, 'I1'],
  ['a node reports what it has yet to read', oneRevocation, 'I1'],
  ['a reader goes on from the highest sequence number', twoRevocations, 'I1'],
  ['a row is deleted whatever its renewal', oneRevocation, 'I1'],
  ['a restarted node is the same node and counts anew', oneRevocation, 'I1'],
  ['an upsert that may have been executed is sent again', oneRevocation, 'I1'],
  ['a writer waits anew for each renewal', oneRevocation, 'I3'],
  ['a revocation is announced before the commit', oneRevocation, 'I4'],
];

t.test('each way to build it wrong breaks a promise', async (t) => {
  for (const [mutant, protocol, invariant] of broken) {
    const { states, violated } = explored({ ...protocol, mutant });
    const trace = violated?.trace.join('\n  ') ?? `nothing in ${states} states`;
    t.equal(violated?.invariant, invariant, `${mutant}: violates ${invariant}, by\n  ${trace}`);
  }
});
