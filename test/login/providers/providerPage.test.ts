/**
 * Sign-in with another provider in a real Chromium: what no test without a browser can see is whether a cookie that is `Strict` is set at
 * the end of a way through another site, and sent afterwards.
 */
import * as oidc from 'openid-client';
import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { refreshCookieName } from '../../../src/sessions/refreshCookie.ts';
import { startAuthority } from '../../support/authority.ts';
import { startChromium } from '../../support/chromium.ts';
import { startOidcProvider } from '../../support/oidcProvider.ts';
import { entryOf, newIssuer, providersFile, startAt } from '../../support/providerSignIn.ts';
import { startRelyingParty } from '../../support/relyingParty.ts';
import { claimsIn, enrolled } from '../../support/secondFactor.ts';
import { startSite } from '../../support/site.ts';

const browser = await startChromium();
t.teardown(() => browser.close());

const app = `<!doctype html><title>app</title>
<a id="in" href="/auth/providers/acme/start?return_to=/app">Sign in</a>
<a id="own" href="/auth/providers/acme/start?handle_to=/own">Sign in</a>
<script src="/main.js"></script>`;
const main = `const send = async (path, body, token) => {
  const headers = { 'content-type': 'application/json', 'countersign-csrf': '1' };
  if (token) headers.authorization = 'Bearer ' + token;
  const answer = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body ?? {}) });
  return { status: answer.status, ...(await answer.json()) };
};`;

/** The authority is at localhost, the provider at 127.0.0.1: another site. */
async function start(t: Test, label = 'ACME') {
  let port = 0;
  const site = await startSite(
    { '/app': app, '/app?a=b&c=d': app, '/own': app, '/main.js': main },
    () => port,
  );
  const issuer = `http://localhost:${site.port}`;
  const acme = await startOidcProvider(t, { redirectUris: [`${issuer}/auth/providers/acme/callback`] });
  const path = providersFile(t, [entryOf('acme', acme, { label })]);
  const authority = await startAuthority({ env: { ISSUER: issuer, PROVIDERS_FILE: path } });
  port = authority.httpPort;
  const context = await browser.newContext();
  t.teardown(async () => {
    await context.close();
    await site.stop();
    await authority.stop();
  });
  const tab = await context.newPage();
  const refused: string[] = [];
  tab.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) refused.push(message.text());
  });
  const cookies = async () => (await context.cookies(issuer)).map(({ name }) => name);
  await tab.goto(`${issuer}/app`);
  return { ...authority, issuer, site, acme, tab, cookies, refused, path };
}

// biome-ignore lint/suspicious/noExplicitAny: as different as the answers
const refresh = (tab: Page) => tab.evaluate<any>(`send('/auth/refresh')`);

t.test('through our own page, without script: the Strict cookie is set, and sent', async (t) => {
  const { tab, cookies, site, issuer, refused } = await start(t);
  await tab.click('#in');
  await tab.waitForURL(/\/sign-in\/provider\?handle=/);
  const callback = site.seen.find(({ path }) => path.includes('/callback?'));
  t.match(callback?.cookie, /^__Host-countersign-provider-/, 'the Lax cookie came with the redirect');
  t.equal(callback?.site, 'cross-site');
  t.strictSame(callback?.setCookie, [], 'no session begins there');
  await tab.click('button');
  await tab.waitForURL(`${issuer}/app`);
  t.strictSame(await cookies(), [refreshCookieName], 'and the attempt is gone');
  const done = site.seen.find(({ method }) => method === 'POST');
  t.equal(done?.site, 'same-origin');
  t.ok(done?.setCookie.some((cookie) => cookie.endsWith('SameSite=Strict')));
  const { status, access_token: token } = await refresh(tab);
  t.equal(status, 200, 'it is sent');
  t.match(claimsIn(token), { amr: ['fed'], acr: '1fa' });
  t.strictSame(refused, [], 'under a strict policy');
  t.equal(await tab.evaluate('document.cookie'), '');
});

