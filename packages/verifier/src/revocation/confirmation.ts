/**
 * Confirms filter hits. The shared copy is asked first, because its "yes" is final; the rest goes to the database. While a
 * statement runs, the next batch gathers. The queue is bounded and each check has a deadline; an unconfirmed hit is
 * `unavailable`, never "not revoked" (I5).
 */
import type { Clock } from '../clock.ts';
import { withDeadline } from '../clock.ts';
import { AuthorityError } from '../errors.ts';
import { verifierLimits } from '../limits.ts';
import type { Candidate, Projection } from './projection.ts';
import type { Revocation } from './revocation.ts';

export interface Confirmed {
  readonly subject: Uint8Array;
  /** Empty when the copy decided: it stores no reasons. */
  readonly reason: string;
}

export interface Confirmation {
  readonly by: 'redis' | 'postgres';
  /** The revocation that covers a candidate; undefined when none is revoked. */
  readonly revocation: Confirmed | undefined;
}

/** The candidates of one check: the subjects that cover a token. */
export type Confirm = (candidates: readonly Candidate[]) => Promise<Confirmation>;

interface Waiting {
  /** On the monotonic clock; afterwards nobody waits for the answer. */
  readonly until: number;
  readonly candidates: readonly Candidate[];
  readonly resolve: (confirmation: Confirmation) => void;
  readonly reject: (error: unknown) => void;
}

interface Sources {
  readonly find: (subjects: readonly Uint8Array[]) => Promise<readonly Revocation[]>;
  /** Undefined without a shared copy. */
  readonly copy?: Pick<Projection, 'contains'>;
  readonly clock: Clock;
}

export function createConfirmation(sources: Sources): Confirm {
  const { clock } = sources;
  let queue: Waiting[] = [];
  let running = false;

  const drain = async () => {
    running = true;
    while (queue.length > 0) {
      const awaited = queue.filter(({ until }) => until > clock.monotonic());
      queue = awaited.slice(verifierLimits.confirmationBatch);
      if (awaited.length > 0) await answer(awaited.slice(0, verifierLimits.confirmationBatch), sources);
    }
    running = false;
  };

  return (candidates) => {
    if (queue.length >= verifierLimits.confirmationsWaiting)
      return Promise.reject(cannotConfirm('queue_full'));
    const until = clock.monotonic() + verifierLimits.confirmationMilliseconds;
    const confirmed = new Promise<Confirmation>((resolve, reject) => {
      queue.push({ until, candidates, resolve, reject });
    });
    if (!running) void drain();
    return withDeadline(clock, verifierLimits.confirmationMilliseconds, confirmed, () =>
      cannotConfirm('deadline'),
    );
  };
}

async function answer(batch: readonly Waiting[], sources: Sources): Promise<void> {
  const open = await answerFromCopy(batch, sources);
  if (open.length > 0) await answerFromTruth(open, sources);
}

/** Answers the hits the copy knows; returns the others. */
async function answerFromCopy(
  batch: readonly Waiting[],
  { copy, clock }: Sources,
): Promise<readonly Waiting[]> {
  // Without slices the check did not use memory, so the copy has nothing to look up.
  const asked = batch.flatMap(({ candidates }) => candidates.filter(({ slices }) => slices.length > 0));
  if (copy === undefined || asked.length === 0) return batch;
  const late = () => new Error('the copy does not answer');
  // Async, so that a synchronous throw becomes a rejection: the queue must go on.
  const ask = async () => copy.contains(asked);
  const contained = await withDeadline(clock, verifierLimits.copyMilliseconds, ask(), late).catch(() => []);
  const known = new Set(asked.filter((_, index) => contained[index] === true));
  return batch.filter(({ candidates, resolve }) => {
    const found = candidates.find((candidate) => known.has(candidate));
    if (found === undefined) return true;
    resolve({ by: 'redis', revocation: { subject: found.subject, reason: '' } });
    return false;
  });
}

async function answerFromTruth(batch: readonly Waiting[], { find, clock }: Sources): Promise<void> {
  try {
    const subjects = batch.flatMap(({ candidates }) => candidates.map(({ subject }) => subject));
    // The check waits no longer than this, and a hanging statement must not hold up the next batch.
    const late = () => new Error('the database does not answer');
    const found = await withDeadline(clock, verifierLimits.confirmationMilliseconds, find(subjects), late);
    const bySubject = new Map(found.map((revocation) => [subjectKey(revocation.subject), revocation]));
    for (const { candidates, resolve } of batch) {
      const keys = candidates.map(({ subject }) => subjectKey(subject));
      const key = keys.find((subject) => bySubject.has(subject));
      resolve({ by: 'postgres', revocation: key === undefined ? undefined : bySubject.get(key) });
    }
  } catch (cause) {
    for (const { reject } of batch) reject(cannotConfirm('store', cause));
  }
}

/** A subject as a map key. */
export function subjectKey(subject: Uint8Array): string {
  return Buffer.from(subject.buffer, subject.byteOffset, subject.byteLength).toString('latin1');
}

function cannotConfirm(reason: string, cause?: unknown): AuthorityError {
  return new AuthorityError('unavailable', { retryAfterSeconds: 1, reason: `confirmation_${reason}`, cause });
}
