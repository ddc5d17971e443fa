/**
 * The mark: "no access token issued until this moment is accepted", whoever it was issued to. It is a revocation and travels like
 * all others. Its subject looks like a `jti` with an impossible session: 16 zero bytes, the moment in milliseconds (6 bytes,
 * big-endian) and 5 zero bytes. A later mark covers an earlier one. Asking for such a subject means: is there a mark at that
 * moment or later?
 */
import { afterEveryToken, type Revocation } from './revocation.ts';

const nobodysSession = Buffer.alloc(16);
const timeBytes = 6;
const markBytes = 27;

/** Bounds of all marks in subject order. */
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

/** A mark's moment; undefined for any other subject. */
export function timeOfMark(subject: Uint8Array): number | undefined {
  if (subject.length !== markBytes || subject[0] !== 0) return undefined;
  const bytes = Buffer.from(subject.buffer, subject.byteOffset, markBytes);
  if (nobodysSession.compare(bytes, 0, nobodysSession.length) !== 0) return undefined;
  return bytes.readUIntBE(nobodysSession.length, timeBytes);
}

export const markReason = 'restored';

/** Kept for the longest lifetime of an earlier token. */
export function markAt(moment: number): Revocation {
  return { subject: markSubject(moment), reason: markReason, expiresAt: afterEveryToken(moment) };
}

/** The database's answer about a mark: one at the same moment or later, under the asked subject. */
export function answerMark(asked: Uint8Array, marks: readonly Revocation[]): Revocation | undefined {
  const moment = timeOfMark(asked) ?? Number.POSITIVE_INFINITY;
  const found = marks.find(({ subject }) => (timeOfMark(subject) ?? Number.NEGATIVE_INFINITY) >= moment);
  return found && { ...found, subject: asked };
}

/** A mark in memory. */
export interface KnownMark extends Revocation {
  /** If false, a covered token is revoked only if the database confirms it. */
  readonly committed: boolean;
}

export interface Marks {
  /** Takes the marks; returns the others. */
  take(revocations: readonly Revocation[], committed: boolean): readonly Revocation[];
  /** Whether a token of that issue time may be refused and needs a closer look. */
  mayCover(issuedAt: number): boolean;
  /** Whether it is certainly refused. */
  covers(issuedAt: number): boolean;
  /** The subjects to ask the database about for a token of that issue time. `whole`: all marks are in memory. */
  questions(issuedAt: number, whole: boolean): readonly Uint8Array[];
  /** Records the database's "yes". False when the subject is no mark. */
  confirm(subject: Uint8Array): boolean;
  list(): readonly KnownMark[];
  dropExpired(now: number): void;
  /** Uncommitted marks may belong to another history. */
  startOver(): void;
}

const never = Number.NEGATIVE_INFINITY;

export function createMarks(): Marks {
  // The latest of each kind is enough.
  let committed = never;
  let suspected = never;
  // A single number, because every check reads it.
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
      // A confirmed mark saves later tokens the question. If it never committed, an earlier mark it replaced may have, so ask for
      // the exact time too.
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
