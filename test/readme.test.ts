/** What the README and docs/ say is so: tables equal the code's, links lead somewhere, and the story runs. */
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorTable } from '@countersign/verifier/errors';
import t from 'tap';
import { settingsMarkdown } from '../src/platform/config/settingsText.ts';
import { checkout } from './support/checkout.ts';
import { freePort } from './support/freePort.ts';
import { newcomersFolder } from './support/newcomersFolder.ts';
import { startProcess } from './support/process.ts';
import { expectedOutput, storyOf } from './support/story.ts';

const root = checkout;
const read = (path: string) => readFile(join(root, path), 'utf8');
const toldBy = ['README.md', 'docs/verifying.md', 'docs/commands.md', 'docs/metrics.md'];
/** The story goes on from one to the next. */
const story = (await Promise.all(toldBy.map(read))).join('\n');
// npm and npx take a second or two for each command of the story.
t.setTimeout(150_000);

t.test('the table of settings is the one of the code', async (t) => {
  const [, table = ''] =
    /<!-- settings:begin -->\n(.*)<!-- settings:end -->/s.exec(await read('docs/settings.md')) ?? [];
  t.equal(table, settingsMarkdown());
});

t.test('docs/errors.md lists the codes of the error table', async (t) => {
  const rows = (await read('docs/errors.md')).split('\n').filter((line) => line.startsWith('| `'));
  const listed = rows.map((row) => row.split('|').slice(1, 5).join('|').trim());
  const expected = Object.entries(errorTable).map(
    ([code, { http, grpc, title }]) => `\`${code}\` | ${http} | \`${grpc}\` | ${title}`,
  );
  t.strictSame(listed, expected);
});

t.test('links inside the repository lead somewhere', async (t) => {
  const docs = (await readdir(join(root, 'docs'), { recursive: true })).filter((name) =>
    name.endsWith('.md'),
  );
  const files = ['README.md', 'CHANGELOG.md', ...docs.map((name) => join('docs', name))];
  const links = await Promise.all(files.map(async (file) => linksOf(file, await read(file))));
  t.ok(links.flat().length > 10);
  for (const { file, path, anchor } of links.flat()) {
    const target = path === '' ? file : join(dirname(file), path);
    t.ok(existsSync(join(root, target)), `${file}: ${path}`);
    if (anchor !== undefined)
      t.ok(anchorsOf(await read(target)).includes(anchor), `${file}: ${path}#${anchor}`);
  }
});

function linksOf(file: string, markdown: string) {
  const targets = [...markdown.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => target.split('#'))
    .map(([path = '', anchor]) => ({ file, path, anchor }));
}

function anchorsOf(markdown: string): readonly string[] {
  const titles = [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => title);
  return titles.map((title) => title.toLowerCase().replaceAll(' ', '-'));
}

t.test('every npm script that README and docs name exists', async (t) => {
  const { scripts } = JSON.parse(await read('package.json')) as { scripts: Record<string, string> };
  const named = story.matchAll(/\bnpm (?:run (?:--silent )?([a-z]+)|(start|test))\b/g);
  const names = new Set([...named].map(([, script, shortcut]) => script ?? shortcut ?? ''));
  t.ok(names.size >= 4);
  for (const name of names) t.hasProp(scripts, name);
});

t.test('the story runs, and prints what the README says', async (t) => {
  const cwd = await newcomersFolder(t);
  const ports = {
    HTTP_PORT: String(await freePort()),
    GRPC_PORT: String(await freePort()),
    OPERATIONS_PORT: String(await freePort()),
  };
  const demo = () => startProcess(process.execPath, ['scripts/demo.mjs'], { cwd, env: ports });
  const early = demo();
  t.strictSame(await early.exited, { code: 1, signal: null }, 'the demo needs an authority');
  t.match(
    early.stderr(),
    /^Nobody answers on http:\/\/127\.0\.0\.1:\d+\. Start it with npm start in another terminal\.\n$/,
  );

  const authority = startProcess(process.execPath, [join(root, 'dist/main.js')], { cwd, env: ports });
  t.teardown(() => authority.stop());
  await authority.waitForOutput(/Countersign is ready/);

  const shown = demo();
  t.strictSame(await shown.exited, { code: 0, signal: null }, `the demo runs: ${shown.stderr()}`);
  t.match(shown.stdout(), /Every step was as expected\.\n$/);

  const guardedPort = await freePort();
  const blocks = storyOf(
    story
      .replaceAll('127.0.0.1:8080', `127.0.0.1:${ports.HTTP_PORT}`)
      .replaceAll('127.0.0.1:50051', `127.0.0.1:${ports.GRPC_PORT}`)
      .replaceAll('127.0.0.1:9464', `127.0.0.1:${ports.OPERATIONS_PORT}`)
      .replaceAll(/127\.0\.0\.1:3000\b/g, `127.0.0.1:${guardedPort}`)
      .replaceAll('listen(3000,', `listen(${guardedPort},`),
  );
  for (const { file, text } of blocks) if (file !== undefined) await writeFile(join(cwd, file), text);
  const shellBlocks = blocks.filter(({ language }) => language === 'sh');
  const script = shellBlocks.map(({ text }) => text).join('');
  const expected = expectedOutput(script);
  t.ok(expected.length > 20);

  const shell = startProcess('bash', ['-euo', 'pipefail', '-c', script], { cwd });
  t.teardown(() => shell.stop());
  t.strictSame(await shell.exited, { code: 0, signal: null }, 'every command succeeds');
  const printed = shell.stdout().trimEnd().split('\n');
  for (const [index, line] of expected.entries()) t.match(printed[index], line);
  if (!t.equal(printed.length, expected.length)) t.comment(shell.stderr());
});
