/**
 * What `npm run bench` refuses, in one line and before it compiles anything; that it knows each case; and that a case which fails
 * costs the others nothing.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { cases } from '../../bench/cases.ts';
import { startChild } from '../../bench/load/child.ts';
import { runCases } from '../../bench/main.ts';
import { quickEffort } from '../../bench/measure.ts';
import { inCheckout } from '../support/checkout.ts';
import { eventually } from '../support/eventually.ts';
import { startProcess } from '../support/process.ts';

interface Options {
  readonly names: readonly string[];
  readonly quick: boolean;
  readonly scale: number;
}

const { readOptions, usualCases, longCases } = (await import(
  pathToFileURL(inCheckout('scripts/benchOptions.mjs')).href
)) as {
  readOptions(parameters: readonly string[]): Options;
  usualCases: readonly string[];
  longCases: readonly string[];
};

async function bench(parameters: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const started = startProcess(process.execPath, [inCheckout('scripts/bench.mjs'), ...parameters], { env });
  const { code } = await started.exited;
  return { code, lines: started.stdout().trim().split('\n'), errors: started.stderr() };
}

t.test('each case that may be named is there, and no other', async (t) => {
  t.strictSame([...usualCases, ...longCases], Object.keys(cases));
});

t.test('parameters', async (t) => {
  t.strictSame(readOptions([]), { names: usualCases, quick: false, scale: 1 });
  t.match(readOptions(['--quick']), { quick: true, scale: 0.1 }, 'the quick cases, with a tenth of the data');
  t.strictSame(readOptions(['growth', '--scale=0.01']), { names: longCases, quick: false, scale: 0.01 });
  for (const scale of ['0', '2', '-1', 'x', ''])
    t.throws(() => readOptions([`--scale=${scale}`]), {
      message: /^--scale=.*: must be above 0 and at most 1\.$/,
    });
});

t.test('an unknown case is one line that names the others', async (t) => {
  for (const unknown of ['nonsense', '--fast']) {
    const { code, lines, errors } = await bench(['jwks', unknown]);
    t.match({ code, lines, errors }, { code: 1, errors: '' });
    t.equal(lines.length, 1);
    t.ok(lines[0]?.startsWith(`${unknown}: no such case. Cases: checks `), unknown);
  }
});

t.test('a missing tool is one line that says what to install', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'no-tools-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  // Without the commands of the system, but with Node.js.
  const { code, lines } = await bench(['jwks'], { PATH: folder });
  t.strictSame({ code, lines }, { code: 1, lines: ['The bench needs taskset: apt-get install util-linux'] });
});

const program = new URL('misbehavingCase.js', import.meta.url);
/** Of a process that is there and is none that ended and has not been waited for. */
const isRunning = (pid: number) => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

t.test('a case that fails is a row, and the others go on', async (t) => {
  const printed: string[] = [];
  const print = (line: string) => void printed.push(line);
  const { signal } = new AbortController();
  const parts = { caseMs: 60_000, endsAt: Number.POSITIVE_INFINITY, print, signal, program };
  const { rows, failed } = await runCases(['throws', 'ends', 'good'], quickEffort, parts);
  t.strictSame(failed, ['throws', 'ends']);
  t.match(
    rows.map(({ verdict }) => verdict),
    ['failed: a thing / of two lines', /^failed: its process ended \(1\) TypeError: nobody caught it$/, ''],
  );
  t.ok(printed.join('\n').includes('| throws | – |'), 'printed at once');
  t.notOk(existsSync(rows.at(-1)?.what ?? '/'), 'its folder is gone');
});

t.test('a case that does not end is stopped, with what it started', async (t) => {
  const printed: string[] = [];
  const { rows, failed } = await runCases(['hangs', 'good'], quickEffort, {
    ...{ caseMs: 5_000, endsAt: Number.POSITIVE_INFINITY, signal: new AbortController().signal, program },
    print: (line) => void printed.push(line),
  });
  t.strictSame(failed, ['hangs']);
  t.match(rows, [{ what: 'hangs', verdict: 'failed: not done in 5 s' }, { ours: '2' }]);
  const pid = Number(/hangs: (\d+)$/m.exec(printed.join('\n'))?.[1]);
  t.ok(pid > 0, 'it had started a process');
  await eventually('it has ended', () => !isRunning(pid));
});

t.test('a run that is interrupted begins no other case', async (t) => {
  const interruption = new AbortController();
  const { rows } = await runCases(['hangs', 'good'], quickEffort, {
    ...{ caseMs: 60_000, endsAt: Number.POSITIVE_INFINITY, signal: interruption.signal, program },
    print: (line) => /hangs: \d+$/.test(line) && interruption.abort(),
  });
  t.equal(rows.length, 1);
});

t.test('a run has its time, and says what was not done in it', async (t) => {
  const { signal } = new AbortController();
  const parts = { caseMs: 60_000, endsAt: 0, print: () => {}, signal, program };
  const { rows, failed } = await runCases(['good'], quickEffort, parts);
  t.strictSame(failed, ['good']);
  t.match(rows, [{ what: 'good', verdict: 'failed: the run has had its time' }]);
});

t.test('who waits for a process that ends hears it', async (t) => {
  const child = startChild(new URL('nothing.js', import.meta.url));
  await t.rejects(child.next(), { message: /^nothing\.js ended \(1\): [\s\S]*Cannot find module/ });
  await t.rejects(child.next(), 'also when it has ended before');
});

t.test('the processes of the bench are as users start them', async (t) => {
  const program = inCheckout('.build/test/support/process.js');
  const script = `import(${JSON.stringify(program)}).then(({ shortLived }) => console.log(shortLived.length))`;
  for (const [env, parameters] of [
    [{ LONG_LIVED: '1' }, '0'],
    [{}, '1'],
  ] as const) {
    const started = startProcess(process.execPath, ['-e', script], { env });
    await started.exited;
    t.equal(started.stdout().trim(), parameters);
  }
});
