/** Explores the protocol, or a mutant of it, until nothing is left or a promise is broken. */
import { explore } from './explore.ts';
import type { Protocol } from './mutants.ts';
import { actionsOf, invariants } from './protocol.ts';
import { canonicalKey, forgetful, initialState } from './state.ts';

export const oneRevocation: Protocol = {
  revocations: 1,
  faults: ['a crash', 'a late upsert', 'a missed tick'],
};
export const twoRevocations: Protocol = { revocations: 2, faults: ['a missed tick'] };

export function explored(protocol: Protocol) {
  return explore({
    initial: initialState(protocol.revocations),
    actions: actionsOf(protocol),
    invariants,
    // A mutant may remember what the protocol forgets.
    keyOf: (state) => canonicalKey(protocol.mutant === undefined ? forgetful(state) : state),
  });
}
