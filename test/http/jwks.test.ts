/** Another implementation of JOSE, Debian's `jose`, agrees with ours about keys and tokens. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { startAuthority } from '../support/authority.ts';
import { claimsOf } from '../support/clients.ts';

const run = promisify(execFile);

t.test('the published keys verify a token, and kid is the RFC 7638 thumbprint', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const folder = await mkdtemp(join(tmpdir(), 'jose-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await authority.register('alice@example.com');
  const { access_token: token } = await authority.login('alice@example.com');
  const { body: jwks } = await authority.call('GET', '/.well-known/jwks.json');
  const [keys, good, bad] = ['jwks.json', 'good.jws', 'bad.jws'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  await writeFile(keys, JSON.stringify(jwks));
  await writeFile(good, token);
  const [header, payload, signature] = token.split('.') as [string, string, string];
  await writeFile(bad, [header, payload, signature.split('').reverse().join('')].join('.'));

  const verified = await run('jose', ['jws', 'ver', '-i', good, '-k', keys, '-O', '-']);
  t.strictSame(JSON.parse(verified.stdout), claimsOf(token));
  await t.rejects(run('jose', ['jws', 'ver', '-i', bad, '-k', keys, '-O', '-']), 'a changed signature');
  const thumbprint = await run('jose', ['jwk', 'thp', '-a', 'S256', '-i', keys]);
  t.equal(thumbprint.stdout.trim(), jwks.keys[0].kid);
});
