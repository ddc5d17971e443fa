/** What `npm run bench` refuses, in one line and before it compiles anything; and that it knows each case. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { cases } from '../../bench/main.ts';
import { inCheckout } from '../support/checkout.ts';
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
  t.strictSame(readOptions(['growth', '--scale=0.01']), { names: ['growth'], quick: false, scale: 0.01 });
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
