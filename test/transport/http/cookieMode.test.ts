/**
 * Cookie mode in a real Chromium, with the code that docs/browsers.md gives to pages: what a server cannot see is whether a
 * browser takes the cookie, to whom it sends it, and what it forgets.
 */
import { readFile } from 'node:fs/promises';
import type { BrowserContext, Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { refreshCookieName } from '../../../src/sessions/refreshCookie.ts';
import { password, startAuthority, type TestAuthority } from '../../support/authority.ts';
import { inCheckout } from '../../support/checkout.ts';
import { startChromium } from '../../support/chromium.ts';
import { eventually } from '../../support/eventually.ts';
import { type SeenRequest, type Site, startSite } from '../../support/site.ts';

const guide = await readFile(inCheckout('docs/browsers.md'), 'utf8');
const [, pageCode = ''] = /```js\n(.*?)```/s.exec(guide) ?? [];
const email = 'alice@example.com';
const browser = await startChromium();
t.teardown(() => browser.close());

/** Refreshes when it is loaded; `loaded` becomes the access token, or the code of the refusal. */
const appPage = `<!doctype html><title>app</title><script type="module">
import * as session from './session.js';
window.session = session;
window.loaded = await session.refresh().catch((error) => error.message);
</script>`;

interface World {
  readonly authority: TestAuthority;
  /** The page and the authority at one origin. */
  readonly home: Site;
  /** A page of another origin of the same site, which is listed. */
  readonly sibling: Site;
  /** A page that is not listed: by its port of the same site, by the name `localhost` of another. */
  readonly foreign: Site;
  readonly context: BrowserContext;
  readonly origin: string;
}

async function start(t: Test): Promise<World> {
  let port = 0;
  const home = await startSite({ '/': appPage, '/session.js': pageCode }, () => port);
  const origin = `http://127.0.0.1:${home.port}`;
  const codeElsewhere = pageCode.replace(
    'fetch(path, {',
    `fetch('${origin}' + path, { credentials: 'include',`,
  );
  const sibling = await startSite({ '/': appPage, '/session.js': codeElsewhere });
  const foreign = await startSite({
    '/': '<!doctype html><title>foreign</title><body></body>',
  });
  const env = { ISSUER: origin, CORS_ORIGINS: `http://127.0.0.1:${sibling.port}` };
  const authority = await startAuthority({ env });
  port = authority.httpPort;
  const context = await browser.newContext();
  t.teardown(async () => {
    await context.close();
    await Promise.all([home, sibling, foreign].map((site) => site.stop()));
    await authority.stop();
  });
  await authority.register(email);
  return { authority, home, sibling, foreign, context, origin };
}

/** A page that was loaded, and what its first refresh gave. */
async function open(context: BrowserContext, url: string): Promise<readonly [page: Page, loaded: string]> {
  const page = await context.newPage();
  await page.goto(url);
  return [page, await loaded(page)];
}

async function loaded(page: Page): Promise<string> {
  await page.waitForFunction('window.loaded !== undefined');
  return page.evaluate('window.loaded');
}

const logIn = (page: Page) => page.evaluate<string>(`session.login('${email}', '${password}')`);
const cookieOf = async (context: BrowserContext) =>
  (await context.cookies()).find(({ name }) => name === refreshCookieName);

t.test('log in, reload, refresh, two tabs at once, log out', async (t) => {
  const { authority, home, context, origin } = await start(t);
  const { call } = authority;
  const [page, first] = await open(context, origin);
  t.equal(first, 'token_required', 'nobody is logged in');

  const login = await logIn(page);
  t.equal((await call('GET', '/auth/me', { token: login })).status, 200);
  const cookie = await cookieOf(context);
  t.match(cookie, { httpOnly: true, secure: true, sameSite: 'Strict', path: '/', domain: '127.0.0.1' });
  t.equal(await page.evaluate('document.cookie'), '', 'no script sees it');

  await page.reload();
  const reloaded = await loaded(page);
  t.equal((await call('GET', '/auth/me', { token: reloaded })).status, 200, 'a reload keeps the session');
  t.not((await cookieOf(context))?.value, cookie?.value, 'with the next cookie');
  t.match(await page.evaluate('session.refresh()'), /^eyJ/, 'a refresh');

  const [second] = await open(context, origin);
  const before = (await cookieOf(context))?.value;
  home.holdUntil('/auth/refresh', 2);
  // Without the lock of the guide, so that they do meet.
  const refresh = "send('/auth/refresh')";
  const tabs = [page, second];
  for (const tab of tabs) await tab.addScriptTag({ content: pageCode.replace(/^export .*$/gm, '') });
  const met = await Promise.all(tabs.map((tab) => tab.evaluate<string>(refresh)));
  const [one, other] = home.seen.slice(-2);
  t.strictSame(
    [one?.cookie, other?.cookie],
    [before, before].map((value) => `${refreshCookieName}=${value}`),
  );
  t.strictSame([one?.status, other?.status], [200, 200], 'both are answered');
  t.strictSame(
    one?.setCookie[0]?.split(';')[0],
    other?.setCookie[0]?.split(';')[0],
    'with the same successor',
  );
  for (const token of met) t.equal((await call('GET', '/auth/me', { token })).status, 200);
  for (const tab of tabs) t.match(await tab.evaluate('session.refresh()'), /^eyJ/, 'and both tabs go on');

  await page.evaluate("localStorage.setItem('draft', 'private')");
  await page.evaluate('session.logout()');
  t.match(home.seen.at(-1), { path: '/auth/logout', status: 204, clearSiteData: '"storage"' });
  t.equal(await cookieOf(context), undefined, 'the cookie is gone');
  t.equal(await page.evaluate("localStorage.getItem('draft')"), null, 'and what scripts have kept');
  for (const token of met) t.equal((await call('GET', '/auth/me', { token })).status, 401, 'logged out');
  await page.evaluate('session.logout()');
  t.equal(home.seen.at(-1)?.status, 204, 'logging out again');
  await second.reload();
  t.equal(await loaded(second), 'token_required', 'the other tab as well');
});

t.test('a listed page of the same site can do the same', async (t) => {
  const { authority, sibling, context } = await start(t);
  const [page] = await open(context, `http://127.0.0.1:${sibling.port}`);
  const token = await logIn(page);
  await page.reload();
  t.match(await loaded(page), /^eyJ/, 'a reload keeps the session');
  await page.evaluate('session.logout()');
  t.equal(await cookieOf(context), undefined);
  t.equal((await authority.call('GET', '/auth/me', { token })).status, 401);
});

/** Scripts of a foreign page, given the URL. What they come to know is of no interest, what they do is. */
const attacks: Readonly<Record<string, (url: string) => string>> = {
  'a form': (url) => form(url, 'application/x-www-form-urlencoded'),
  'a form that looks like JSON': (url) => form(url, 'text/plain'),
  'an empty fetch': (url) => blindFetch(url, {}),
  'a fetch of text': (url) => blindFetch(url, { body: JSON.stringify({ email, password }) }),
  'a fetch with the header': (url) => blindFetch(url, { mode: 'cors', headers: { 'countersign-csrf': '1' } }),
  'a fetch of JSON': (url) =>
    blindFetch(url, {
      mode: 'cors',
      headers: { 'countersign-csrf': '1', 'content-type': 'application/json' },
      body: JSON.stringify({ email, password }),
    }),
};

function form(url: string, type: string): string {
  const field = JSON.stringify({ email, password, x: '' }).slice(0, -2);
  // Each into a frame of its own: a navigation that begins would cancel the one before.
  return `{
    const make = (name, members) => document.body.appendChild(Object.assign(document.createElement(name), members));
    const target = crypto.randomUUID();
    make('iframe', { name: target });
    const form = make('form', { method: 'post', action: '${url}', enctype: '${type}', target });
    form.append(make('input', { name: ${JSON.stringify(field)}, value: '"}' }));
    form.submit();
  }`;
}

function blindFetch(url: string, init: object): string {
  const options = { method: 'POST', mode: 'no-cors', credentials: 'include', ...init };
  return `void fetch('${url}', ${JSON.stringify(options)}).catch(() => {})`;
}

function refusedRightly(t: Test, { method, site, cookie, status }: SeenRequest, name: string): void {
  if (method === 'OPTIONS') {
    t.strictSame([status, cookie], [404, undefined], `${name}: the browser asks, and is told no`);
  } else if (site === 'same-site') {
    t.strictSame([status, cookie !== undefined], [403, true], `${name}: comes with the cookie`);
  } else {
    t.ok([400, 401, 403, 415].includes(status), `${name}: ${status}`);
    t.equal(cookie, undefined, `${name}: comes without the cookie`);
  }
}

t.test('a foreign page is refused, and nothing happens', async (t) => {
  const { authority, home, foreign, context, origin } = await start(t);
  const [page] = await open(context, origin);
  const token = await logIn(page);
  const cookie = await cookieOf(context);
  for (const [host, site] of [
    ['127.0.0.1', 'same-site'],
    ['localhost', 'cross-site'],
  ] as const) {
    const attacker = await context.newPage();
    await attacker.goto(`http://${host}:${foreign.port}/`);
    for (const [what, script] of Object.entries(attacks)) {
      for (const path of ['/auth/login?cookie', '/auth/refresh', '/auth/logout']) {
        const already = home.seen.length;
        await attacker.evaluate(script(origin + path));
        const name = `${site}: ${what} to ${path}`;
        const answer = await eventually(name, () => home.seen[already]);
        t.match(answer, { path, site, setCookie: [], clearSiteData: undefined }, name);
        refusedRightly(t, answer, name);
      }
    }
    await attacker.close();
  }
  const asked = home.seen.filter(({ method }) => method === 'OPTIONS').length;
  t.equal(asked, 2 * 3 * 2, 'fetches with the header or JSON did not come further than their question');
  t.equal((await cookieOf(context))?.value, cookie?.value, 'the cookie is as it was');
  const { body } = await authority.call('GET', '/auth/sessions', { token });
  t.equal(body.sessions.length, 1, 'nobody was logged in, nobody out');
  t.match(await page.evaluate('session.refresh()'), /^eyJ/);
});
