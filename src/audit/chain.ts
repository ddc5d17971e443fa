/**
 * The chain of the audit log: each seal covers a batch of events and the previous seal (docs/audit.md has the format, for other
 * verifiers). Pure: what is hashed and how, and which seals do not fit.
 */
import { createHash, type Hash } from 'node:crypto';

/** An event in its hashed form: every column as text. */
export interface ChainedEvent {
  readonly id: string;
  /** The table it was written to, as a decimal number. */
  readonly origin: string;
  /** The transaction that wrote it, as a decimal number. */
  readonly xid: string;
  /** Milliseconds since the Unix epoch, as a decimal number. */
  readonly occurredAt: string;
  readonly type: string;
  readonly actor: string;
  readonly userId: string | null;
  readonly sessionId: string | null;
  readonly reason: string | null;
  readonly requestId: string | null;
  readonly ip: string | null;
  /** JSON, as stored. */
  readonly detail: string | null;
}

/** An event's place within its origin: a transaction that has ended gets no more events. */
export interface Position {
  readonly xid: string;
  readonly id: string;
}

/** The events of one origin after `from`, up to and including `to`. */
export interface SealedRange {
  readonly origin: string;
  readonly from: Position;
  readonly to: Position;
}

export interface Seal extends SealedRange {
  /** Consecutive from 1. */
  readonly number: number;
  readonly events: number;
  /** SHA-256 of the events, by position. */
  readonly eventsHash: Uint8Array;
  /** The previous seal's `hash`; zeros for the first. */
  readonly previousHash: Uint8Array;
  readonly hash: Uint8Array;
  /** By the database's clock. */
  readonly sealedAt: number;
}

/** Precedes every event. */
export const beginning: Position = { xid: '0', id: '00000000-0000-0000-0000-000000000000' };

const noHash = new Uint8Array(32);
const absent = Buffer.from([0xff, 0xff, 0xff, 0xff]);

/** Fixed for ever: another order would be another format. */
function fieldsOf(event: ChainedEvent): readonly (string | null)[] {
  const { id, origin, xid, occurredAt, type, actor, userId, sessionId, reason, requestId, ip, detail } =
    event;
  return [id, origin, xid, occurredAt, type, actor, userId, sessionId, reason, requestId, ip, detail];
}

/** Prefixes each field with its length, so that different lists never have equal bytes. */
export function encodeFields(fields: readonly (string | null)[]): Buffer {
  const parts = fields.flatMap((field) => {
    if (field === null) return [absent];
    const bytes = Buffer.from(field, 'utf8');
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return [length, bytes];
  });
  return Buffer.concat(parts);
}

/** Hashes events, in the order of their positions. */
export class EventsHash {
  readonly #hash: Hash = createHash('sha256');
  events = 0;

  add(event: ChainedEvent): void {
    this.#hash.update(encodeFields(fieldsOf(event)));
    this.events += 1;
  }

  digest(): Uint8Array {
    return this.#hash.digest();
  }
}

export function sealHash(seal: Omit<Seal, 'hash'>): Uint8Array {
  const { number, origin, from, to, events, sealedAt } = seal;
  const range = [origin, from.xid, from.id, to.xid, to.id];
  const hashes = [hex(seal.eventsHash), hex(seal.previousHash)];
  const fields = ['countersign-audit-seal-1', `${number}`, ...range, `${events}`, `${sealedAt}`, ...hashes];
  return createHash('sha256').update(encodeFields(fields)).digest();
}

/** The next seal, over events that follow `from` without a gap. */
export function sealEvents(
  previous: Pick<Seal, 'number' | 'hash'> | undefined,
  from: Position,
  events: readonly [ChainedEvent, ...ChainedEvent[]],
  sealedAt: number,
): Seal {
  const hash = new EventsHash();
  for (const event of events) hash.add(event);
  const last = events.at(-1) ?? events[0];
  const seal = {
    number: (previous?.number ?? 0) + 1,
    origin: events[0].origin,
    from,
    to: positionOf(last),
    events: events.length,
    eventsHash: hash.digest(),
    previousHash: previous?.hash ?? noHash,
    sealedAt,
  };
  return { ...seal, hash: sealHash(seal) };
}

export function positionOf({ xid, id }: ChainedEvent): Position {
  return { xid, id };
}

/** Lower-case UUIDs: text order is byte order. */
export function isAfter(one: Position, other: Position): boolean {
  const [xid, otherXid] = [BigInt(one.xid), BigInt(other.xid)];
  return xid === otherXid ? one.id > other.id : xid > otherXid;
}

export type ChainFault =
  | 'seal_missing'
  | 'seal_changed'
  | 'link_broken'
  | 'range_broken'
  | 'event_missing'
  | 'event_added'
  | 'event_changed'
  | 'deleted_early'
  | 'head_unknown';

/** Finds a fault between a seal and the previous one. `end`: where the last seal of the same origin ended. */
export function judgeLink(
  previous: Pick<Seal, 'number' | 'hash'> | undefined,
  end: Position | undefined,
  seal: Seal,
): ChainFault | undefined {
  if (seal.number !== (previous?.number ?? 0) + 1) return 'seal_missing';
  if (!same(seal.hash, sealHash(seal))) return 'seal_changed';
  if (!same(seal.previousHash, previous?.hash ?? noHash)) return 'link_broken';
  const { xid, id } = end ?? beginning;
  return seal.from.xid === xid && seal.from.id === id ? undefined : 'range_broken';
}

/** Compares a seal with the events found in its range. */
export function judgeEvents(seal: Seal, found: EventsHash): ChainFault | undefined {
  if (found.events < seal.events) return 'event_missing';
  if (found.events > seal.events) return 'event_added';
  return same(found.digest(), seal.eventsHash) ? undefined : 'event_changed';
}

export function same(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
