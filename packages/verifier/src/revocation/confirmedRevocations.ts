/** Certain revocations: confirmed by an earlier check, or added as committed. Asks about the others. */
import { LRUCache } from 'lru-cache';
import { verifierLimits } from '../limits.ts';
import { type Confirm, type Confirmation, type Confirmed, subjectKey } from './confirmation.ts';
import { type Marks, markReason } from './issuedBefore.ts';
import type { SubjectFilters } from './subjectFilters.ts';

export interface ConfirmedRevocations {
  remember(revocations: readonly Confirmed[]): void;
  /** Why one of these subjects, or every token of this issue time, is revoked; undefined when not known to be. */
  reasonFor(subjects: readonly Uint8Array[], issuedAt: number): string | undefined;
  /**
   * Asks the shared copy and the database, and caches a "yes". Complete `filters` tell which subjects need no question and where
   * in the copy to look.
   */
  ask(
    subjects: readonly Uint8Array[],
    issuedAt: number,
    filters: SubjectFilters | undefined,
  ): Promise<Confirmation>;
}

export function createConfirmedRevocations(parts: {
  readonly confirm: Confirm;
  readonly marks: Pick<Marks, 'covers' | 'questions' | 'confirm'>;
}): ConfirmedRevocations {
  const { confirm, marks } = parts;
  const confirmed = new LRUCache<string, Confirmed>({ max: verifierLimits.confirmedRevocations });

  return {
    remember(revocations) {
      // The newest are asked for most. More than fit would only evict each other.
      for (const revocation of revocations.slice(-verifierLimits.confirmedRevocations)) {
        confirmed.set(subjectKey(revocation.subject), revocation);
      }
    },

    reasonFor(subjects, issuedAt) {
      for (const subject of subjects) {
        const revocation = confirmed.get(subjectKey(subject));
        if (revocation !== undefined) return revocation.reason;
      }
      return marks.covers(issuedAt) ? markReason : undefined;
    },

    async ask(subjects, issuedAt, filters) {
      const confirmation = await confirm([
        ...candidatesOf(subjects, filters),
        ...marks.questions(issuedAt, filters !== undefined).map(withoutSlices),
      ]);
      const { revocation } = confirmation;
      if (revocation !== undefined && !marks.confirm(revocation.subject))
        confirmed.set(subjectKey(revocation.subject), revocation);
      return confirmation;
    },
  };
}

function candidatesOf(subjects: readonly Uint8Array[], filters: SubjectFilters | undefined) {
  if (filters === undefined) return subjects.map(withoutSlices);
  return subjects.map(filters.candidate).filter(({ slices }) => slices.length > 0);
}

function withoutSlices(subject: Uint8Array) {
  return { subject, slices: [] };
}
