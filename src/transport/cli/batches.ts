/**
 * Reads a file in batches of lines and runs a command for each, in turn: memory stays small, and each batch is done for good
 * when the next one begins.
 */
import { createReadStream } from 'node:fs';
import { StartupError } from '@countersign/verifier/errors';
import type { Batches } from './command.ts';
import type { CommandRequest, Output, RunCommand } from './control.ts';
import { cliLimits } from './limits.ts';

export interface LineBatch {
  /** Without line ends. */
  readonly lines: readonly string[];
  readonly firstLine: number;
}

/** Returns the exit code. Throws `StartupError` when the file cannot be read. */
export async function runBatches(
  { path, add, finish }: Batches,
  request: CommandRequest,
  {
    run,
    output,
    json,
    stdin,
  }: {
    readonly run: RunCommand;
    readonly output: Output;
    readonly json: boolean;
    readonly stdin: AsyncIterable<Uint8Array>;
  },
): Promise<number> {
  const collecting: Output = { ...output, out: (line) => add(line, output), progress: () => {} };
  for await (const { lines, firstLine } of batchesOf(path === '-' ? stdin : contentOf(path))) {
    const exit = await run({ ...request, input: lines.join('\n'), firstLine }, collecting);
    if (exit === 0) continue;
    output.err(`Stopped at line ${firstLine}. Run the same command again: what is done is not done twice.`);
    return exit;
  }
  return finish(output, json);
}

async function* contentOf(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path) as AsyncIterable<Uint8Array>;
  } catch (cause) {
    throw new StartupError(`FILE: ${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/** Batches of whole lines; of a line that is longer than a batch only so much that it is seen to be too long. */
export async function* batchesOf(content: AsyncIterable<Uint8Array>): AsyncGenerator<LineBatch> {
  let lines: string[] = [];
  let bytes = 0;
  let firstLine = 1;
  for await (const line of linesOf(content)) {
    const isFull = lines.length === cliLimits.batchLines || bytes + line.length > cliLimits.batchBytes;
    if (isFull && lines.length > 0) {
      yield { lines, firstLine };
      firstLine += lines.length;
      [lines, bytes] = [[], 0];
    }
    const text = new TextDecoder().decode(line);
    lines.push(text.replace(/\r$/, ''));
    bytes += line.length;
  }
  if (lines.length > 0) yield { lines, firstLine };
}

async function* linesOf(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const most = cliLimits.batchBytes + 1;
  let kept: Uint8Array[] = [];
  let length = 0;
  const keep = (bytes: Uint8Array) => {
    const fitting = bytes.subarray(0, most - length);
    if (fitting.length > 0) kept.push(fitting);
    length += fitting.length;
  };
  const take = () => {
    const line = Buffer.concat(kept);
    [kept, length] = [[], 0];
    return line;
  };
  for await (const chunk of content) {
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, start)) {
      keep(chunk.subarray(start, end));
      yield take();
      start = end + 1;
    }
    keep(chunk.subarray(start));
  }
  if (length > 0) yield take();
}

const lineFeed = 0x0a;
