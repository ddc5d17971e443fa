/** How commands print: tables and progress on a terminal, tabs or JSON elsewhere, and nothing to readers that have gone. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type CommandRequest, claimDataFolder, type Output } from '../../../src/transport/cli/control.ts';
import { tableOf } from '../../../src/transport/cli/table.ts';
import { copyOfEmbeddedDatabase } from '../../support/pglite.ts';
import { startProcess } from '../../support/process.ts';
import { distFolder } from '../../support/server.ts';

const program = `'${process.execPath}' '${join(distFolder, 'cli.js')}'`;

/** A folder with an authority on it that answers as the test says. */
async function aFolder(t: Test, answer: (request: CommandRequest, output: Output) => Promise<number>) {
  const dataDir = await copyOfEmbeddedDatabase();
  const claim = await claimDataFolder(dataDir);
  t.teardown(async () => {
    await claim.release();
    await rm(dataDir, { recursive: true, force: true });
  });
  claim.serve(answer);
  return dataDir;
}

/** On a terminal of its own, of so many columns. script(1) joins both outputs. */
function onTerminal(dataDir: string, columns: number, command: string) {
  const line = `stty cols ${columns}; ${program} ${command}`;
  return startProcess('script', ['-qec', line, '/dev/null'], { env: { DATA_DIR: dataDir } });
}

const kids = [
  ['k1', 'next', '2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z'],
  ['a-longer-kid', 'active', '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z'],
];
const wide = [
  'KID           STATE   CREATED                   SINCE',
  'k1            next    2026-01-01T00:00:00.000Z  2026-01-02T00:00:00.000Z',
  'a-longer-kid  active  2026-01-01T00:00:00.000Z  2026-01-01T00:00:00.000Z',
];
const narrow = [
  'KID      k1',
  'STATE    next',
  'CREATED  2026-01-01T00:00:00.000Z',
  'SINCE    2026-01-02T00:00:00.000Z',
  '',
  'KID      a-longer-kid',
  'STATE    active',
  'CREATED  2026-01-01T00:00:00.000Z',
  'SINCE    2026-01-01T00:00:00.000Z',
];

t.test('a list', async (t) => {
  const dataDir = await aFolder(t, async ({ argv }, { out, err }) => {
    err('Some words.');
    if (argv.includes('--json')) out(JSON.stringify({ kid: 'k\t1' }));
    else for (const row of kids) out(row.join('\t'));
    return 0;
  });
  for (const [columns, command, lines] of [
    [120, 'keys list', wide],
    [80, 'keys list', wide],
    [60, 'keys list', narrow],
    // As where a terminal does not know.
    [0, 'keys list', wide],
    [120, 'keys list --json', ['{"kid":"k\\t1"}']],
  ] as const) {
    const shown = onTerminal(dataDir, columns, command);
    t.strictSame(await shown.exited, { code: 0, signal: null });
    t.strictSame(
      withoutProgress(shown.stdout()),
      ['Some words.', ...lines],
      `${command}, ${columns} columns`,
    );
  }
  const piped = startProcess('bash', ['-c', `${program} keys list`], { env: { DATA_DIR: dataDir } });
  await piped.exited;
  t.equal(
    piped.stdout(),
    kids.map((row) => `${row.join('\t')}\n`).join(''),
    'a program gets tabs, and no titles',
  );
  t.equal(piped.stderr(), 'Some words.\n');
});

t.test('a table leaves out what is empty, and puts what is more below', async (t) => {
  const rows = [
    ['a', '-', 'x', 'token 1', 'token 2'],
    ['b', '', 'y', 'token 3'],
  ];
  const titles = ['NAME', 'EMPTY', 'LETTER', 'TOKENS'];
  t.strictSame(tableOf(rows, titles, 80), [
    'NAME  LETTER  TOKENS',
    'a     x       token 1',
    '              token 2',
    'b     y       token 3',
  ]);
  t.strictSame(tableOf(rows, titles, 15), [
    ...['NAME    a', 'LETTER  x', 'TOKENS  token 1', '        token 2', ''],
    ...['NAME    b', 'LETTER  y', 'TOKENS  token 3'],
  ]);
  t.strictSame(tableOf([], titles, 80), []);
});

t.test('progress', async (t) => {
  let finish = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const asked: CommandRequest[] = [];
  const dataDir = await aFolder(t, async (request, { out, progress }) => {
    asked.push(request);
    progress?.('Sealed again: the secrets of 5 sessions');
    if (asked.length === 1) await finished;
    out('7');
    return 0;
  });
  const shown = onTerminal(dataDir, 100, 'keys reseal');
  await shown.waitForOutput(/Sealed again: the secrets of 5 sessions, 0 s/);
  await shown.waitForOutput(/Sealed again: the secrets of 5 sessions, [1-9] s/);
  finish();
  t.strictSame(await shown.exited, { code: 0, signal: null });
  t.strictSame(withoutProgress(shown.stdout()), ['7'], 'at the end it is taken away');
  const piped = startProcess('bash', ['-c', `${program} keys reseal`], { env: { DATA_DIR: dataDir } });
  await piped.exited;
  t.strictSame([piped.stdout(), piped.stderr()], ['7\n', ''], 'a program sees none of it');
  t.strictSame(
    asked.map(({ progress = false }) => progress),
    [true, false],
    'nor is the authority asked for it',
  );
});

t.test('the reader of a pipe goes away', async (t) => {
  const dataDir = await aFolder(t, async (_, { out, err }) => {
    // More than a pipe holds.
    for (let line = 0; line < 5_000; line += 1) out(`${line}\t${'x'.repeat(50)}`);
    err('Some words.');
    return 0;
  });
  for (const [command, status] of [
    ['--help | head -1', '0 0'],
    ['2>&1 | head -1', '2 0'],
    ['serve --help | head -1', '0 0'],
    ['serve --help | true', '0 0'],
    ['audit list | head -1', '0 0'],
    ['audit list 2>&1 | head -1', '0 0'],
    ['audit list | true', '0 0'],
  ] as const) {
    const script = `${program} ${command}; echo "\${PIPESTATUS[*]}"`;
    const run = startProcess('bash', ['-c', script], { env: { DATA_DIR: dataDir } });
    t.strictSame(await run.exited, { code: 0, signal: null });
    t.equal(run.stdout().trimEnd().split('\n').at(-1), status, command);
    t.match(run.stderr(), /^(Some words\.\n)?$/, `${command}: quiet`);
  }
});

/** What stays on the screen: each line as it is after the last time that it was cleared. */
function withoutProgress(printed: string): readonly string[] {
  const lines = printed.trimEnd().split(/\r*\n/);
  return lines.map((line) => line.split('\r\u001b[K').at(-1) ?? '');
}
