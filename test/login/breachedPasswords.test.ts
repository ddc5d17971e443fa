/** Passwords of public breaches, in files as others publish them. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { openBreachedPasswords } from '../../src/login/passwords/breachedPasswords.ts';
import { startAuthority } from '../support/authority.ts';

const sha1 = (text: string) => createHash('sha1').update(text).digest('hex').toUpperCase();
const breached = Array.from({ length: 5_000 }, (_, number) => `a breached pass phrase ${number}`);
const hashes = breached.map(sha1).sort();
/** The first and the last of the file. */
const ends = breached.filter((password) => [hashes[0], hashes.at(-1)].includes(sha1(password)));

async function aFolder(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'breached-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function sortedFile(t: Test, end = '\n', last = end): Promise<string> {
  const path = join(await aFolder(t), 'pwned.txt');
  await writeFile(path, hashes.map((hash, index) => `${hash}:${index + 1}`).join(end) + last);
  return path;
}

/** One file for each prefix, as a downloader makes them. */
async function ranges(t: Test): Promise<string> {
  const folder = await aFolder(t);
  for (const [prefix, members] of byPrefix())
    await writeFile(join(folder, `${prefix}.txt`), members.map((hash) => `${hash.slice(5)}:3\r\n`).join(''));
  return folder;
}

function byPrefix(): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const hash of hashes) groups.set(hash.slice(0, 5), [...(groups.get(hash.slice(0, 5)) ?? []), hash]);
  return groups;
}

t.test('a sorted file, whatever its line ends: each is found, and no other', async (t) => {
  for (const [name, path] of [
    ['LF', await sortedFile(t)],
    ['CRLF', await sortedFile(t, '\r\n')],
    ['no line end after the last', await sortedFile(t, '\n', '')],
  ] as const) {
    const list = await openBreachedPasswords(path);
    const known = [...breached.slice(0, 200), ...ends];
    const found = await Promise.all(known.map((password) => list.includes(password)));
    t.ok(found.every(Boolean), `${name}: all are found`);
    const others = Array.from({ length: 100 }, () => randomBytes(12).toString('hex'));
    t.strictSame(
      new Set(await Promise.all(others.map((other) => list.includes(other)))),
      new Set([false]),
      name,
    );
  }
});

t.test('a folder of ranges', async (t) => {
  const folder = await ranges(t);
  const list = await openBreachedPasswords(folder);
  for (const password of breached.slice(0, 50)) if (!(await list.includes(password))) t.fail(password);
  const withRange = sha1(breached[0] as string).slice(0, 5);
  await rm(join(folder, `${withRange}.txt`));
  await t.rejects(list.includes(breached[0] as string), {
    code: 'unavailable',
    reason: 'breached_passwords',
  });
});

t.test('what is no such list does not start', async (t) => {
  const folder = await aFolder(t);
  const [words, unsorted, empty] = ['words', 'unsorted', 'empty'].map((name) => join(folder, name)) as [
    ...[string, string, string],
  ];
  await writeFile(words, 'password\n123456\n');
  await writeFile(unsorted, `${hashes.at(-1)}:1\n${hashes[0]}:1\n`);
  await writeFile(empty, '');
  const nothing = join(folder, 'folder');
  await mkdir(nothing);
  for (const path of [words, unsorted, empty, nothing])
    await t.rejects(
      openBreachedPasswords(path),
      { name: 'StartupError', message: /^BREACHED_PASSWORDS: / },
      path,
    );
});

t.test('nobody may choose one, over HTTP', async (t) => {
  const authority = await startAuthority({ env: { BREACHED_PASSWORDS: await sortedFile(t) } });
  t.teardown(() => authority.stop());
  const register = (password: string) =>
    authority.call('POST', '/auth/register', { body: { email: 'ada@example.com', password } });
  t.match(await register(breached[17] as string), {
    status: 400,
    body: { code: 'password_refused', errors: [{ field: 'password', rule: 'breached' }] },
  });
  t.equal((await register(`${breached[17]}, changed`)).status, 201);
});
