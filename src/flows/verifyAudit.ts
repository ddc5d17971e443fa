/**
 * Walks the chain of the audit log from its first seal to its last, and hashes again every event that is there. Holds no
 * transaction open: what is sealed does not change, and new seals come at the end.
 */
import type { AuditLog, Deletion } from '../audit/auditLog.ts';
import {
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
} from '../audit/chain.ts';
import { limits } from '../core/limits.ts';
import type { Database } from './database.ts';

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

export type VerifyAudit = (expected?: NotedSeal) => Promise<AuditReport>;

export function createVerifyAudit({
  database: { auditLog },
}: {
  database: Pick<Database, 'auditLog'>;
}): VerifyAudit {
  return async (expected) => {
    const walk = new Walk(auditLog, expected, await auditLog.lastDeletion());
    let page: readonly Seal[];
    do {
      page = await auditLog.seals(walk.previous?.number ?? 0, limits.auditSealsPage);
      await walk.follow(page);
    } while (walk.fault === undefined && page.length === limits.auditSealsPage);
    return walk.report();
  };
}

/** How far a verification has come. */
class Walk {
  readonly #auditLog: AuditLog;
  readonly #expected: NotedSeal | undefined;
  #deletion: Deletion | undefined;
  previous: Seal | undefined;
  /** Origin → where its last seal ended. */
  readonly #ends = new Map<string, Position>();
  #events = 0;
  #deleted: AuditReport['deleted'];
  fault: AuditReport['fault'];

  constructor(auditLog: AuditLog, expected: NotedSeal | undefined, deletion: Deletion | undefined) {
    this.#auditLog = auditLog;
    this.#expected = expected;
    this.#deletion = deletion;
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
    if (found.events === 0 && !this.#mayBeDeleted(seal)) this.#deletion = await this.#auditLog.lastDeletion();
    const mayBeDeleted = this.#mayBeDeleted(seal);
    if (mayBeDeleted && found.events === 0) {
      const { seals, events } = this.#deleted ?? { seals: 0, events: 0 };
      this.#deleted = { seals: seals + 1, events: events + seal.events, until: seal.sealedAt };
      return undefined;
    }
    this.#events += found.events;
    // All of them were deleted; one that is there was put there.
    return mayBeDeleted ? 'event_added' : judgeEvents(seal, found);
  }

  /** Whether the last deletion says so, and came as late as it says that it must. */
  #mayBeDeleted(seal: Seal): boolean {
    if (this.#deletion === undefined) return false;
    const { lastSeal, retentionMs, at } = this.#deletion;
    if (!(retentionMs >= limits.auditRetentionMinimumMilliseconds)) return false;
    return seal.number <= lastSeal && at - seal.sealedAt >= retentionMs;
  }

  async report(): Promise<AuditReport> {
    const { unsealed } = await this.#auditLog.chainEnd();
    let count = 0;
    for (const range of unsealed) count += await this.#auditLog.countUnsealed(range);
    const { previous } = this;
    return {
      seals: previous?.number ?? 0,
      events: this.#events,
      unsealed: count,
      deleted: this.#deleted,
      head: previous && { number: previous.number, hash: hex(previous.hash) },
      fault: this.fault ?? this.#notFound(),
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
    page = await auditLog.readSealed({ origin, from: position, to }, limits.auditEventsPage);
    yield* page;
    const last = page.at(-1);
    if (last !== undefined) position = positionOf(last);
  } while (page.length === limits.auditEventsPage);
}
