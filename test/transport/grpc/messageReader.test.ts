/** How messages are read: one of a unary call, one to be inflated at a time, and memory for what they may become. */
import { gzipSync } from 'node:zlib';
import { AuthorityError } from '@countersign/verifier/errors';
import t from 'tap';
import { MessageReader, type MessageRules } from '../../../src/transport/grpc/messageReader.ts';
import { frame } from '../../support/rawGrpc.ts';

const requestBytes = 1_000;
const head = 5;

function open(rules: Partial<MessageRules> = {}) {
  let held = 0;
  const add = (bytes: number) => {
    held += bytes;
  };
  const memory = { hold: add, release: (bytes: number) => add(-bytes) };
  const reader = new MessageReader({ requestBytes, streams: true, mayCompress: true, ...rules }, memory);
  return { reader, held: () => held };
}

const plain = (text: string) => frame(Buffer.from(text));
const packed = (text: string) => frame(gzipSync(text), { compressed: 1 });

/** Its code, or how many messages were handed over, whole and then byte by byte: how they are cut makes no difference. */
function outcomes(rules: Partial<MessageRules>, bytes: Buffer): readonly (string | number)[] {
  return [[bytes], [...bytes].map((byte) => Buffer.from([byte]))].map((pieces) => {
    const { reader } = open(rules);
    try {
      return pieces.reduce((count, piece) => count + reader.write(piece).length, 0);
    } catch (error) {
      return error instanceof AuthorityError ? error.code : String(error);
    }
  });
}

t.test('which messages there may be', async (t) => {
  for (const [what, rules, bytes, expected] of [
    ['one', { streams: false }, plain('a'), 1],
    [
      'the first byte of a second one',
      { streams: false },
      Buffer.concat([plain('a'), Buffer.alloc(1)]),
      'unimplemented',
    ],
    ['two on a stream', {}, Buffer.concat([plain('a'), plain('b')]), 2],
    ['a compressed one', { streams: false }, packed('a'), 1],
    ['a compressed one where there may be none', { mayCompress: false }, packed('a'), 'unimplemented'],
    ['the longest', {}, plain('x'.repeat(requestBytes)), 1],
    ['a longer one', {}, plain('x'.repeat(requestBytes + 1)), 'payload_too_large'],
  ] as const)
    t.strictSame(outcomes(rules, bytes), [expected, expected], what);
});

t.test('of compressed ones, the next is handed over when the one before was read', async (t) => {
  const { reader, held } = open();
  const all = [plain('a'), packed('b'), packed('c'), plain('d'), packed('e')];
  const first = reader.write(Buffer.concat(all));
  t.strictSame(first, all.slice(0, 2), 'up to the first compressed one');
  t.equal(reader.arrived(), false);
  t.strictSame(reader.write(plain('f')), [], 'nothing overtakes it');
  const later: Buffer[] = [];
  for (let handed = 1; handed > 0; ) {
    if (!reader.arrived()) break;
    const next = reader.write(Buffer.alloc(0));
    handed = next.length;
    later.push(...next);
    for (let read = 1; read < next.length; read += 1) t.equal(reader.arrived(), false);
  }
  t.strictSame(later, [...all.slice(2), plain('f')], 'all, in their order');
  t.equal(held(), 0);
});

t.test('what is compressed counts as the longest that it may become', async (t) => {
  const { reader, held } = open();
  const message = packed('x');
  reader.write(message.subarray(0, head));
  t.equal(held(), head + requestBytes, 'as soon as its head is there');
  reader.write(message.subarray(head));
  reader.write(plain('abc').subarray(0, head + 1));
  t.equal(held(), head + requestBytes + head + 3);
  t.equal(reader.arrived(), false);
  t.equal(held(), head + 3, 'until it was read');
  reader.forget();
  reader.forget();
  t.equal(held(), 0);
});
