/**
 * Every screen in both themes, on a phone and on a desk: axe-core finds nothing (WCAG 2.2 AA), nothing is wider than the window, and
 * the content policy is kept. `npm run screenshots` is the same walk, which keeps some of what it sees.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import t from 'tap';
import { openTab, type PageAuthority, startPageAuthority, type Tab } from '../support/accountPage.ts';
import { password } from '../support/authority.ts';
import { missedByKeyboard } from '../support/byKeyboard.ts';
import { inCheckout } from '../support/checkout.ts';
import { startChromium } from '../support/chromium.ts';
import { figuresOf, firstVisit } from '../support/firstVisit.ts';
import { operator } from '../support/oauthClients.ts';
import { faultsOf } from '../support/pageFaults.ts';
import { totpAt } from '../support/secondFactor.ts';
import { aDevice, type Credential } from '../support/virtualDevice.ts';

t.setTimeout(600_000);
const folder = process.env['SCREENSHOTS'];
const authority = await startPageAuthority(t);
const browser = await startChromium();
t.teardown(() => browser.close());

const email = 'ada@example.com';
const devices = [
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0',
];

/** A user with a few of everything. */
async function seed({ register, login, call, authority: { operations } }: PageAuthority): Promise<void> {
  await register(email);
  for (const agent of [...devices, ...devices]) await login(email, { 'user-agent': agent });
  await call('POST', '/auth/login', { body: { email, password: 'not the right one' } });
  const client = await operations.createClient(
    {
      ...{ name: 'photo-prints', kind: 'third_party', permissions: [], audiences: [], scopes: [] },
      redirectUris: ['https://prints.example/callback'],
    },
    operator,
  );
  prints.address = `/oauth2/authorize?${new URLSearchParams({
    ...{ response_type: 'code', client_id: client.id, redirect_uri: 'https://prints.example/callback' },
    ...{ scope: 'openid email', code_challenge: 'a'.repeat(43), code_challenge_method: 'S256' },
  })}`;
}

const prints = { address: '' };

interface Screen {
  readonly name: string;
  /** Brings the tab there, from wherever it is; the tab is signed in. */
  open(page: Page): Promise<void>;
}

const view = (name: string, path: string, seen: string): Screen => ({
  name,
  async open(page) {
    await page.goto(path);
    await page.getByText(seen).first().waitFor();
  },
});

/** In this order: the last ones end the session. */
const screens: readonly Screen[] = [
  view('account-overview', '/account/', 'The last sign-ins'),
  view('account-sessions', '/account/sessions', 'Address'),
  {
    name: 'account-effect',
    async open(page) {
      await page.goto('/account/sessions');
      await page
        .getByRole('button', { name: /^End (?!all)/ })
        .last()
        .click();
      await page.getByRole('dialog').getByRole('button', { name: /^End/ }).click();
      const said = page.getByText(/No service accepts it any more, after/);
      await said.waitFor();
      // The button was at the end of the page.
      if (((await said.boundingBox())?.y ?? -1) < 0) throw new Error('what was done is out of sight');
    },
  },
  view('account-passkeys', '/account/passkeys', 'Laptop'),
  view('account-factors', '/account/factors', 'Make new codes'),
  {
    name: 'account-add-app',
    async open(page) {
      await page.goto('/account/factors');
      await page.getByRole('button', { name: 'Add an authenticator app' }).click();
      await page.getByAltText('The key as a QR code').waitFor();
    },
  },
  view('account-password', '/account/password', 'Current password'),
  view('account-apps', '/account/apps', 'Linked sign-ins'),
  view('account-activity', '/account/activity', 'Sign-in refused'),
  view('account-data', '/account/data', 'Take it with you'),
  view('account-nothing', '/account/nothing', 'There is nothing here'),
  {
    name: 'account-question',
    async open(page) {
      await page.goto('/account/sessions');
      await page.getByRole('button', { name: 'End all others' }).click();
      await page.getByRole('dialog').waitFor();
    },
  },
  view('console', '/admin/', 'Effect'),
  {
    name: 'consent',
    async open(page) {
      await page.goto(prints.address);
      await page.getByRole('heading', { name: 'Allow access?' }).waitFor();
    },
  },
  view('sign-out', '/oauth2/logout', 'Sign out here'),
  view('root', '/', 'Documentation'),
  view('sign-in', '/sign-in', 'I forgot my password'),
  view('sign-in-recovery', '/sign-in/recovery', 'Send the link'),
  view('sign-in-register', '/sign-in/register', 'Open the account'),
  {
    name: 'sign-in-refused',
    async open(page) {
      await page.goto('/sign-in');
      await page.getByLabel('E-mail').fill(email);
      await page.getByLabel('Password').fill('not the right one');
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await page.getByText('Wrong e-mail or password.').waitFor();
    },
  },
  {
    name: 'sign-in-factor',
    async open(page) {
      await page.goto('/sign-in');
      await page.getByLabel('E-mail').fill(email);
      await page.getByLabel('Password').fill(password);
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await page.getByText('Prove a second factor.').waitFor();
    },
  },
  view('link', '/auth/not-me?token=x', 'This link was used already'),
  {
    name: 'account-ended',
    async open(page) {
      await page.goto('/account/');
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByText('You are signed out.').waitFor();
    },
  },
];

