/**
 * Takes the place of what the library reads messages with: each method has its own longest message, which is refused by its first five
 * bytes, and the memory of those that have not been read is counted. What has come of one is copied: a slice would keep alive
 * all that came with it from the network. The library begins to inflate each message that it gets, so it gets one of those at a time.
 */
import { AuthorityError } from '@countersign/verifier/errors';

/** One flag of compression, four bytes of length (gRPC over HTTP/2, "Length-Prefixed-Message"). */
const headBytes = 5;

/** What messages there may be. */
export interface MessageRules {
  /** The longest, also when it is inflated. */
  readonly requestBytes: number;
  /** More than one. */
  readonly streams: boolean;
  readonly mayCompress: boolean;
}

export interface Memory {
  /** Throws when there is none for so many bytes more. */
  hold(bytes: number): void;
  release(bytes: number): void;
}

export class MessageReader {
  readonly #rules: MessageRules;
  readonly #memory: Memory;
  #begun = false;
  /** The beginning of a message; undefined between two. */
  #partial: Buffer | undefined;
  #filled = 0;
  /** Whole, and not yet handed over. */
  #waiting: Buffer[] = [];
  /** With the library: so many, and whether the last of them is being inflated. */
  #handed = 0;
  #inflates = false;
  /** Bytes of all messages, and of each whole one. */
  #held = 0;
  #costs: number[] = [];

  constructor(rules: MessageRules, memory: Memory) {
    this.#rules = rules;
    this.#memory = memory;
  }

  /** The messages that can be read now, each with its head. Throws `AuthorityError` for what there may not be. */
  write(data: Buffer): Buffer[] {
    let at = 0;
    while (at < data.length) {
      if (this.#partial === undefined) this.#begin();
      const end = this.#endAt(data, at);
      if (end > data.length) at = this.#fill(data, at);
      else {
        const message = data.subarray(at, end);
        this.#hold(headBytes + this.#costOf(message));
        this.#isWhole(message);
        at = end;
      }
    }
    return this.#handOver();
  }

  /** The first one is in use now. Answers whether others can be read, by writing nothing. */
  arrived(): boolean {
    this.#release(this.#costs.shift() ?? 0);
    this.#handed -= 1;
    if (this.#handed === 0) this.#inflates = false;
    return this.#handed === 0 && this.#waiting.length > 0;
  }

  /** Whether there are whole messages that nobody has read. */
  isBusy(): boolean {
    return this.#handed > 0 || this.#waiting.length > 0;
  }

  /** No more comes, and what came is in use, or over. */
  forget(): void {
    this.#release(this.#held);
    this.#partial = undefined;
    this.#waiting = [];
    this.#costs = [];
  }

  #begin(): void {
    if (this.#begun && !this.#rules.streams)
      throw new AuthorityError('unimplemented', { detail: 'a second message: this method takes one' });
    this.#begun = true;
  }

  /** Of the message that begins there; beyond what there is when not even its head is whole. */
  #endAt(data: Buffer, at: number): number {
    if (this.#partial !== undefined || data.length - at < headBytes) return Number.POSITIVE_INFINITY;
    return at + headBytes + data.readUInt32BE(at + 1);
  }

  /** Memory for a message with this head, beside the head. Throws when there may be no such message. */
  #costOf(head: Buffer): number {
    const { requestBytes, mayCompress } = this.#rules;
    const length = head.readUInt32BE(1);
    if (length > requestBytes)
      throw new AuthorityError('payload_too_large', {
        detail: `Received message larger than max (${length} vs ${requestBytes})`,
      });
    if (!isCompressed(head)) return length;
    if (!mayCompress)
      throw new AuthorityError('unimplemented', { detail: 'This method takes no compressed messages.' });
    // Nobody knows how long it will be: a kilobyte may become a megabyte.
    return requestBytes;
  }

  #hold(bytes: number): void {
    this.#memory.hold(bytes);
    this.#held += bytes;
  }

  #release(bytes: number): void {
    this.#memory.release(bytes);
    this.#held -= bytes;
  }

  #isWhole(message: Buffer): void {
    this.#waiting.push(message);
    this.#costs.push(headBytes + this.#costOf(message));
  }

  /** Up to the first one that has to be inflated, and none behind that one. */
  #handOver(): Buffer[] {
    if (this.#inflates) return [];
    const compressed = this.#waiting.findIndex(isCompressed);
    this.#inflates = compressed !== -1;
    const handed = this.#waiting.splice(0, this.#inflates ? compressed + 1 : this.#waiting.length);
    this.#handed += handed.length;
    return handed;
  }

  /** Copies what belongs to the message that has begun; answers where the next one begins. */
  #fill(data: Buffer, at: number): number {
    if (this.#partial === undefined) {
      this.#hold(headBytes);
      this.#partial = Buffer.allocUnsafeSlow(headBytes);
    }
    let next = at + this.#copy(this.#partial, data, at);
    if (this.#filled === headBytes && this.#partial.length === headBytes) {
      const head = this.#partial;
      this.#hold(this.#costOf(head));
      this.#partial = Buffer.allocUnsafeSlow(headBytes + head.readUInt32BE(1));
      head.copy(this.#partial);
      next += this.#copy(this.#partial, data, next);
    }
    if (this.#filled < this.#partial.length) return next;
    this.#isWhole(this.#partial);
    this.#partial = undefined;
    this.#filled = 0;
    return next;
  }

  #copy(to: Buffer, from: Buffer, at: number): number {
    const copied = from.copy(to, this.#filled, at);
    this.#filled += copied;
    return copied;
  }
}

function isCompressed(head: Buffer): boolean {
  return head.readUInt8(0) === 1;
}
