/** The console in a real Chromium, signed in as an administrator. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { openTab, type PageAuthority, type Tab } from './accountPage.ts';
import { password } from './authority.ts';
import { totpAt } from './secondFactor.ts';

const operator = { name: 'operator' };

/** A new administrator at the console: the first login must add an authenticator app. */
export async function administrator(
  browser: Browser,
  { issuer, register, authority: { operations } }: PageAuthority,
  email: string,
  options: BrowserContextOptions = {},
): Promise<Tab> {
  await register(email);
  await operations.makeAdmin({ email }, operator);
  const tab = await openTab(browser, issuer, options);
  await signInEnrolling(tab.page, email);
  await tab.page.waitForURL(`${issuer}/admin/`);
  return tab;
}

async function signInEnrolling(page: Page, email: string): Promise<void> {
  await page.goto('/admin/');
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('button', { name: 'Add an authenticator app' }).click();
  const secret = (await page.locator('code').first().textContent()) ?? '';
  await page.getByLabel('Code of your authenticator app').fill(totpAt(secret, Date.now()));
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('link', { name: 'I have written them down: continue' }).click();
}
