/** A shared copy in memory: what it is asked is noted, and it can be flushed, filled by others, or broken. */

import { subjectKey } from '@countersign/verifier/revocation/confirmation';
import type { Position } from '@countersign/verifier/revocation/position';
import type { Projection } from '@countersign/verifier/revocation/projection';
import type { Revocation } from '@countersign/verifier/revocation/revocation';
import { propagationLimits } from '../../src/revocation/propagation/limits.ts';

export interface CopyInMemory extends Projection {
  readonly steps: string[];
  /** Up to where it is whole; undefined while it is not. */
  position: Position | undefined;
  /** While there is one, everything fails with it. */
  fault: Error | undefined;
  /** Called before each step, with its words. */
  before: (step: string) => unknown;
  has(revocation: Revocation): boolean;
  /** It loses everything. */
  /** How old it says it is, while it has a position. */
  ageMs: number;
  flush(): void;
}

export function createCopyInMemory(): CopyInMemory {
  const subjects = new Set<string>();
  let stamp = 1;

  const step = async (words: string) => {
    copy.steps.push(words);
    await copy.before(words);
    if (copy.fault !== undefined) throw copy.fault;
  };
  const put = (revocations: readonly Revocation[]) => {
    for (const { subject } of revocations) subjects.add(subjectKey(subject));
  };
  const positionOf = (history: string) => (copy.position?.history === history ? copy.position : undefined);

  const copy: CopyInMemory = {
    steps: [],
    position: undefined,
    fault: undefined,
    ageMs: propagationLimits.reconcileMilliseconds,
    before: () => {},
    has: ({ subject }) => subjects.has(subjectKey(subject)),
    flush() {
      subjects.clear();
      copy.position = undefined;
      stamp += 1;
    },

    async add(revocations) {
      await step(`add ${revocations.length}`);
      put(revocations);
    },
    async contains(candidates) {
      await step(`contains ${candidates.length}`);
      return candidates.map(({ subject }) => subjects.has(subjectKey(subject)));
    },
    age: async () => (copy.position === undefined ? undefined : copy.ageMs),
    async stamped(history) {
      await step('stamped');
      const position = positionOf(history);
      return position && { stamp: String(stamp), position };
    },
    async advance(from, revocations, to) {
      await step(`advance ${revocations.length}${to === undefined ? '' : ` to ${to.snapshot}`}`);
      if (from !== String(stamp)) return undefined;
      put(revocations);
      copy.position = to ?? copy.position;
      stamp += 1;
      return String(stamp);
    },
    async beginRebuild() {
      await step('beginRebuild');
      copy.position = undefined;
      stamp += 1;
      return String(stamp);
    },
  };
  return copy;
}
