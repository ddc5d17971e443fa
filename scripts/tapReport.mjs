/**
 * Turns the output of `tap run --reporter=tap` into a log for people: one line per file, and everything about failures.
 */

const begin = /^# Subtest: (?<name>.+)$/;
const end = /^(?<failed>not )?ok \d+ - (?<outcome>.+?)(?: # (?<note>.*))?$/;
/** Comes at the end of a failed file. */
const why = /^ {2}(exitCode|signal|expired): (?!null)/;
const counts = /^# \{ total: .*\}$/;
const uninteresting = /^\s+(ok \d|\d+\.\.\d+$|TAP version|# (Subtest: |time=))|^\s*$/;

/**
 * Answers tap's own counts of assertions.
 * @param {AsyncIterable<string>} lines
 * @param {(line: string) => void} print
 */
export async function reportTap(lines, print) {
  const total = { pass: 0, fail: 0 };
  let file = { lines: [] };
  for await (const line of lines) {
    if (begin.test(line)) file = { ...line.match(begin).groups, lines: [] };
    else if (end.test(line)) printFile({ ...file, ...line.match(end).groups }, print);
    else if (counts.test(line)) Object.assign(total, readCounts(line));
    else if (why.test(line)) print(line);
    else file.lines.push(line);
  }
  return total;
}

function printFile({ name, outcome, failed, note, lines }, print) {
  print(`${failed ? 'FAILED' : 'ok'} ${name ?? outcome}${note ? ` (${note})` : ''}`);
  if (failed) for (const line of lines) if (!uninteresting.test(line)) print(line);
}

function readCounts(line) {
  return Object.fromEntries(
    [...line.matchAll(/(\w+): (\d+)/g)].map(([, name, count]) => [name, Number(count)]),
  );
}
