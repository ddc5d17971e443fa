/**
 * Looks a session up: in Redis, or else in PostgreSQL. Owns when an entry may answer. It proves nothing by itself: it counts only under
 * a lease, and only if neither its session, nor the rights it was read with, nor its user's facts are revoked since (ADR 50). Without
 * Redis everything is read from the database.
 */
import { type Clock, withDeadline } from '@countersign/verifier/clock';
import { type SessionId, uuidBytes } from '@countersign/verifier/ids';
import { verifierLimits } from '@countersign/verifier/limits';
import type { DenyList } from '@countersign/verifier/revocation/denyList';
import type { ReadTime } from '@countersign/verifier/steadyTime';
import { rightsSubject } from '@countersign/verifier/tokens/jti';
import type { Database } from '../../database.ts';
import { coalesce } from '../../platform/queues/coalesce.ts';
import { factsSubject, type SessionFacts, subjectOf } from './facts.ts';
import { lookUpLimits } from './limits.ts';

/** Entries by session. Whoever can write to Redis can remove, repeat and exchange them, but not make one. */
export interface SessionEntries {
  /** Rejects when Redis does not answer. */
  read(id: SessionId): Promise<{ readonly text: string } | 'missing' | 'forged'>;
  /** Rejects when Redis is full or does not answer. */
  write(id: SessionId, text: string, milliseconds: number): Promise<void>;
}

/** `hit`, or why an entry did not answer; `not_kept`: it was not written. */
export type LookUpOutcome =
  | 'hit'
  | 'miss'
  | 'forged'
  | 'old'
  | 'revoked'
  | 'unconfirmed'
  | 'no_lease'
  | 'redis'
  | 'not_kept';

export interface LookUpParts {
  readonly database: Pick<Database, 'sessions'>;
  /** Undefined without Redis. */
  readonly sessionEntries: SessionEntries | undefined;
  readonly denyList: Pick<DenyList, 'check'>;
  /** Whether memory may answer now. */
  readonly holdsLease: () => boolean;
  readonly clock: Clock;
  readonly latestTime: ReadTime;
  readonly onOutcome: (outcome: LookUpOutcome) => void;
}

export interface FoundSession {
  readonly facts: SessionFacts;
  /** Milliseconds since the Unix epoch. */
  readonly readAt: number;
}

/**
 * Undefined when the session ended, or its user changed in a way that ends sessions. `issuedAt`: the time of a token of it; the answer is
 * never older. What was revoked before the call is never answered.
 */
export type LookUpSession = (id: SessionId, issuedAt?: number) => Promise<FoundSession | undefined>;

/** Another number for another form. */
const form = 1;

interface Entry extends FoundSession {
  readonly form: typeof form;
}

export function createLookUpSession(parts: LookUpParts): LookUpSession {
  const { database, clock, sessionEntries: entries } = parts;
  const keep = entries === undefined ? () => {} : createKeep(parts, entries);
  const readAtOnce = keyed(async (id: SessionId): Promise<FoundSession | undefined> => {
    const readAt = clock.now();
    const facts = await database.sessions.lookUp(id);
    if (facts === undefined) return undefined;
    keep({ form, facts, readAt });
    return { facts, readAt };
  });
  return async (id, issuedAt) => {
    if (entries !== undefined) {
      const entry = await readEntry(parts, entries, { id, issuedAt });
      parts.onOutcome(typeof entry === 'string' ? entry : 'hit');
      if (typeof entry !== 'string') return entry;
    }
    return readAtOnce(id);
  };
}

async function readEntry(
  { clock, latestTime, denyList, holdsLease }: LookUpParts,
  entries: SessionEntries,
  asked: { readonly id: SessionId; readonly issuedAt: number | undefined },
): Promise<FoundSession | LookUpOutcome> {
  // Without one, the deny-list would ask the database: then the whole answer may as well come from there.
  if (!holdsLease()) return 'no_lease';
  const late = () => new Error('no answer');
  const found = await withDeadline(clock, lookUpLimits.readMilliseconds, entries.read(asked.id), late).catch(
    () => 'redis' as const,
  );
  if (typeof found === 'string') return found === 'missing' ? 'miss' : found;
  const entry: Entry = JSON.parse(found.text);
  if (entry.form !== form) return 'miss';
  if (!isFresh(entry, { now: clock.now(), latest: latestTime(), issuedAt: asked.issuedAt })) return 'old';
  const { facts, readAt } = entry;
  const subjects = [
    uuidBytes(facts.id),
    rightsSubject(facts.id, facts.rightsEpoch),
    factsSubject(subjectOf(facts)),
  ];
  try {
    // The mark that refuses tokens of before a time refuses entries of before, too.
    const { revoked } = await denyList.check(subjects, readAt);
    return revoked ? 'revoked' : { facts, readAt };
  } catch {
    return 'unconfirmed';
  }
}

/**
 * `latest`: the time by which tokens expire. Revocations of a session are kept until its last access token has expired, so an entry is
 * not used for longer.
 */
export function isFresh(
  { facts, readAt }: FoundSession,
  { now, latest, issuedAt }: { now: number; latest: number; issuedAt: number | undefined },
): boolean {
  const skewMs = verifierLimits.clockSkewSeconds * 1000;
  return (
    readAt <= now + skewMs &&
    now < readAt + lookUpLimits.entryMilliseconds &&
    latest < facts.accessExpiresAt &&
    (issuedAt === undefined || readAt >= issuedAt + lookUpLimits.settlingMilliseconds)
  );
}

/** Nobody waits for the writing. */
function createKeep({ clock, latestTime, onOutcome }: LookUpParts, entries: SessionEntries) {
  let secondBegan = Number.NEGATIVE_INFINITY;
  let written = 0;
  let pausedUntil = Number.NEGATIVE_INFINITY;
  return (entry: Entry): void => {
    const now = clock.monotonic();
    if (now - secondBegan >= 1_000) {
      secondBegan = now;
      written = 0;
    }
    const milliseconds = Math.min(
      lookUpLimits.entryMilliseconds,
      Math.floor(entry.facts.accessExpiresAt - latestTime()),
    );
    if (milliseconds <= 0) return;
    const text = JSON.stringify(entry);
    const hasRoom = written < lookUpLimits.entriesPerSecond && text.length <= lookUpLimits.entryCharacters;
    if (!hasRoom || now < pausedUntil) {
      onOutcome('not_kept');
      return;
    }
    written += 1;
    entries.write(entry.facts.id, text, milliseconds).catch(() => {
      pausedUntil = clock.monotonic() + lookUpLimits.pauseMilliseconds;
      onOutcome('not_kept');
    });
  };
}

/** Callers that come while one id is read share the next reading of it: each reading begins after the call. */
function keyed<Id, T>(read: (id: Id) => Promise<T>): (id: Id) => Promise<T> {
  const underWay = new Map<Id, { readonly ask: () => Promise<T>; callers: number }>();
  return async (id) => {
    const one = underWay.get(id) ?? { ask: coalesce(() => read(id)), callers: 0 };
    underWay.set(id, one);
    one.callers += 1;
    try {
      return await one.ask();
    } finally {
      one.callers -= 1;
      if (one.callers === 0) underWay.delete(id);
    }
  };
}