t.test('through a page of the application, which gets the handle in its fragment', async (t) => {
  const { tab, cookies, issuer } = await start(t);
  await tab.click('#own');
  await tab.waitForURL(/\/own#provider_handle=ot_/);
  const completed = await tab.evaluate<{ readonly status: number; readonly refresh_token?: string }>(
    `send('/auth/providers/complete?cookie', { handle: location.hash.replace('#provider_handle=', '') })`,
  );
  t.match(completed, { status: 200, refresh_token: undefined });
  t.strictSame(await cookies(), [refreshCookieName]);
  t.equal((await refresh(tab)).status, 200);
  t.ok(tab.url().startsWith(issuer));
});

t.test('link from the account, then the second factor on our own page', async (t) => {
  const node = await start(t);
  const { tab, issuer, login, register } = node;
  await register('boss@example.com');
  const { access_token: token } = await login('boss@example.com');
  const { location } = await tab.evaluate<{ readonly location: string }>(
    `send('/auth/providers/acme/link', { return_to: '/app' }, ${JSON.stringify(token)})`,
  );
  await tab.goto(location);
  await tab.waitForURL(/about=link$/);
  t.match(await tab.textContent('p'), /this identity signs in to your account/);
  await tab.click('button');
  await tab.waitForURL(`${issuer}/app`);
  const { recoveryCodes } = await enrolled(node, 'boss@example.com', Date.now);

  await tab.click('#in');
  await tab.click('button');
  await tab.fill('#totp', '000000');
  await tab.click('form:has(#totp) button');
  await tab.waitForSelector('[role=alert]');
  await tab.fill('#recovery_code', recoveryCodes[0] ?? '');
  await tab.click('form:has(#recovery_code) button');
  await tab.waitForURL(`${issuer}/app`);
  const { access_token: strong } = await refresh(tab);
  t.match(claimsIn(strong), { sub: claimsIn(token).sub, amr: ['fed', 'otp', 'mfa'], acr: '2fa' });
});

t.test('from the sign-in page of an application, and back to it', async (t) => {
  const { tab, issuer } = await start(t, 'A <b>"C&ME"</b>');
  await tab.goto(`${issuer}/sign-in?return_to=${encodeURIComponent('/app?a=b&c=d')}`);
  await tab.click('text=Sign in with A <b>"C&ME"</b>');
  await tab.click('button');
  await tab.waitForURL(`${issuer}/app?a=b&c=d`);
  t.equal((await refresh(tab)).status, 200);
});

t.test('users of an application sign in with the provider, without script', async (t) => {
  const at = await newIssuer();
  const acme = await startOidcProvider(t, { redirectUris: [at.callbackOf('acme')] });
  const { authority, issuer } = await startAt(t, at, [entryOf('acme', acme)]);
  const party = await startRelyingParty(t);
  const { id, token: secret } = await authority.operations.createClient(
    {
      ...{ kind: 'app', name: 'shop', permissions: [], audiences: [], scopes: [] },
      ...{ redirectUris: [`${party.origin}/callback`], postLogoutRedirectUris: [] },
    } as never,
    { name: 'operator' },
  );
  const execute = [oidc.allowInsecureRequests];
  party.configure(await oidc.discovery(new URL(issuer), id, secret, undefined, { execute }));
  const context = await browser.newContext({ javaScriptEnabled: false, locale: 'en-GB' });
  t.teardown(() => context.close());
  const tab = await context.newPage();
  await tab.goto(party.origin);
  await tab.waitForURL(`${issuer}/sign-in?**`);
  await tab.click('text=Sign in with ACME');
  await tab.click('button');
  await tab.waitForURL(`${party.origin}/callback?**`);
  t.match(party.tokens()?.claims(), { iss: issuer, aud: id, acr: '1fa', amr: ['fed'] });
});