/** Kept by `npm run screenshots`: the README and docs/pages.md show them. */
const kept: readonly string[] = [
  ...['account-overview-light-1440', 'account-effect-light-1440', 'account-sessions-dark-360'],
  ...['account-passkeys-dark-1440', 'account-activity-dark-1440', 'sign-in-light-360', 'consent-light-360'],
];

/** Adds a passkey in a tab of its own, and returns it. */
async function addPasskey(): Promise<Credential> {
  const tab = await openTab(browser, authority.issuer);
  const device = await aDevice(tab.page);
  await tab.signIn('/account/passkeys', email);
  await tab.page.getByLabel('Name of the new passkey').fill('Laptop');
  await tab.page.getByRole('button', { name: 'Add a passkey' }).click();
  await tab.page.getByText('The passkey is added.').waitFor();
  const [passkey] = await device.credentials();
  await tab.close();
  if (passkey === undefined) throw new Error('the device has no passkey');
  return passkey;
}

/** Signs in with the passkey; returns it as it is then. */
async function signIn({ page }: Tab, passkey: Credential): Promise<Credential> {
  const device = await aDevice(page);
  await device.adopt(passkey);
  await page.goto('/sign-in');
  await page.waitForURL('**/account/');
  // Else it would take the offer of every sign-in page.
  await device.touches(false);
  return (await device.credentials())[0] ?? passkey;
}

await seed(authority);
if (folder !== undefined) await mkdir(folder, { recursive: true });
let passkey = await addPasskey();
for (const theme of ['light', 'dark'] as const) {
  for (const width of [360, 1440]) {
    await t.test(`${theme}, ${width} px`, async (t) => {
      const viewport = { width, height: width === 360 ? 740 : 900 };
      const tab = await openTab(browser, authority.issuer, { colorScheme: theme, viewport });
      t.teardown(() => tab.close());
      passkey = await signIn(tab, passkey);
      for (const { name, open } of screens) {
        await open(tab.page);
        t.strictSame(await faultsOf(tab.page), [], name);
        if (theme === 'light') t.strictSame(await missedByKeyboard(tab.page), [], `${name} by keyboard`);
        const file = `${name}-${theme}-${width}`;
        if (folder === undefined || !kept.includes(file)) continue;
        await tab.page.evaluate('scrollTo(0, 0)');
        await tab.page.screenshot({ path: join(inCheckout(folder), `${file}.png`) });
      }
      t.strictSame(tab.faults, []);
    });
  }
}

t.test('what the keyboard cannot reach is found', async (t) => {
  const tab = await openTab(browser, authority.issuer);
  t.teardown(() => tab.close());
  await tab.page.setContent(`<style>.still:focus { outline: none }</style><main>
    <button>Good</button><button tabindex="-1">Skipped</button><span role="button">No control</span>
    <div inert><a href="/">Inert</a></div><button class="still">Still</button><input type="radio" name="r"><input type="radio" name="r">`);
  t.strictSame(await missedByKeyboard(tab.page), [
    ...['not reached: button Skipped ', 'not reached: span No control ', 'not reached: a Inert '],
    'without a sign of focus: button Still ',
  ]);
});

t.test('the dialog that asks for another proof', async (t) => {
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [360, 1440]) {
      const of = `step-up-${colorScheme}-${width}@example.com`;
      await authority.register(of);
      const { page, faults, signIn, close } = await openTab(browser, authority.issuer, {
        ...{ colorScheme, viewport: { width, height: 740 } },
      });
      await signIn('/account/factors', of);
      await page.getByRole('button', { name: 'Add an authenticator app' }).click();
      const secret = (await page.locator('code').first().textContent()) ?? '';
      await page.getByLabel('Code of the app').fill(totpAt(secret, Date.now()));
      await page.getByRole('button', { name: 'Confirm' }).click();
      await page.getByText('The authenticator app is added.').waitFor();
      // The session was opened by the password alone.
      await page.getByRole('button', { name: 'Make new codes' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Make new codes' }).click();
      await page.getByRole('dialog', { name: 'Is it still you?' }).getByLabel('Recovery code').waitFor();
      t.strictSame(await faultsOf(page), [], of);
      t.strictSame(faults, []);
      await close();
    }
  }
});

t.test('what a first visit costs, on a CPU that is four times slower', async (t) => {
  const tab = await openTab(browser, authority.issuer);
  t.teardown(() => tab.close());
  await signIn(tab, passkey);
  const visit = await firstVisit(tab.page, '/account/sessions', () =>
    tab.page.getByRole('button', { name: 'End all others' }).waitFor(),
  );
  t.comment(figuresOf(visit));
  t.ok(visit.bytes > 10_000 && visit.bytes < 70_000, `${visit.bytes} bytes`);
  t.ok(visit.shown < 5_000, `${visit.shown} ms`);
});
