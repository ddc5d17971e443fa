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
  t.strictSame(
    thumbprint.stdout.trim().split('\n'),
    jwks.keys.map(({ kid }: { kid: string }) => kid),
    'of the key that signs and of the next one',
  );
});

t.test('the set is public, complete, and kept as its headers say', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const get = (headers = {}, method = 'GET') => authority.call(method, '/.well-known/jwks.json', { headers });
  const { status, headers, body } = await get();
  t.equal(status, 200);
  t.equal(headers.get('cache-control'), 'public, max-age=300, stale-while-revalidate=60');
  t.match(headers.get('content-type'), /^application\/json/);
  t.equal(body.keys.length, 2);
  for (const { x, y, kid, ...others } of body.keys) {
    t.strictSame(others, { kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' }, 'no private member');
    t.strictSame([x.length, y.length, kid.length], [43, 43, 43]);
  }
  const etag = headers.get('etag') ?? '';
  t.match(etag, /^"[A-Za-z0-9_-]{43}"$/, 'strong');
  for (const known of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
    const unchanged = await get({ 'if-none-match': known });
    t.strictSame([unchanged.status, unchanged.body], [304, ''], known);
    t.equal(unchanged.headers.get('etag'), etag);
    t.equal(unchanged.headers.get('cache-control'), headers.get('cache-control'), 'RFC 9110 §15.4.5');
  }
  for (const other of ['"x"', etag.slice(1), etag.slice(0, -1), etag.toUpperCase()]) {
    const answer = await get({ 'if-none-match': other });
    t.strictSame([answer.status, answer.body], [200, body], other);
    const constant = ([name]: [string, string]) => !['x-request-id', 'date'].includes(name);
    const [early, ofRoute] = [headers, answer.headers].map((each) => [...each].filter(constant).sort());
    t.strictSame(early, ofRoute, 'with and without the framework');
  }
  const head = await get({}, 'HEAD');
  t.strictSame([head.status, head.body, head.headers.get('etag')], [200, '', etag]);

  await authority.authority.operations.rotateKey({ name: 'operator' });
  const after = await get({ 'if-none-match': etag });
  t.equal(after.status, 200, 'after a rotation it is another set');
  t.equal(after.body.keys.length, 3);
  t.not(after.headers.get('etag'), etag);
});
