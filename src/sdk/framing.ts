/** Messages in a gRPC stream: a byte that says whether it is compressed, four of length, and the message. */
import { guardLimits } from './limits.ts';
import { ProtocolFault } from './rpcError.ts';

const prefixBytes = 5;

export function frame(message: Uint8Array): Buffer {
  const framed = Buffer.alloc(prefixBytes + message.length);
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, prefixBytes);
  return framed;
}

/**
 * Takes bytes as they arrive, and answers the messages that are complete. Never keeps more than one message: throws
 * `ProtocolFault` as soon as the length of one is known to be too large.
 */
export function createDeframer(): (chunk: Buffer) => readonly Buffer[] {
  let chunks: Buffer[] = [];
  let kept = 0;
  let needed = prefixBytes;
  let inPrefix = true;

  const take = (): Buffer => {
    const all = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, kept);
    const taken = all.subarray(0, needed);
    chunks = [all.subarray(needed)];
    kept -= needed;
    return taken;
  };

  return (chunk) => {
    chunks.push(chunk);
    kept += chunk.length;
    const messages: Buffer[] = [];
    while (kept >= needed) {
      const taken = take();
      if (inPrefix) needed = lengthOf(taken);
      else {
        messages.push(taken);
        needed = prefixBytes;
      }
      inPrefix = !inPrefix;
    }
    return messages;
  };
}

function lengthOf(prefix: Buffer): number {
  // None was offered.
  if (prefix[0] !== 0) throw new ProtocolFault('a compressed message');
  const length = prefix.readUInt32BE(1);
  if (length > guardLimits.messageBytes) throw new ProtocolFault(`a message of ${length} bytes`);
  return length;
}
