/** nginx asks the authority before it shows a file (`auth_request`), as docs/proxies.md configures it. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { startAuthority } from '../../support/authority.ts';
import { inCheckout } from '../../support/checkout.ts';
import { createHttpClient } from '../../support/clients.ts';
import { freePort } from '../../support/freePort.ts';
import { startNginx } from '../../support/nginx.ts';

t.test('a file is shown to whoever is logged in, and to nobody after a logout', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const root = t.testdir();
  await mkdir(join(root, 'reports'));
  await writeFile(join(root, 'reports/july.txt'), 'sold: 7');
  const page = await readFile(inCheckout('docs/proxies.md'), 'utf8');
  const blocks = [...page.matchAll(/^```nginx\n(.*?)^```$/gms)].map(([, text = '']) => text);
  const written = blocks.find((text) => text.includes('auth_request')) ?? '';
  for (const header of ['X-Forwarded-For $remote_addr', 'Host $host', 'Connection ""'])
    t.match(written, `proxy_set_header ${header};`, 'a header of its own leaves none of those of the server');
  const port = await freePort();
  const nginx = await startNginx(`
    upstream countersign_http { server 127.0.0.1:${authority.httpPort}; }
    server { listen 127.0.0.1:${port}; ${written.replace('/srv/www', root)} }`);
  t.teardown(() => nginx.stop());
  const call = createHttpClient(`http://127.0.0.1:${port}`);
  const file = async (token?: string) => {
    const options = token === undefined ? {} : { token };
    const { status, body } = await call('GET', '/reports/july.txt', options);
    return status === 200 ? body : status;
  };

  await authority.register('ada@example.com');
  const { access_token: token } = await authority.login('ada@example.com');
  t.equal(await file(token), 'sold: 7');
  t.equal(await file(), 401, 'without a token');
  t.equal(await file(`${token}x`), 401, 'with a forged one');
  t.equal((await call('GET', '/countersign-check', { token })).status, 404, 'nobody else asks there');
  t.equal((await authority.call('POST', '/auth/logout', { token })).status, 204);
  t.equal(await file(token), 401, 'after the logout');
  const { access_token: other } = await authority.login('ada@example.com');
  t.equal(await file(other), 'sold: 7');
  await authority.authority.close();
  t.equal(await file(other), 500, 'and nothing when nobody can tell');
});
