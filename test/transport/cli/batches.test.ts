/** A file in batches of lines: whatever its line ends, its chunks and its size. */
import { Readable } from 'node:stream';
import t from 'tap';
import { batchesOf, type LineBatch } from '../../../src/transport/cli/batches.ts';
import { cliLimits } from '../../../src/transport/cli/limits.ts';

async function read(...chunks: readonly (string | Uint8Array)[]): Promise<readonly LineBatch[]> {
  const bytes = chunks.map((chunk) => Buffer.from(chunk as string));
  return Readable.from(batchesOf(Readable.from(bytes))).toArray();
}

t.test('lines are lines, whoever wrote the file', async (t) => {
  const expected = [{ lines: ['a', '', 'ü'], firstLine: 1 }];
  for (const [what, text] of [
    ['line feeds', 'a\n\nü\n'],
    ['no last line end', 'a\n\nü'],
    ['of Windows', 'a\r\n\r\nü\r\n'],
    ['with a byte-order mark', '\uFEFFa\n\nü\n'],
    ['both', '\uFEFFa\r\n\r\nü'],
  ] as const) {
    t.strictSame(await read(text), expected, what);
    const bytes = [...Buffer.from(text)].map((byte) => Uint8Array.of(byte));
    t.strictSame(await read(...bytes), expected, `${what}, byte by byte`);
  }
  t.strictSame(await read(), [], 'nothing');
  t.strictSame(await read('\n'), [{ lines: [''], firstLine: 1 }]);
});

t.test('bytes that are no UTF-8 can be seen', async (t) => {
  const [batch] = await read(Uint8Array.of(0x22, 0xff, 0x22, 0x0a));
  t.strictSame(batch?.lines, ['"\uFFFD"']);
});

t.test('a batch has so many lines and bytes, and their numbers go on', async (t) => {
  const many = await read('x\n'.repeat(2 * cliLimits.batchLines + 1));
  t.strictSame(
    many.map(({ lines, firstLine }) => [lines.length, firstLine]),
    [
      [cliLimits.batchLines, 1],
      [cliLimits.batchLines, cliLimits.batchLines + 1],
      [1, 2 * cliLimits.batchLines + 1],
    ],
  );
  const half = `${'x'.repeat(cliLimits.batchBytes / 2)}\n`;
  t.strictSame(
    (await read(half, half, half)).map(({ lines, firstLine }) => [lines.length, firstLine]),
    [
      [2, 1],
      [1, 3],
    ],
  );
});

t.test('of a line without end only so much is kept as shows that it is too long', async (t) => {
  const chunk = Buffer.alloc(1_000_000, 'x');
  const batches = await read(...Array(50).fill(chunk), '\nnext\n');
  t.strictSame(
    batches.map(({ lines, firstLine }) => [firstLine, ...lines.map(({ length }) => length)]),
    [
      [1, cliLimits.batchBytes + 1],
      [2, 4],
    ],
  );
});
