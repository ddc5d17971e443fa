/**
 * The mark: "no access token that was issued until this moment is accepted", whoever it was issued to. It is a revocation like
 * any other, so it travels by all their ways; its subject has the shape of a `jti` whose session nobody has: 16 zero bytes, the
 * moment in milliseconds (6 bytes, big-endian) and 5 zero bytes. A later mark says all that an earlier one does.
 *
 * A subject of this form in a question asks: is there a mark at that moment, or at a later one?
 */
import { afterEveryToken, type Revocation } from './revocation.ts';

const nobodysSession = Buffer.alloc(16);
const timeBytes = 6;
const markBytes = 27;

/** Before all marks, and after all of them, in the order of subjects. */
export const marksRange = {
  from: nobodysSession,
  to: Buffer.concat([nobodysSession, Buffer.alloc(markBytes - nobodysSession.length, 0xff)]),
} as const;

/** `moment` in milliseconds since the Unix epoch. */
export function markSubject(moment: number): Uint8Array {
  const subject = Buffer.alloc(markBytes);
  subject.writeUIntBE(moment, nobodysSession.length, timeBytes);
  return subject;
}

/** The moment of a mark; undefined for the subject of anything else. */
export function timeOfMark(subject: Uint8Array): number | undefined {
  if (subject.length !== markBytes || subject[0] !== 0) return undefined;
  const bytes = Buffer.from(subject.buffer, subject.byteOffset, markBytes);
  if (nobodysSession.compare(bytes, 0, nobodysSession.length) !== 0) return undefined;
  return bytes.readUIntBE(nobodysSession.length, timeBytes);
}

export const markReason = 'restored';

/** Kept for as long as a token of before could live. */
export function markAt(moment: number): Revocation {
  return { subject: markSubject(moment), reason: markReason, expiresAt: afterEveryToken(moment) };
}

/** What the truth answers to a question about a mark: one that says as much or more, under the subject that was asked. */
export function answerMark(asked: Uint8Array, marks: readonly Revocation[]): Revocation | undefined {
  const moment = timeOfMark(asked) ?? Number.POSITIVE_INFINITY;
  const found = marks.find(({ subject }) => (timeOfMark(subject) ?? Number.NEGATIVE_INFINITY) >= moment);
  return found && { ...found, subject: asked };
}

/** A mark in memory. */
export interface KnownMark extends Revocation {
  /** If not, a token that it covers is revoked only if the truth says so. */
  readonly committed: boolean;
}

export interface Marks {
  /** Takes the marks out of these; answers the others. */
  take(revocations: readonly Revocation[], committed: boolean): readonly Revocation[];
  /** Whether a token of that issue time may be refused, so that it has to be looked at. */
  mayCover(issuedAt: number): boolean;
  /** Whether it is refused: nobody need be asked. */
  covers(issuedAt: number): boolean;
  /** What to ask the truth about a token of that issue time. `whole`: there are no marks but those that are here. */
  questions(issuedAt: number, whole: boolean): readonly Uint8Array[];
  /** The truth said yes to this subject. False when it was no question about a mark. */
  confirm(subject: Uint8Array): boolean;
  list(): readonly KnownMark[];
  dropExpired(now: number): void;
  /** What was not known to be committed may be of another history. */
  startOver(): void;
}

const never = Number.NEGATIVE_INFINITY;

export function createMarks(): Marks {
  // Of each kind the latest is enough.
  let committed = never;
  let suspected = never;
  // One number for the question that every check asks.
  let latest = never;

  const settle = (of: { committed?: number; suspected?: number }) => {
    committed = of.committed ?? committed;
    suspected = of.suspected ?? suspected;
    if (suspected <= committed) suspected = never;
    latest = Math.max(committed, suspected);
  };
  const known = (moment: number, isCommitted: boolean): KnownMark[] =>
    moment === never ? [] : [{ ...markAt(moment), committed: isCommitted }];

  return {
    take(revocations, areCommitted) {
      const isMark = ({ subject }: Revocation) => timeOfMark(subject) !== undefined;
      if (!revocations.some(isMark)) return revocations;
      const moments = revocations.map(({ subject }) => timeOfMark(subject) ?? never);
      if (areCommitted) settle({ committed: Math.max(committed, ...moments) });
      else settle({ suspected: Math.max(suspected, ...moments) });
      return revocations.filter((revocation) => !isMark(revocation));
    },

    mayCover: (issuedAt) => issuedAt <= latest,
    covers: (issuedAt) => issuedAt <= committed,

    questions(issuedAt, whole) {
      if (issuedAt === Number.POSITIVE_INFINITY) return [];
      const exact = markSubject(issuedAt);
      if (!whole) return [exact];
      // Once the whole mark is confirmed, no other token needs the question. Should it have come to nothing, an earlier
      // one that it took the place of may not have.
      return issuedAt <= suspected ? [markSubject(suspected), exact] : [];
    },

    confirm(subject) {
      const moment = timeOfMark(subject);
      if (moment === undefined) return false;
      settle({ committed: Math.max(committed, moment) });
      return true;
    },

    list: () => [...known(committed, true), ...known(suspected, false)],

    dropExpired(now) {
      const live = (moment: number) => (moment === never || afterEveryToken(moment) <= now ? never : moment);
      settle({ committed: live(committed), suspected: live(suspected) });
    },

    startOver: () => settle({ suspected: never }),
  };
}
