/**
 * Proofs that this guard accepted: each is good once. In the memory of the process, so another process may accept it once, too.
 * Ids are kept in groups by when they expire, and a group is dropped as a whole.
 */
import { createHash } from 'node:crypto';
import type { Proof } from '@countersign/verifier/tokens/dpopProof';
import { guardLimits } from './limits.ts';

export interface UsedProofs {
  /** `full`: no more can be remembered, so the proof must not be accepted. */
  use(proof: Pick<Proof, 'jkt' | 'jti' | 'acceptedUntil'>, now: number): 'first' | 'again' | 'full';
  size(): number;
}

export function createUsedProofs(maximum: number = guardLimits.usedProofs): UsedProofs {
  const groups = new Map<number, Set<string>>();
  const size = () => [...groups.values()].reduce((sum, { size }) => sum + size, 0);
  const groupOf = (time: number) => Math.floor(time / guardLimits.usedProofsGroupMilliseconds);
  const forget = (now: number) => {
    for (const group of groups.keys()) if (group < groupOf(now)) groups.delete(group);
  };
  return {
    use({ jkt, jti, acceptedUntil }, now) {
      forget(now);
      const group = groupOf(acceptedUntil);
      // A key cannot use up the ids of another.
      // Hashed: a jti may be long.
      const id = createHash('sha256').update(`${jkt}${jti}`).digest('base64url');
      const used = groups.get(group) ?? new Set();
      if (used.has(id)) return 'again';
      if (size() >= maximum) return 'full';
      groups.set(group, used.add(id));
      return 'first';
    },
    size,
  };
}
