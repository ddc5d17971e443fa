import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import t from 'tap';
import { createDeframer, frame } from '../../packages/guard/src/framing.ts';
import { guardLimits } from '../../packages/guard/src/limits.ts';
import { ProtocolFault } from '../../packages/guard/src/rpcError.ts';
import { eventually } from '../support/eventually.ts';

const messages = ['', 'a', 'x'.repeat(70_000), 'end'];
const bytes = Buffer.concat(messages.map((text) => frame(Buffer.from(text))));

t.test('messages are the same, however they are cut', async (t) => {
  for (const size of [1, 2, 5, 6, 7, 1_000, 16_384, bytes.length]) {
    const deframe = createDeframer(guardLimits.messageBytes);
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
  t.strictSame(createDeframer(guardLimits.messageBytes)(prefix(guardLimits.messageBytes)), []);
  for (const start of [prefix(guardLimits.messageBytes + 1), prefix(2 ** 32 - 1), prefix(1, 1)]) {
    t.throws(() => createDeframer(guardLimits.messageBytes)(start), ProtocolFault);
  }
});

t.test('of small pieces nothing is kept but their bytes', async (t) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const deframe = createDeframer(guardLimits.messageBytes);
  const message = frame(new Uint8Array(1_000));
  collect();
  const before = process.memoryUsage().arrayBuffers;
  const room = 64 * 1024;
  for (let at = 0; at < 500; at += 1) {
    const packet = Buffer.alloc(room);
    message.copy(packet, 0, at, at + 1);
    t.strictSame(deframe(packet.subarray(0, 1)), []);
  }
  const left = () => {
    collect();
    return process.memoryUsage().arrayBuffers - before;
  };
  await eventually('that their packets are given back', () => left() < 100 * room, 3_000);
  t.strictSame(deframe(message.subarray(500)), [message.subarray(5)]);
});
