/**
 * Confirms bloom hits in the truth. Hits that come together are asked in one statement: while a statement runs, the
 * next batch gathers. The queue is bounded and each check has a deadline; what cannot be confirmed is `unavailable`,
 * never "not revoked" (I5).
 */
import type { Clock } from '../core/clock.ts';
import { withDeadline } from '../core/clock.ts';
import { AuthorityError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Revocation } from './revocation.ts';

/** Resolves with the revocation that covers one of these subjects, or with undefined when none is revoked. */
export type Confirm = (subjects: readonly Uint8Array[]) => Promise<Revocation | undefined>;

interface Waiting {
  /** On the monotonic clock; later, nobody waits for the answer any more. */
  readonly until: number;
  readonly subjects: readonly Uint8Array[];
  readonly resolve: (revocation: Revocation | undefined) => void;
  readonly reject: (error: unknown) => void;
}

export function createConfirmation(parts: {
  find: (subjects: readonly Uint8Array[]) => Promise<readonly Revocation[]>;
  clock: Clock;
}): Confirm {
  const { find, clock } = parts;
  let queue: Waiting[] = [];
  let running = false;

  const drain = async () => {
    running = true;
    while (queue.length > 0) {
      const awaited = queue.filter(({ until }) => until > clock.monotonic());
      queue = awaited.slice(limits.confirmationBatch);
      if (awaited.length > 0) await answer(awaited.slice(0, limits.confirmationBatch), find);
    }
    running = false;
  };

  return (subjects) => {
    if (queue.length >= limits.confirmationsWaiting) return Promise.reject(cannotConfirm('queue_full'));
    const until = clock.monotonic() + limits.confirmationMilliseconds;
    const confirmed = new Promise<Revocation | undefined>((resolve, reject) => {
      queue.push({ until, subjects, resolve, reject });
    });
    if (!running) void drain();
    return withDeadline(clock, limits.confirmationMilliseconds, confirmed, () => cannotConfirm('deadline'));
  };
}

async function answer(
  batch: readonly Waiting[],
  find: (subjects: readonly Uint8Array[]) => Promise<readonly Revocation[]>,
): Promise<void> {
  try {
    const found = await find(batch.flatMap(({ subjects }) => subjects));
    const bySubject = new Map(found.map((revocation) => [subjectKey(revocation.subject), revocation]));
    for (const { subjects, resolve } of batch) {
      const key = subjects.map(subjectKey).find((subject) => bySubject.has(subject));
      resolve(key === undefined ? undefined : bySubject.get(key));
    }
  } catch (cause) {
    for (const { reject } of batch) reject(cannotConfirm('store', cause));
  }
}

/** A subject as the key of a map. */
export function subjectKey(subject: Uint8Array): string {
  return Buffer.from(subject.buffer, subject.byteOffset, subject.byteLength).toString('latin1');
}

function cannotConfirm(reason: string, cause?: unknown): AuthorityError {
  return new AuthorityError('unavailable', { retryAfterSeconds: 1, reason: `confirmation_${reason}`, cause });
}
