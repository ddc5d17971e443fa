/** The account page in a real Chromium: what people do there, by what they read. One authority for all. */
import type { Page } from 'playwright-core';
import t from 'tap';
import { openTab, startPageAuthority } from '../support/accountPage.ts';
import { password } from '../support/authority.ts';
import { startChromium } from '../support/chromium.ts';
import { eventually } from '../support/eventually.ts';
import { totpAt } from '../support/secondFactor.ts';
import { aDevice } from '../support/virtualDevice.ts';

const authority = await startPageAuthority(t);
const { issuer, register, login, call } = authority;
const browser = await startChromium();
t.teardown(() => browser.close());

const heading = (page: Page, name: string) => page.getByRole('heading', { name, level: 1 }).waitFor();
const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name });
const inEffect = /No service accepts it any more, after [\d.,]+ ms\./;

/** A new user on the page. */
async function at(path: string, email: string) {
  await register(email);
  const tab = await openTab(browser, issuer);
  await tab.signIn(path, email);
  return tab;
}

t.test('one browser ends the session of another, whose page says so within a second', async (t) => {
  const email = 'two@example.com';
  const one = await at('/account/sessions', email);
  const other = await openTab(browser, issuer);
  await other.signIn('/account/activity', email);
  await other.page.getByRole('table').waitFor();
  const token = other.page.waitForRequest('**/auth/session/end').then((request) => request.headers());
  await other.page.reload();
  const { authorization = '' } = await token;
  t.equal((await call('GET', '/auth/me', { headers: { authorization } })).status, 200);

  await one.page.reload();
  await one.page.getByRole('listitem').filter({ hasNotText: 'This device' }).getByRole('button').click();
  const ended = other.page.getByRole('heading', { name: 'This session has ended' }).waitFor();
  const clicked = performance.now();
  await one.page.getByRole('dialog').getByRole('button', { name: /^End/ }).click();
  await one.page.getByText(inEffect).waitFor();
  t.equal((await call('GET', '/auth/me', { headers: { authorization } })).status, 401, 'refused at once');
  await ended;
  const milliseconds = performance.now() - clicked;
  t.comment(`the other page said so after ${milliseconds.toFixed(0)} ms`);
  t.ok(milliseconds < 1_000, `${milliseconds}`);
  t.equal(await other.page.getByRole('table').count(), 0, 'nothing of the account is shown any more');
  await other.page.getByRole('link', { name: 'Sign in' }).click();
  await other.page.waitForURL('**/sign-in?return_to=%2Faccount%2Factivity');
  t.equal(await one.page.getByRole('listitem').filter({ hasText: 'Last used' }).count(), 1);
  t.strictSame([...one.faults, ...other.faults], []);
});

t.test('a session of this browser ends in all its tabs', async (t) => {
  const { page, faults } = await at('/account/sessions', 'tabs@example.com');
  const second = await page.context().newPage();
  await second.goto('/account/password');
  await second.getByLabel('Current password').waitFor();
  await page.bringToFront();
  await button(page, 'End all').last().click();
  await page.getByRole('dialog').getByRole('button', { name: 'End all' }).click();
  await heading(page, 'This session has ended');
  await second.bringToFront();
  await heading(second, 'This session has ended');
  t.strictSame(faults, []);
});

t.test('somebody else signs in in another tab', async (t) => {
  const { page, faults } = await at('/account/', 'first@example.com');
  await register('second@example.com');
  const other = await page.context().newPage();
  await other.goto('/sign-in');
  await other.getByLabel('E-mail').fill('second@example.com');
  await other.getByLabel('Password').fill(password);
  await button(other, /^Sign in$/).click();
  await other.getByText('second@example.com').waitFor();
  await page.bringToFront();
  await heading(page, 'Somebody signed in in another tab');
  t.equal(await page.getByText('first@example.com').count(), 0);
  await page.getByRole('link', { name: 'Load again' }).click();
  await page.getByText('second@example.com').waitFor();
  t.strictSame(faults, []);
});

t.test('passkeys: add, prove, rename, remove', async (t) => {
  const { page, faults } = await at('/account/passkeys', 'key@example.com');
  const device = await aDevice(page);
  await page.getByLabel('Name of the new passkey').fill('Blue key');
  await button(page, 'Add a passkey').click();
  await page.getByText('The passkey is added.').waitFor();
  t.ok((await page.getByLabel('Recovery codes').getByRole('listitem').count()) >= 8, 'and codes');
  await button(page, 'Rename').click();
  await page.getByRole('dialog').getByLabel('Name of the new passkey').fill('Green key');
  await page.getByRole('dialog').getByRole('button', { name: 'Rename' }).click();
  // The session was opened by the password alone, and now there is more to prove.
  await page.getByRole('dialog', { name: 'Is it still you?' }).getByText('Use a passkey').click();
  await page.getByRole('heading', { name: 'Green key' }).waitFor();
  t.equal((await device.credentials()).length, 1);
  await button(page, 'Remove Green key').click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  // It was proved for this session, too.
  await heading(page, 'This session has ended');
  t.equal((await device.credentials()).length, 0, 'the device forgot it: Signal API');
  t.strictSame(faults, []);
});

