/** Visits every state that can be reached, the nearest first, so that the trace to a violation is a shortest one. */
import type { Action } from './mutants.ts';

export interface Exploration {
  readonly states: number;
  /** Steps taken from one state to another, or back to itself: the subscribers of all interleavings together. */
  readonly steps: number;
  /** The first invariant that did not hold, and the steps that led there. */
  readonly violated?: { readonly invariant: string; readonly trace: readonly string[] };
}

interface World<State> {
  readonly initial: State;
  readonly actions: readonly Action<State>[];
  readonly invariants: Readonly<Record<string, (state: State) => boolean>>;
  keyOf(state: State): string;
}

/** How a state was reached first. */
interface Reached {
  readonly from: Reached | undefined;
  readonly by: string;
}

export function explore<State>({ initial, actions, invariants, keyOf }: World<State>): Exploration {
  const brokenBy = (state: State) => Object.keys(invariants).find((name) => !invariants[name]?.(state));
  const seen = new Set([keyOf(initial)]);
  const queue = [{ state: initial, reached: { from: undefined, by: '' } as Reached }];
  let steps = 0;
  // Grows while it is walked through: whatever was reached first is looked at first.
  for (const { state, reached } of queue) {
    for (const { by, after } of stepsFrom(state, actions)) {
      steps += 1;
      const key = keyOf(after);
      if (seen.has(key)) continue;
      seen.add(key);
      const here = { from: reached, by };
      const invariant = brokenBy(after);
      if (invariant !== undefined)
        return { states: seen.size, steps, violated: { invariant, trace: traceOf(here) } };
      queue.push({ state: after, reached: here });
    }
  }
  return { states: seen.size, steps };
}

function stepsFrom<State>(state: State, actions: readonly Action<State>[]) {
  return actions.flatMap(({ name, step }) => {
    const after = step(state);
    return after === undefined ? [] : [{ by: name, after }];
  });
}

function traceOf(reached: Reached): readonly string[] {
  return reached.from === undefined ? [] : [...traceOf(reached.from), reached.by];
}
