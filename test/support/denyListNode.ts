/** A deny-list over a truth that the test owns: what it is asked is counted, and it can be made to fail or to wait. */
import { once } from 'node:events';
import { AuthorityError } from '@countersign/verifier/errors';
import type { SessionId } from '@countersign/verifier/ids';
import { createConfirmation } from '@countersign/verifier/revocation/confirmation';
import {
  createDenyList,
  type DenyList,
  type OnVerdict,
  sliceLength,
  type Verdict,
} from '@countersign/verifier/revocation/denyList';
import { answerMark } from '@countersign/verifier/revocation/issuedBefore';
import type { Projection } from '@countersign/verifier/revocation/projection';
import type { Revocation, RevocationStore, SliceCount } from '@countersign/verifier/revocation/revocation';
import { sliceEnd } from '@countersign/verifier/revocation/slicedFilter';
import { newJti, parseJti } from '@countersign/verifier/tokens/jti';
import { newId } from '../../src/platform/newId.ts';
import { loadFromStore } from '../../src/revocation/propagation/loading.ts';
import { createManualClock } from './manualClock.ts';

export const startOfTest = Date.UTC(2030, 0, 1, 12);
export const accessTtlMs = 900_000;

export function revoked(subject: Uint8Array, reason = 'logout'): Revocation {
  return { subject, reason, expiresAt: startOfTest + accessTtlMs };
}

export interface Truth extends Pick<RevocationStore, 'find' | 'listLive' | 'countLive'> {
  record(...rows: readonly Revocation[]): void;
  /** Statements of each kind so far. */
  finds: number;
  pages: number;
  /** While there is one, every statement fails with it. */
  fault: Error | undefined;
  /** A page, once read, is answered when this has resolved. */
  gate: Promise<unknown>;
}

export function createTruth(rows: readonly Revocation[] = []): Truth {
  const known = new Map<string, Revocation>();
  const key = (subject: Uint8Array) => Buffer.from(subject).toString('hex');
  const live = (now: number) => [...known].filter(([, { expiresAt }]) => expiresAt > now);
  const truth: Truth = {
    finds: 0,
    pages: 0,
    fault: undefined,
    gate: Promise.resolve(),
    record(...more) {
      for (const row of more) known.set(key(row.subject), row);
    },
    async find(subjects) {
      truth.finds += 1;
      if (truth.fault !== undefined) throw truth.fault;
      return subjects.flatMap(
        (subject) => known.get(key(subject)) ?? answerMark(subject, [...known.values()]) ?? [],
      );
    },
    async listLive(now, limit, after = Buffer.of()) {
      truth.pages += 1;
      const later = live(now).filter(([id]) => id > key(after));
      const page = later.sort(([one], [other]) => (one < other ? -1 : 1)).slice(0, limit);
      await truth.gate;
      if (truth.fault !== undefined) throw truth.fault;
      return page.map(([, row]) => row);
    },
    async countLive(now, sliceMs) {
      return countSlices(
        live(now).map(([, row]) => row),
        sliceMs,
      );
    },
  };
  truth.record(...rows);
  return truth;
}

export function countSlices(rows: readonly Revocation[], sliceMs: number): readonly SliceCount[] {
  const counts = new Map<string, SliceCount>();
  for (const { subject, expiresAt } of rows) {
    const endsAt = sliceEnd(expiresAt, sliceMs);
    const ofSessions = subject.length === 16;
    const entries = (counts.get(`${endsAt} ${ofSessions}`)?.entries ?? 0) + 1;
    counts.set(`${endsAt} ${ofSessions}`, { endsAt, ofSessions, entries });
  }
  return [...counts.values()];
}

export function createGate() {
  const gate = new EventTarget();
  return { gate: once(gate, 'open'), open: () => gate.dispatchEvent(new Event('open')) };
}

/** A lease that the test takes and gives back. */
export function createSwitchedLease() {
  const lease = { isHeld: true, held: () => lease.isHeld };
  return lease;
}

/** With a lease, and over a shared copy where one is given. */
export function createDenyListNode(
  rows: readonly Revocation[] = [],
  { ttlMs = accessTtlMs, copy }: { ttlMs?: number; copy?: Pick<Projection, 'contains'> } = {},
) {
  const clock = createManualClock(startOfTest);
  const store = createTruth(rows);
  const verdicts: Verdict[] = [];
  const onVerdict: OnVerdict = (verdict) => void (verdict && verdicts.push(verdict));
  const lease = createSwitchedLease();
  const sliceMs = sliceLength(ttlMs);
  // Looked up at each call, so that a test can put another one in its place.
  const find: RevocationStore['find'] = (subjects) => store.find(subjects);
  const confirm = createConfirmation({ find, clock, ...(copy === undefined ? {} : { copy }) });
  const denyList = createDenyList({ lease, confirm, sliceMs, onVerdict });
  const load = () => loadFromStore({ denyList, store, clock, sliceMs });
  return { clock, store, verdicts, lease, sliceMs, denyList, load };
}

/** A fresh token: what a check asks of it. */
export function newToken() {
  const jti = parseJti(newJti(newId<SessionId>(startOfTest), startOfTest, 0));
  if (jti === undefined) throw new Error('not a jti');
  return { subjects: jti.subjects, token: jti.subjects[0], session: jti.subjects[1] };
}

/** The verdict in short, or the code and reason of its refusal. */
export async function outcomeOf(
  denyList: Pick<DenyList, 'check'>,
  subjects: readonly Uint8Array[],
): Promise<string> {
  try {
    const verdict = await denyList.check(subjects);
    return `${verdict.revoked ? `revoked ${verdict.reason}` : 'not revoked'} by ${verdict.decidedBy}`;
  } catch (error) {
    return error instanceof AuthorityError ? `${error.code} ${error.reason}` : `${error}`;
  }
}
