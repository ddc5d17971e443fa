/** Messages in a gRPC stream: a byte that says whether it is compressed, four of length, and the message. */
import { ProtocolFault } from './rpcError.ts';

const prefixBytes = 5;

export function frame(message: Uint8Array): Buffer {
  const framed = Buffer.alloc(prefixBytes + message.length);
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, prefixBytes);
  return framed;
}

/**
 * Takes bytes as they arrive, and answers the messages that are complete. Never keeps more than one message, and nothing of
 * the chunks that it came in, however small they are: throws `ProtocolFault` as soon as the length of one is known to be too
 * large.
 */
export function createDeframer(maximumBytes: number): (chunk: Buffer) => readonly Buffer[] {
  const prefix = Buffer.alloc(prefixBytes);
  /** What is being filled: the prefix, or the message behind it. */
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
  // None was offered.
  if (prefix[0] !== 0) throw new ProtocolFault('a compressed message');
  const length = prefix.readUInt32BE(1);
  if (length > maximumBytes) throw new ProtocolFault(`a message of ${length} bytes`);
  return length;
}
