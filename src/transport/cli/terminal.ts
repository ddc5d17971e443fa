/**
 * The output of this process's commands. Data goes to standard output: a table on a terminal, otherwise tab-separated lines at
 * once. Messages go to standard error; on a terminal the last line shows progress.
 */
import type { WriteStream } from 'node:tty';
import type { Clock } from '@countersign/verifier/clock';
import type { Output } from './control.ts';
import { aligned, tableOf } from './table.ts';

/** `isTTY` and `columns` exist only on a terminal. */
export type Stream = Pick<NodeJS.WritableStream, 'write'> & Partial<Pick<WriteStream, 'isTTY' | 'columns'>>;

export interface TerminalOutput extends Output {
  /** Sets the titles of the following table. */
  titles(columns: readonly string[]): void;
  /** The input was read: from here on a terminal shows how long the command takes. */
  begin(): void;
  /** Prints what is held back, and takes the progress away. */
  end(): void;
}

const redrawMilliseconds = 1_000;
const clearLine = '\r\u001b[K';

export function createTerminalOutput(
  stdout: Stream,
  stderr: Stream,
  clock: Pick<Clock, 'monotonic' | 'every'>,
): TerminalOutput {
  const status = createStatusLine(stderr, clock);
  let titles: readonly string[] = [];
  const held: (readonly string[])[] = [];
  const print = (line: string) => {
    status.clear();
    stdout.write(`${line}\n`);
  };
  const release = () => {
    const rows = held.splice(0);
    // A terminal of unknown width reports 0.
    const width = stdout.columns || Number.POSITIVE_INFINITY;
    for (const line of titles.length > 0 ? tableOf(rows, titles, width) : aligned(rows)) print(line);
  };
  return {
    out(line) {
      // Held: column widths need all rows.
      if (stdout.isTTY && line.includes('\t')) return void held.push(line.split('\t'));
      release();
      print(line);
    },
    err(line) {
      release();
      status.clear();
      stderr.write(`${line}\n`);
    },
    progress: status.say,
    begin: status.begin,
    titles(columns) {
      titles = columns;
    },
    end() {
      release();
      status.end();
    },
  };
}

/** A terminal's last line, rewritten each second: the step and its duration. Silent without a terminal. */
function createStatusLine(stream: Stream, clock: Pick<Clock, 'monotonic' | 'every'>) {
  let began = clock.monotonic();
  let words = 'Working';
  let isShown = false;
  const draw = () => {
    const seconds = Math.floor((clock.monotonic() - began) / 1000);
    const line = `${words}, ${seconds} s`;
    stream.write(`${clearLine}${line.slice(0, (stream.columns || 80) - 1)}`);
    isShown = true;
  };
  let cancel = () => {};
  const clear = () => {
    if (isShown) stream.write(clearLine);
    isShown = false;
  };
  return {
    /** From here on, when nobody types any more. */
    begin(): void {
      began = clock.monotonic();
      if (stream.isTTY) cancel = clock.every(redrawMilliseconds, draw);
    },
    say(progress: string): void {
      words = progress;
      if (stream.isTTY) draw();
    },
    clear,
    end(): void {
      cancel();
      clear();
    },
  };
}
