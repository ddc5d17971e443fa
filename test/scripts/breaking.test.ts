/** The comparison of proto/ with the branch main: what breaks somebody is found, and a clone without main says so. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t, { type Test } from 'tap';
import { checkout, inCheckout } from '../support/checkout.ts';

interface Breaking {
  checkBreaking(options: { folder: string; say: (line: string) => void }): Promise<void>;
}

const root = checkout;
const script = pathToFileURL(inCheckout('scripts/breaking.mjs')).href;
const { checkBreaking } = (await import(script)) as Breaking;
const contract = 'proto/countersign/v1/token_service.proto';

/** A repository with our contract on its branch main; the commands are git's. */
function repository(t: Test) {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-breaking-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of ['proto', 'buf.yaml']) cpSync(join(root, name), join(folder, name), { recursive: true });
  const identity = [
    '-c',
    'user.name=Test',
    '-c',
    'user.email=test@example.com',
    '-c',
    'commit.gpgsign=false',
  ];
  const git = (...parameters: string[]) =>
    execFileSync('git', [...identity, ...parameters], { cwd: folder, stdio: 'pipe' });
  git('init', '-q', '-b', 'main');
  git('add', '.');
  git('commit', '-q', '-m', 'first');
  const change = (from: string, to: string) => {
    const path = join(folder, contract);
    const text = readFileSync(path, 'utf8');
    t.ok(text.includes(from));
    writeFileSync(path, text.replace(from, to));
  };
  const check = async (at = folder) => {
    const said: string[] = [];
    await checkBreaking({ folder: at, say: (line) => said.push(line) });
    return said.join('\n');
  };
  return { folder, git, change, check };
}

t.test('what breaks nobody is good', async (t) => {
  const { change, check } = repository(t);
  t.equal(await check(), '');
  change('  string jti = 1;', '  string jti = 1;\n  // Something new.\n  string more = 100;');
  t.equal(await check(), '');
});

t.test('what breaks somebody is named', async (t) => {
  const { change, check } = repository(t);
  change('  bool revoked = 1;', '  bool revoked = 7;');
  await t.rejects(check(), /IsRevokedResponse/);
});

t.test(
  'a clone has its remote’s main; one of another branch alone has none, and neither has a folder',
  async (t) => {
    const { folder, git, change, check } = repository(t);
    git('checkout', '-q', '-b', 'other');
    const clone = (name: string, ...parameters: string[]) => {
      git('clone', '-q', ...parameters, `file://${folder}`, join(folder, name));
      return join(folder, name);
    };
    t.equal(await check(clone('whole')), '');
    const shallow = clone('shallow', '--depth=1', '--single-branch', '--branch=other');
    t.match(await check(shallow), /nothing to compare with/);
    rmSync(join(shallow, '.git'), { recursive: true });
    rmSync(join(folder, '.git'), { recursive: true });
    t.match(await check(shallow), /nothing to compare with/);
    change('bool revoked = 1', 'bool revoked = 7');
    t.match(await check(), /nothing to compare with/);
  },
);

t.test('a main without a contract is nothing to compare with', async (t) => {
  const { git, check } = repository(t);
  git('checkout', '-q', '--orphan', 'empty');
  git('rm', '-rq', '--cached', '.');
  git('commit', '-q', '--allow-empty', '-m', 'empty');
  git('branch', '-qf', 'main');
  t.match(await check(), /has no contract/);
});
