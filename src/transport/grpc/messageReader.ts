/**
 * Replaces the library's message reader: each method has its own maximum, refused by a message's first five bytes, and the memory
 * of unread messages is counted. Partial messages are copied: a slice would keep everything that arrived with it. Compressed
 * messages are handed over one at a time, because the library inflates each at once.
 */
import { AuthorityError } from '@countersign/verifier/errors';

/** One byte of flags, four bytes of length (gRPC over HTTP/2, "Length-Prefixed-Message"). */
export const headBytes = 5;

/** The messages a method takes. */
export interface MessageRules {
  /** The longest, also after inflating. */
  readonly requestBytes: number;
  /** More than one message. */
  readonly streams: boolean;
  readonly mayCompress: boolean;
}

export interface Memory {
  /** Throws when there is no memory for so many more bytes. */
  hold(bytes: number): void;
  release(bytes: number): void;
}

export class MessageReader {
  readonly #rules: MessageRules;
  readonly #memory: Memory;
  #begun = false;
  /** An incomplete message; undefined between two. */
  #partial: Buffer | undefined;
  #filled = 0;
  /** Complete, not yet handed over. */
  #waiting: Buffer[] = [];
  /** Messages in the library, and whether the last is being inflated. */
  #handed = 0;
  #inflates = false;
  /** Bytes of all messages, and of each complete one. */
  #held = 0;
  #costs: number[] = [];

  constructor(rules: MessageRules, memory: Memory) {
    this.#rules = rules;
    this.#memory = memory;
  }

  /** Returns the messages that can be read now, with their heads. Throws `AuthorityError` for a forbidden message. */
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

  /** The first one is in use. Returns whether writing nothing releases more. */
  arrived(): boolean {
    this.#release(this.#costs.shift() ?? 0);
    this.#handed -= 1;
    if (this.#handed === 0) this.#inflates = false;
    return this.#handed === 0 && this.#waiting.length > 0;
  }

  /** Whether complete messages are unread. */
  isBusy(): boolean {
    return this.#handed > 0 || this.#waiting.length > 0;
  }

  /** No more will come, and the received ones are in use or dropped. */
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

  /** The end of the message that begins at `at`; beyond the data when its head is incomplete. */
  #endAt(data: Buffer, at: number): number {
    if (this.#partial !== undefined || data.length - at < headBytes) return Number.POSITIVE_INFINITY;
    return at + headBytes + data.readUInt32BE(at + 1);
  }

  /** Memory for a message with this head. Throws for a forbidden message. */
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
    // Its inflated size is unknown: a kilobyte may become a megabyte.
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

  /** Hands over messages up to the first compressed one. */
  #handOver(): Buffer[] {
    if (this.#inflates) return [];
    const compressed = this.#waiting.findIndex(isCompressed);
    this.#inflates = compressed !== -1;
    const handed = this.#waiting.splice(0, this.#inflates ? compressed + 1 : this.#waiting.length);
    this.#handed += handed.length;
    return handed;
  }

  /** Copies the rest of the partial message; returns where the next one begins. */
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
