import t from 'tap';
import { createDeframer, frame } from '../../src/sdk/framing.ts';
import { guardLimits } from '../../src/sdk/limits.ts';
import { ProtocolFault } from '../../src/sdk/rpcError.ts';

const messages = ['', 'a', 'x'.repeat(70_000), 'end'];
const bytes = Buffer.concat(messages.map((text) => frame(Buffer.from(text))));

t.test('messages are the same, however they are cut', async (t) => {
  for (const size of [1, 2, 5, 6, 7, 1_000, 16_384, bytes.length]) {
    const deframe = createDeframer();
    const read: string[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      read.push(...deframe(bytes.subarray(at, at + size)).map(String));
    }
    t.strictSame(read, messages, `${size} bytes at once`);
  }
});

t.test('what is too large, or compressed, is refused before its bytes have come', async (t) => {
  const prefix = (length: number, flag = 0) => {
    const start = frame(new Uint8Array());
    start[0] = flag;
    start.writeUInt32BE(length, 1);
    return start;
  };
  t.strictSame(createDeframer()(prefix(guardLimits.messageBytes)), []);
  for (const start of [prefix(guardLimits.messageBytes + 1), prefix(2 ** 32 - 1), prefix(1, 1)]) {
    t.throws(() => createDeframer()(start), ProtocolFault);
  }
});
