/**
 * When subjects were last added. An earlier "no" holds until something is added that shares a place with one of its subjects, so that
 * an addition does not make every known token be looked up again. Like a filter of one probe: "unchanged" is certain.
 */
import { hashId } from './bloomFilter.ts';

/** Where the additions of some subjects are noted. */
export type Places = readonly number[];

export interface Additions {
  /** Grows with each addition. */
  version(): number;
  note(subjects: readonly Uint8Array[]): void;
  /** Something that may concern any subject. */
  noteForAll(): void;
  /** Whether nothing was added at these places since that version. */
  isUnchanged(places: Places, since: number): boolean;
}

/** A power of two. At 1,000 additions in a second, a token with four subjects is looked up anew every four seconds. */
const placeCount = 16_384;

export function placeOf(subject: Uint8Array): number {
  return hashId(subject).first & (placeCount - 1);
}

export function createAdditions(): Additions {
  const lastAt = new Float64Array(placeCount);
  let lastForAll = 0;
  let version = 0;
  return {
    version: () => version,
    note(subjects) {
      version += 1;
      for (const subject of subjects) lastAt[placeOf(subject)] = version;
    },
    noteForAll() {
      version += 1;
      lastForAll = version;
    },
    isUnchanged(places, since) {
      if (since === version) return true;
      if (since < lastForAll) return false;
      for (const place of places) if ((lastAt[place] as number) > since) return false;
      return true;
    },
  };
}
