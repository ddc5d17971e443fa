/**
 * When subjects were last added: by it a "no" of the filters and marks holds until something is added to a bucket of one of its
 * subjects, so that an addition does not make every known token be looked up again. Like a filter of one probe: "still holds" is
 * certain.
 */
import { hashId } from './bloomFilter.ts';

/** Where the additions of some subjects are noted. */
export type Buckets = readonly number[];

export interface Additions {
  /** Grows with each addition. */
  version(): number;
  note(subjects: readonly Uint8Array[]): void;
  /** Something that may concern any subject. */
  noteForAll(): void;
  /** Whether nothing was added to these buckets since that version. */
  stillHolds(buckets: Buckets, since: number): boolean;
}

/** A power of two. At 1,000 additions in a second, a token with four subjects is looked up anew every four seconds. */
const bucketCount = 16_384;

export function bucketOf(subject: Uint8Array): number {
  return hashId(subject).first & (bucketCount - 1);
}

export function createAdditions(): Additions {
  const lastAt = new Float64Array(bucketCount);
  let lastForAll = 0;
  let version = 0;
  return {
    version: () => version,
    note(subjects) {
      version += 1;
      for (const subject of subjects) lastAt[bucketOf(subject)] = version;
    },
    noteForAll() {
      version += 1;
      lastForAll = version;
    },
    stillHolds(buckets, since) {
      if (since === version) return true;
      if (since < lastForAll) return false;
      for (const bucket of buckets) if ((lastAt[bucket] as number) > since) return false;
      return true;
    },
  };
}
