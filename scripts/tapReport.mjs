/** Makes a log for people out of what `tap run --reporter=tap` prints: one line a file, and all about what failed. */

const file = /^(?<failed>not )?ok \d+ - (?<name>.+?)(?: # (?<note>.*))?$/;
const counts = /^# \{ total: .*\}$/;
const uninteresting = /^\s+(ok \d|\d+\.\.\d+$|# (Subtest: |time=))|^\s*$/;

/**
 * Answers tap's own counts of assertions.
 * @param {AsyncIterable<string>} lines
 * @param {(line: string) => void} print
 */
export async function reportTap(lines, print) {
  const total = { pass: 0, fail: 0 };
  let pending = [];
  for await (const line of lines) {
    const result = line.match(file)?.groups;
    if (result) {
      printFile(result, pending, print);
      pending = [];
    } else if (counts.test(line)) {
      for (const [, name, count] of line.matchAll(/(\w+): (\d+)/g)) total[name] = Number(count);
    } else {
      pending.push(line);
    }
  }
  return total;
}

function printFile({ failed, name, note }, lines, print) {
  print(`${failed ? 'FAILED' : 'ok'} ${name}${note ? ` (${note})` : ''}`);
  if (failed) for (const line of lines) if (!uninteresting.test(line)) print(line);
}
