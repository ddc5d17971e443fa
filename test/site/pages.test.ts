/** The account page and the console as documents: what they load, how large it is, and what the browser is told. */
import { readFileSync } from 'node:fs';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import t from 'tap';
import { openTab, startPageAuthority } from '../support/accountPage.ts';
import { inCheckout } from '../support/checkout.ts';
import { startChromium } from '../support/chromium.ts';

const { issuer, call, register } = await startPageAuthority(t);
const browser = await startChromium();
t.teardown(() => browser.close());
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; require-trusted-types-for 'script'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

/** Addresses that a document loads. */
const loaded = (text: string) =>
  [...text.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, address = '']) => address);

t.test('the stylesheet reads from right to left: it names no left and no right', (t) => {
  const style = readFileSync(inCheckout('packages/pages/src/style.css'), 'utf8');
  const rules = style.replaceAll(/\/\*.*?\*\//gs, '');
  t.strictSame(rules.match(/^.*\b(left|right|float)\b.*$/gm), null);
  t.match(rules, /inline-start/, 'it was read');
  t.end();
});

t.test('both pages load hashed files of ours, and nothing inline', async (t) => {
  for (const path of ['/account/', '/account/sessions', '/admin/', '/admin/users/x']) {
    const answer = await fetch(issuer + path);
    const text = await answer.text();
    t.equal(answer.status, 200, path);
    t.equal(answer.headers.get('content-security-policy'), policy, path);
    t.equal(answer.headers.get('x-frame-options'), 'DENY', path);
    t.equal(answer.headers.get('cache-control'), 'no-store', path);
    t.notMatch(text, /<style|<script(?! type="module" src=)| on\w+=|style=/, path);
    for (const address of loaded(text)) t.match(address, /^\/pages\/\w+-[\w-]{8}\.(js|css)$/, path);
  }
  t.equal((await fetch(`${issuer}/account`, { redirect: 'manual' })).headers.get('location'), '/account/');
});

t.test('files are compressed once, and kept by browsers', async (t) => {
  const [style = ''] = loaded(await (await fetch(`${issuer}/account/`)).text());
  const plain = readFileSync(inCheckout(style.replace('/pages', 'dist/pages')));
  const codings = { br: brotliDecompressSync, gzip: gunzipSync, identity: (bytes: Buffer) => bytes };
  for (const [accepted, coding] of [
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip, br;q=0', 'gzip'],
    ['gzip;q=0.5', 'gzip'],
    ['identity', 'identity'],
    ['x', 'identity'],
  ] as const) {
    const { body, headers } = await raw(style, accepted);
    t.equal(headers.get('content-encoding') ?? 'identity', coding, accepted);
    t.ok(codings[coding](body).equals(plain), accepted);
    t.match(headers.get('cache-control'), /immutable/);
    t.equal(headers.get('vary'), 'accept-encoding');
  }
  for (const name of [
    'pages.json',
    'LICENSES.txt',
    '..%2f..%2fpackage.json',
    'style.css',
    `${style.slice(7)}.br`,
  ])
    t.equal((await call('GET', `/pages/${name}`)).status, 404, name);
});

/** `fetch` would decompress. */
async function raw(path: string, accepted: string) {
  const { request } = await import('node:http');
  return new Promise<{ body: Buffer; headers: Headers }>((resolve, reject) => {
    request(issuer + path, { headers: { 'accept-encoding': accepted } }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('end', () =>
        resolve({
          body: Buffer.concat(parts),
          headers: new Headers(answer.headers as Record<string, string>),
        }),
      );
    })
      .on('error', reject)
      .end();
  });
}

t.test('the account page has at most 60 kB of script', async (t) => {
  const text = await (await fetch(`${issuer}/account/`)).text();
  const scripts = loaded(text).filter((address) => address.endsWith('.js'));
  const sizes = scripts.map((address) => readFileSync(inCheckout(`dist${address}.gz`)).length);
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  t.comment(`${bytes} bytes with gzip, in ${scripts.length} files`);
  t.ok(bytes > 5_000 && bytes <= 60_000, `${bytes}`);
});

t.test('GET / leads a browser to the pages, and a program to the interface', async (t) => {
  const json = await call('GET', '/');
  t.match(json.body, { account: '/account/', console: '/admin/', documentation: '/docs' });
  const page = await call('GET', '/', { headers: { accept: 'text/html,*/*', 'accept-language': 'de' } });
  t.match(page.headers.get('content-type'), /^text\/html/);
  t.match(page.body, /<html lang="de">.*<a href="\/account\/">Ihr Konto/s);
});

t.test('with an audience of its own for accounts', async (t) => {
  const own = await startPageAuthority(t, { ACCOUNT_AUDIENCE: 'accounts"of"<us>' });
  await own.register('ada@example.com');
  const { page, faults, signIn } = await openTab(browser, own.issuer);
  await signIn('/account/', 'ada@example.com');
  await page.getByText('ada@example.com').waitFor();
  t.strictSame(faults, []);
});

t.test('in a browser', async (t) => {
  await register('ada@example.com');
  const { page, faults, signIn } = await openTab(browser, issuer);
  await signIn('/account/', 'ada@example.com');
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  t.equal(await page.title(), 'Overview – Your account');
  await page.goto('/account/nowhere');
  await page.getByRole('heading', { name: 'There is nothing here' }).waitFor();
  await page.goto('/admin/');
  await page.getByRole('heading', { name: 'Effect' }).waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByText('You are signed out. No service accepts this session any more.').waitFor();
  const { cookies } = await page.context().storageState();
  t.strictSame(cookies, [], 'and the cookie is gone');
  t.strictSame(faults, []);

  const german = await openTab(browser, issuer, { locale: 'de-AT' });
  await german.page.goto('/account/');
  await german.page.waitForURL('**/sign-in?return_to=%2Faccount%2F');
  t.equal(await german.page.getAttribute('html', 'lang'), 'de');

  const without = await openTab(browser, issuer, { javaScriptEnabled: false });
  await without.page.goto('/account/');
  t.match(await without.page.textContent('body'), /This page needs JavaScript/);
});
