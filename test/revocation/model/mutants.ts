/** What a step of the model is, and the ways to build the protocol wrong: each is a switch in the step it changes. */
import type { State } from './state.ts';

/** Ways to build it wrong. */
export type Mutant =
  | 'a node reads before it writes its row'
  | 'a lease counts from the end of the renewal'
  | 'the rows are read before the commit'
  | 'a row is dead by when another renewal of it was seen'
  | 'a look is dated before its answer: from when it was asked'
  | 'nobody waits a margin longer'
  | 'a writer acknowledges without waiting'
  | 'a node acknowledges before it knows'
  | 'a node reports what it has yet to read'
  | 'a reader goes on from the highest sequence number'
  | 'a row is deleted whatever its renewal'
  | 'a restarted node is the same node and counts anew'
  | 'an upsert that may have been executed is sent again'
  | 'a writer waits anew for each renewal'
  | 'a revocation is announced before the commit';

/** What may go wrong beside pauses, lost and late messages, which are always there. */
export type Fault = 'a crash' | 'a late upsert' | 'a missed tick';

/** Without a mutant it is the protocol as we build it. */
export interface Protocol {
  readonly revocations: 1 | 2;
  readonly faults: readonly Fault[];
  readonly mutant?: Mutant;
}

export interface Action<World = State> {
  readonly name: string;
  /** Undefined when it cannot be taken here. */
  step(state: World): World | undefined;
}
