/**
 * Takes the place of what the library reads messages with: each method has its own longest message, which is refused by its first five
 * bytes, and the memory of those that are not whole yet is counted. What has come of one is copied: a slice would keep alive
 * all that came with it from the network.
 */

/** One flag of compression, four bytes of length (gRPC over HTTP/2, "Length-Prefixed-Message"). */
const headBytes = 5;

export interface Memory {
  /** Throws when there is none for so many bytes more. */
  hold(bytes: number): void;
  release(bytes: number): void;
}

export class MessageReader {
  readonly #longest: number;
  readonly #memory: Memory;
  /** The beginning of a message; undefined between two. */
  #partial: Buffer | undefined;
  #filled = 0;
  /** Bytes of messages, whole ones and all. */
  #held = 0;

  constructor(longest: number, memory: Memory) {
    this.#longest = longest;
    this.#memory = memory;
  }

  /** The messages that are whole by now, each with its head. Throws when one is too long, as the library does. */
  write(data: Buffer): Buffer[] {
    const whole: Buffer[] = [];
    let at = 0;
    while (at < data.length) {
      const end = at + this.#length(data, at);
      if (this.#partial === undefined && end <= data.length) {
        this.#hold(end - at);
        whole.push(data.subarray(at, end));
        at = end;
      } else at = this.#fill(data, at, whole);
    }
    return whole;
  }

  /** The whole ones are in use now, or over. */
  handedOn(): void {
    this.#release(this.#held - (this.#partial?.length ?? 0));
  }

  forget(): void {
    this.#release(this.#held);
    this.#partial = undefined;
  }

  /** Of the message that begins there, its head included; more than there is when not even the head is whole. */
  #length(data: Buffer, at: number): number {
    if (this.#partial !== undefined || data.length - at < headBytes) return Number.POSITIVE_INFINITY;
    return headBytes + this.#checked(data.readUInt32BE(at + 1));
  }

  #checked(length: number): number {
    if (length <= this.#longest) return length;
    // These words of the library become `payload_too_large`.
    throw new Error(`Received message larger than max (${length} vs ${this.#longest})`);
  }

  #hold(bytes: number): void {
    this.#memory.hold(bytes);
    this.#held += bytes;
  }

  #release(bytes: number): void {
    this.#memory.release(bytes);
    this.#held -= bytes;
  }

  /** Copies what belongs to the message that has begun; answers where the next one begins. */
  #fill(data: Buffer, at: number, whole: Buffer[]): number {
    if (this.#partial === undefined) {
      this.#hold(headBytes);
      this.#partial = Buffer.allocUnsafeSlow(headBytes);
    }
    let next = at + this.#copy(this.#partial, data, at);
    if (this.#filled === headBytes && this.#partial.length === headBytes) {
      const head = this.#partial;
      const rest = this.#checked(head.readUInt32BE(1));
      this.#hold(rest);
      this.#partial = Buffer.allocUnsafeSlow(headBytes + rest);
      head.copy(this.#partial);
      next += this.#copy(this.#partial, data, next);
    }
    if (this.#filled < this.#partial.length) return next;
    whole.push(this.#partial);
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
