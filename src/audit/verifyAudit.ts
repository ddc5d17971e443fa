/**
 * Verifies the chain of the audit log from first to last seal and hashes every remaining event again. Holds no transaction open:
 * sealed events do not change, and new seals come at the end. Missing events may have been deleted meanwhile, so they are checked
 * again before a fault is reported.
 */

import { invalidField } from '@countersign/verifier/errors';
import type { Database } from '../database.ts';
import type { AuditLog } from './auditLog.ts';
import {
  beginning,
  type ChainedEvent,
  type ChainFault,
  EventsHash,
  hex,
  isAfter,
  judgeEvents,
  judgeLink,
  type Position,
  positionOf,
  type Seal,
} from './chain.ts';
import { auditLimits } from './limits.ts';

/** A seal that an operator noted elsewhere. */
export interface NotedSeal {
  readonly number: number;
  /** Hexadecimal. */
  readonly hash: string;
}

export interface AuditReport {
  readonly seals: number;
  /** Remaining and unchanged events. */
  readonly events: number;
  /** Events not sealed yet. */
  readonly unsealed: number;
  /** What retention deleted: the events of the first seals, and when the last of those was made. */
  readonly deleted: { readonly seals: number; readonly events: number; readonly until: number } | undefined;
  /** The last verified seal, to be noted elsewhere. */
  readonly head: NotedSeal | undefined;
  /** The first faulty seal; undefined when the chain is intact. */
  readonly fault: { readonly seal: number; readonly what: ChainFault } | undefined;
}

/**
 * Events that retention deleted must have been sealed for `retentionMs`, by the store's clock: the setting's value, unless the
 * caller passes an earlier, shorter one.
 */
export type VerifyAudit = (
  expected?: NotedSeal,
  retentionMs?: number,
  /** Called after each page with the number of verified seals. */
  onPage?: (seals: number) => void,
) => Promise<AuditReport>;

export function createVerifyAudit(parts: {
  readonly database: Pick<Database, 'auditLog'>;
  readonly retentionMs: number;
}): VerifyAudit {
  const { auditLog } = parts.database;
  return async (expected, retentionMs = parts.retentionMs, onPage) => {
    const minimum = auditLimits.auditRetentionMinimumMilliseconds;
    if (!(retentionMs >= minimum))
      throw invalidField('retention', 'range', `must be at least ${minimum / 86_400_000}d`);
    const walk = new Walk(auditLog, expected, retentionMs);
    await walk.lookAtDeletions();
    let page: readonly Seal[];
    do {
      page = await auditLog.seals(walk.previous?.number ?? 0, auditLimits.auditSealsPage);
      await walk.follow(page);
      onPage?.(walk.previous?.number ?? 0);
    } while (walk.fault === undefined && page.length === auditLimits.auditSealsPage);
    return walk.report();
  };
}

/** The progress of a verification. */
class Walk {
  readonly #auditLog: AuditLog;
  readonly #expected: NotedSeal | undefined;
  readonly #retentionMs: number;
  /** The last seal whose events are declared deleted. Anybody may have declared it. */
  #deletedUpTo = 0;
  /** By the store's clock. Events sealed later are too young to be deleted. */
  #sealedBefore = 0;
  previous: Seal | undefined;
  /** Origin → where its last seal ended. */
  readonly #ends = new Map<string, Position>();
  #events = 0;
  #deleted: AuditReport['deleted'];
  fault: AuditReport['fault'];

  constructor(auditLog: AuditLog, expected: NotedSeal | undefined, retentionMs: number) {
    this.#auditLog = auditLog;
    this.#expected = expected;
    this.#retentionMs = retentionMs;
  }

  async lookAtDeletions(): Promise<void> {
    this.#deletedUpTo = await this.#auditLog.deletedUpTo();
    this.#sealedBefore = (await this.#auditLog.chainEnd()).now - this.#retentionMs;
  }

  async follow(page: readonly Seal[]): Promise<void> {
    for (const run of runsOf(page)) {
      if (this.fault === undefined) await this.#followRun(run);
    }
  }