t.test('an authenticator app, recovery codes, and a step-up once the proof is old', async (t) => {
  const email = 'app@example.com';
  const { page, faults } = await at('/account/factors', email);
  await button(page, 'Add an authenticator app').click();
  await page.getByAltText('The key as a QR code').waitFor();
  const secret = (await page.locator('code').first().textContent()) ?? '';
  await page.getByLabel('Code of the app').fill(totpAt(secret, Date.now()));
  await button(page, 'Confirm').click();
  await page.getByText('The authenticator app is added.').waitFor();
  t.ok((await page.getByLabel('Recovery codes').getByRole('listitem').count()) >= 8);
  const [code = ''] = await page.getByLabel('Recovery codes').getByRole('listitem').allTextContents();

  // The session was opened by the password alone: with a second factor that is not enough any more.
  await button(page, 'Make new codes').click();
  await page.getByRole('dialog').getByRole('button', { name: 'Make new codes' }).click();
  const stepUp = page.getByRole('dialog', { name: 'Is it still you?' });
  await stepUp.getByLabel('Recovery code').fill('0000-0000-0000-0000');
  await stepUp.getByRole('button', { name: 'Go on' }).last().click();
  await stepUp.getByText('Wrong or expired code.').waitFor();
  await stepUp.getByLabel('Recovery code').fill(code);
  await stepUp.getByRole('button', { name: 'Go on' }).last().click();
  await stepUp.waitFor({ state: 'detached' });
  await page.getByText('Keep these codes').waitFor();
  t.strictSame(faults, []);
});

t.test('the password, the e-mail, activity, export, delete', async (t) => {
  const email = 'all@example.com';
  const { page, faults } = await at('/account/password', email);
  await page.getByLabel('Current password').fill('not the right one');
  await page.getByLabel('New password').fill('another correct horse battery');
  await button(page, 'Change the password').click();
  await page.getByText('This password is wrong.').waitFor();
  await page.getByLabel('Current password').fill(password);
  await button(page, 'Change the password').click();
  await page.getByText(/The password is changed/).waitFor();

  await page.getByRole('link', { name: 'Activity' }).click();
  await heading(page, 'Activity');
  await page.getByRole('cell', { name: 'Password changed' }).waitFor();
  await page.getByRole('cell', { name: 'Change of the password refused' }).waitFor();

  await page.getByRole('link', { name: 'Your data' }).click();
  const downloading = page.waitForEvent('download');
  await button(page, 'Download').click();
  const file = await (await downloading).createReadStream();
  const exported = JSON.parse((await file.toArray()).join(''));
  t.match(exported, { account: { email }, sessions: [{ current: true }], apps: [], links: [], factors: [] });
  t.ok(exported.activity.some((event: { type: string }) => event.type === 'password_changed'));
  t.notMatch(JSON.stringify(exported), /hash|secret/i);

  await page.getByLabel('Your password').fill('another correct horse battery');
  await button(page, 'Delete the account …').click();
  const dialog = page.getByRole('dialog');
  t.ok(await dialog.getByRole('button', { name: 'Delete the account' }).isDisabled());
  await dialog.getByLabel(`Type ${email} to confirm`).fill(email);
  await dialog.getByRole('button', { name: 'Delete the account' }).click();
  await page.getByText('You are signed out.').waitFor();
  const again = await call('POST', '/auth/login', {
    body: { email, password: 'another correct horse battery' },
  });
  t.equal(again.status, 401, 'the account is gone');
  t.strictSame(faults, []);
});

t.test('hostile names are shown as text', async (t) => {
  const email = 'names@example.com';
  await register(email);
  const names = [
    '<script>document.title="owned"</script><img src=x onerror="document.title=1">',
    '\u202egnp.exe\u2066 "\'><svg onload=alert(1)>',
    'x'.repeat(10_000),
  ];
  for (const name of names) {
    const headers = { 'user-agent': [...name].map((one) => (one < '\u0080' ? one : '?')).join('') };
    const body = { email, password, device_name: [...name].slice(0, 100).join('') };
    await call('POST', '/auth/login', { body, headers });
  }
  await login(email);
  const { page, faults, signIn } = await openTab(browser, issuer);
  await signIn('/account/sessions', email);
  await page.getByText('<script>document.title="owned"</script>').first().waitFor();
  t.match(await page.title(), /^Devices and sessions/);
  t.equal(await page.locator('main img, main script, main svg').count(), 0);
  const width = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
  t.ok(Number(width) <= 0, 'nothing is wider than the window');
  await page.setViewportSize({ width: 360, height: 640 });
  t.ok(
    Number(await page.evaluate('document.documentElement.scrollWidth - innerWidth')) <= 0,
    'nor on a phone',
  );
  t.strictSame(faults, []);
});

t.test('by keyboard alone', async (t) => {
  const email = 'keys@example.com';
  await register(email);
  await login(email);
  const { page, faults, signIn } = await openTab(browser, issuer);
  await signIn('/account/', email);
  await heading(page, 'Overview');
  const focused = () =>
    page.evaluate('document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent');
  /** Tabs until the focus is there. */
  const reach = async (name: string) => {
    for (let presses = 0; presses < 60; presses += 1) {
      if ((await focused()) === name) return;
      await page.keyboard.press('Tab');
    }
    throw new Error(`${name} is not reached`);
  };
  await page.keyboard.press('Tab');
  t.equal(await focused(), 'Skip to the content');
  await reach('Devices and sessions');
  await page.keyboard.press('Enter');
  await heading(page, 'Devices and sessions');
  // Readers of screens learn that the view is another one.
  await eventually('focus', async () => (await page.evaluate('document.activeElement.id')) === 'view');
  await button(page, 'End all others').waitFor();
  await reach('End all others');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'End all others' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  t.equal(await focused(), 'End all others', 'the focus is back where it was');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Enter');
  await page.getByText(inEffect).waitFor();
  t.strictSame(faults, []);
});
