/** The account page and what is elsewhere: an account at another provider, an application with access, a phone. */
import type { Page } from 'playwright-core';
import t from 'tap';
import { openTab, startPageAuthority } from '../support/accountPage.ts';
import { aVerifier } from '../support/authorizing.ts';
import { startChromium } from '../support/chromium.ts';
import { basic, operator } from '../support/oauthClients.ts';
import { startOidcProvider } from '../support/oidcProvider.ts';
import { entryOf, providersFile } from '../support/providerSignIn.ts';
import { smsSettings, startSmsServer } from '../support/smsServer.ts';

const sms = await startSmsServer();
t.teardown(() => sms.stop());
const authority = await startPageAuthority(t, async (issuer) => {
  const acme = await startOidcProvider(t, { redirectUris: [`${issuer}/auth/providers/acme/callback`] });
  return { ...smsSettings(sms), PROVIDERS_FILE: providersFile(t, [entryOf('acme', acme)]) };
});
const { issuer, register, call } = authority;
const browser = await startChromium();
t.teardown(() => browser.close());

const inEffect = /No service accepts it any more, after [\d.,]+ ms\./;
const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name });
const confirm = (page: Page, name: string) =>
  page.getByRole('dialog').getByRole('button', { name, exact: true }).click();

/** A new user on the page. */
async function at(path: string, email: string) {
  await register(email);
  const tab = await openTab(browser, issuer);
  await tab.signIn(path, email);
  return tab;
}

t.test('another account is linked, signs in, and is unlinked: what it opened ends', async (t) => {
  const { page, faults } = await at('/account/apps', 'linked@example.com');
  await page.getByText('No other account is linked.').waitFor();
  await button(page, 'Link ACME').click();
  await button(page, 'Continue').click();
  await page.getByRole('heading', { name: 'ACME' }).waitFor();
  t.equal(new URL(page.url()).pathname, '/account/apps', 'back where it began');

  const other = await openTab(browser, issuer);
  await other.page.goto('/sign-in');
  await other.page.getByText('ACME').click();
  await button(other.page, 'Continue').click();
  await other.page.waitForURL('**/account/');
  await other.page.getByText('linked@example.com').first().waitFor();

  const ended = other.page.getByRole('heading', { name: 'This session has ended' }).waitFor();
  await button(page, 'Unlink ACME').click();
  await confirm(page, 'Unlink');
  await page.getByText(inEffect).waitFor();
  await ended;
  await page.getByText('No other account is linked.').waitFor();
  await other.page.goto('/sign-in');
  await other.page.getByText('ACME').click();
  await button(other.page, 'Continue').click();
  await other.page.getByText('ada@example.com').first().waitFor();
  t.equal(await other.page.getByText('linked@example.com').count(), 0, 'it signs in to another account');
  t.strictSame([...faults, ...other.faults], []);
});

t.test('the access of an application is taken back, with effect', async (t) => {
  const { page, faults } = await at('/account/', 'asked@example.com');
  const redirect_uri = 'https://prints.example/callback';
  const { id, token: secret } = await authority.authority.operations.createClient(
    {
      ...{ name: 'photo-prints', kind: 'third_party', permissions: [], audiences: [], scopes: [] },
      redirectUris: [redirect_uri],
    },
    operator,
  );
  const { verifier, challenge } = aVerifier();
  const asked = { response_type: 'code', client_id: id, redirect_uri, scope: 'openid email' };
  const proof = { code_challenge: challenge, code_challenge_method: 'S256' };
  await page.goto(`/oauth2/authorize?${new URLSearchParams({ ...asked, ...proof })}`);
  const coming = page.waitForRequest((request) => request.url().startsWith(redirect_uri));
  await page.getByRole('button', { name: 'Allow', exact: true }).click({ noWaitAfter: true });
  const code = new URL((await coming).url()).searchParams.get('code') ?? '';
  const form = (body: Record<string, string>) =>
    fetch(`${issuer}/oauth2/token`, {
      ...{ method: 'POST', headers: basic(id, secret), body: new URLSearchParams(body) },
    });
  const redeemed = await form({
    grant_type: 'authorization_code',
    code,
    redirect_uri,
    code_verifier: verifier,
  });
  t.equal(redeemed.status, 200);
  const tokens = (await redeemed.json()) as { readonly access_token: string; readonly refresh_token: string };
  const userinfo = () => call('GET', '/oauth2/userinfo', { token: tokens.access_token });
  t.match(await userinfo(), { status: 200, body: { email: 'asked@example.com' } });

  await page.goto('/account/apps');
  await page.getByRole('heading', { name: 'photo-prints' }).waitFor();
  await button(page, 'Take back the access of photo-prints').click();
  await confirm(page, 'Take back');
  await page.getByText(inEffect).waitFor();
  t.equal((await userinfo()).status, 401, 'refused at once');
  const refreshed = await form({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token });
  t.equal(refreshed.status, 400);
  await page.getByText('No application has access.').waitFor();
  t.strictSame(faults, []);
});

t.test('a phone is added and removed', async (t) => {
  const { page, faults } = await at('/account/factors', 'phone@example.com');
  await page.getByLabel(/^Number of your mobile phone/).fill('+49 (1511) 234-5678');
  await button(page, 'Send a code').click();
  const { code } = await sms.smsTo('+4915112345678');
  await page.getByLabel('The code that we sent you').fill(code);
  await button(page, 'Confirm').click();
  await page.getByText('The phone is added.').waitFor();
  const added = page.getByRole('listitem').filter({ hasText: '…78' });
  await added.getByRole('button', { name: /^Remove/ }).click();
  await confirm(page, 'Remove');
  // There is a second factor now, and the session was opened by the password alone.
  const again = page.getByRole('dialog', { name: 'Is it still you?' });
  await again.getByRole('button', { name: 'Send a code to my phone' }).click();
  await again.getByLabel('The code that we sent you').fill((await sms.smsTo('+4915112345678')).code);
  await again.getByRole('button', { name: 'Go on' }).last().click();
  await added.waitFor({ state: 'detached' });
  t.strictSame(faults, []);
});