  /** Reads the events of many small seals together. */
  async #followRun(run: readonly [Seal, ...Seal[]]): Promise<void> {
    const events = eventsBetween(this.#auditLog, run);
    let next = await events.next();
    for (const seal of run) {
      const found = new EventsHash();
      while (!next.done && !isAfter(positionOf(next.value), seal.to)) {
        found.add(next.value);
        next = await events.next();
      }
      const what = this.#judgeSeal(seal) ?? (await this.#judgeFound(seal, found));
      if (what !== undefined) {
        const isGap = what === 'seal_missing';
        this.fault = { seal: isGap ? (this.previous?.number ?? 0) + 1 : seal.number, what };
        return;
      }
      this.previous = seal;
      this.#ends.set(seal.origin, seal.to);
    }
  }

  #judgeSeal(seal: Seal): ChainFault | undefined {
    const fault = judgeLink(this.previous, this.#ends.get(seal.origin), seal);
    if (fault !== undefined) return fault;
    const isOther = this.#expected?.number === seal.number && this.#expected.hash !== hex(seal.hash);
    return isOther ? 'head_unknown' : undefined;
  }

  async #judgeFound(seal: Seal, found: EventsHash): Promise<ChainFault | undefined> {
    let judged = { what: this.#judgeEvents(seal, found), events: found.events };
    if (judged.what !== undefined && judged.what !== 'deleted') {
      // Events before deletions: the other way round, a deletion in between would look like tampering.
      const again = new EventsHash();
      for await (const event of eventsBetween(this.#auditLog, [seal])) again.add(event);
      await this.lookAtDeletions();
      judged = { what: this.#judgeEvents(seal, again), events: again.events };
    }
    const { what, events } = judged;
    if (what === 'deleted') {
      this.#noteDeleted(seal);
      return undefined;
    }
    this.#events += events;
    return what;
  }

  #judgeEvents(seal: Seal, found: EventsHash): ChainFault | 'deleted' | undefined {
    const isTold = seal.number <= this.#deletedUpTo;
    const isOld = seal.sealedAt <= this.#sealedBefore;
    if (isTold && found.events === 0) return isOld ? 'deleted' : 'deleted_early';
    const fault = judgeEvents(seal, found);
    // All of them were deleted, so a remaining one was added.
    return fault !== undefined && isTold && isOld ? 'event_added' : fault;
  }

  #noteDeleted(seal: Seal): void {
    const { seals, events } = this.#deleted ?? { seals: 0, events: 0 };
    this.#deleted = { seals: seals + 1, events: events + seal.events, until: seal.sealedAt };
  }

  async report(): Promise<AuditReport> {
    const { previous } = this;
    const fault = this.fault ?? this.#notFound();
    const { unsealed } = await this.#auditLog.chainEnd();
    let count = 0;
    for (const range of unsealed) {
      // Events sealed meanwhile were not verified: count them as unsealed, or they count nowhere.
      const after = this.#ends.get(range.origin) ?? beginning;
      count += await this.#auditLog.countUnsealed(fault === undefined ? { ...range, after } : range);
    }
    return {
      seals: previous?.number ?? 0,
      events: this.#events,
      unsealed: count,
      deleted: this.#deleted,
      head: previous && { number: previous.number, hash: hex(previous.hash) },
      fault,
    };
  }

  #notFound(): AuditReport['fault'] {
    const number = this.#expected?.number;
    if (number === undefined || number <= (this.previous?.number ?? 0)) return undefined;
    return { seal: number, what: 'head_unknown' };
  }
}

/** Consecutive seals of one origin share one range. */
function runsOf(seals: readonly Seal[]): readonly (readonly [Seal, ...Seal[]])[] {
  const runs: [Seal, ...Seal[]][] = [];
  for (const seal of seals) {
    const last = runs.at(-1)?.at(-1);
    if (last?.origin === seal.origin && last.to.xid === seal.from.xid && last.to.id === seal.from.id)
      runs.at(-1)?.push(seal);
    else runs.push([seal]);
  }
  return runs;
}

async function* eventsBetween(
  auditLog: AuditLog,
  run: readonly [Seal, ...Seal[]],
): AsyncGenerator<ChainedEvent, void> {
  const [{ origin, from }] = run;
  const to = (run.at(-1) ?? run[0]).to;
  let position = from;
  let page: readonly ChainedEvent[];
  do {
    page = await auditLog.readSealed({ origin, from: position, to }, auditLimits.auditEventsPage);
    yield* page;
    const last = page.at(-1);
    if (last !== undefined) position = positionOf(last);
  } while (page.length === auditLimits.auditEventsPage);
}
