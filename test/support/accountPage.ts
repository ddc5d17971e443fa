/** The pages of an authority in a real Chromium, as people use them: by what they read, not by what the page is made of. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import type { Test } from 'tap';
import { password, startAuthority, type TestAuthority } from './authority.ts';
import { freePort } from './freePort.ts';

export interface PageAuthority extends TestAuthority {
  readonly issuer: string;
}

type Environment = Readonly<Record<string, string>>;

/** At localhost, since passkeys need a host name. */
export async function startPageAuthority(
  t: Test,
  env: Environment | ((issuer: string) => Promise<Environment>) = {},
): Promise<PageAuthority> {
  const port = await freePort();
  const issuer = `http://localhost:${port}`;
  const more = typeof env === 'function' ? await env(issuer) : env;
  const authority = await startAuthority({ env: { ISSUER: issuer, HTTP_PORT: String(port), ...more } });
  t.teardown(() => authority.stop());
  return { ...authority, issuer };
}

export interface Tab {
  readonly page: Page;
  /** What the console said of the content policy, and errors of scripts. */
  readonly faults: string[];
  /** Opens `path`, through the sign-in page. */
  signIn(path: string, email: string): Promise<void>;
  close(): Promise<void>;
}

/** A browser of its own, with cookies of its own. */
export async function openTab(
  browser: Browser,
  issuer: string,
  options: BrowserContextOptions = {},
): Promise<Tab> {
  const context = await browser.newContext({ locale: 'en-GB', baseURL: issuer, ...options });
  const page = await context.newPage();
  // Nothing here takes that long; the usual half minute would hide what is broken.
  page.setDefaultTimeout(10_000);
  const faults: string[] = [];
  page.on('console', (message) => {
    if (/Content Security Policy|Trusted ?Type/i.test(message.text())) faults.push(message.text());
  });
  page.on('pageerror', (error) => faults.push(String(error)));
  return {
    page,
    faults,
    async signIn(path, email) {
      await page.goto(path);
      await page.getByLabel('E-mail').fill(email);
      await page.getByLabel('Password').fill(password);
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await page.waitForURL(issuer + path);
    },
    close: () => context.close(),
  };
}
