/** Messages in a gRPC stream: one byte (compressed or not), four bytes of length, then the message. */
import { ProtocolFault } from './rpcError.ts';

const prefixBytes = 5;

export function frame(message: Uint8Array): Buffer {
  const framed = Buffer.alloc(prefixBytes + message.length);
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, prefixBytes);
  return framed;
}

/**
 * Takes bytes as they arrive and returns complete messages. Keeps at most one message and no references to chunks, however small
 * they are. Throws `ProtocolFault` as soon as a length is too large.
 */
export function createDeframer(maximumBytes: number): (chunk: Buffer) => readonly Buffer[] {
  const prefix = Buffer.alloc(prefixBytes);
  /** The part being filled: prefix or message. */
  let part = prefix;
  let filled = 0;

  return (chunk) => {
    const messages: Buffer[] = [];
    for (let at = 0; ; ) {
      const copied = chunk.copy(part, filled, at);
      at += copied;
      filled += copied;
      if (filled < part.length) return messages;
      filled = 0;
      if (part === prefix) {
        part = Buffer.allocUnsafe(lengthOf(prefix, maximumBytes));
      } else {
        messages.push(part);
        part = prefix;
      }
    }
  };
}

function lengthOf(prefix: Buffer, maximumBytes: number): number {
  // We offered no compression.
  if (prefix[0] !== 0) throw new ProtocolFault('a compressed message');
  const length = prefix.readUInt32BE(1);
  if (length > maximumBytes) throw new ProtocolFault(`a message of ${length} bytes`);
  return length;
}
