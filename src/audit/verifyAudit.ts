/**
 * Walks the chain of the audit log from its first seal to its last, and hashes again every event that is there. Holds no
 * transaction open: what is sealed does not change, and new seals come at the end. What is missing may have been deleted
 * meanwhile, so it is looked at again before anybody is told of it.
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

/** A seal as an operator noted it elsewhere. */
export interface NotedSeal {
  readonly number: number;
  /** In hexadecimal. */
  readonly hash: string;
}

export interface AuditReport {
  readonly seals: number;
  /** That were there, and are as they were sealed. */
  readonly events: number;
  /** That no seal covers yet. */
  readonly unsealed: number;
  /** What the retention has deleted: the events of the first seals, and when the last of those was made. */
  readonly deleted: { readonly seals: number; readonly events: number; readonly until: number } | undefined;
  /** The last seal that was looked at; to be noted elsewhere. */
  readonly head: NotedSeal | undefined;
  /** The first seal that something is wrong with. Undefined: nothing is. */
  readonly fault: { readonly seal: number; readonly what: ChainFault } | undefined;
}

/**
 * What the retention says that it has deleted must have been sealed for `retentionMs`, by the clock of the store: as the settings
 * have it, unless the caller knows that it was less until lately.
 */
export type VerifyAudit = (
  expected?: NotedSeal,
  retentionMs?: number,
  /** Told after each page how many seals were verified. */
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

/** How far a verification has come. */
class Walk {
  readonly #auditLog: AuditLog;
  readonly #expected: NotedSeal | undefined;
  readonly #retentionMs: number;
  /** The last seal whose events are said to be deleted. Anybody may have said so. */
  #deletedUpTo = 0;
  /** By the clock of the store. Events that were sealed later are too young to be deleted. */
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
      // In this order: the events are read again before the deletions are.
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
    // All of them were deleted; one that is there was put there.
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
      // What was sealed meanwhile was not looked at: here it counts as not sealed, or it would count nowhere.
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

/** Seals of one origin that follow each other: their ranges are one. */
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
