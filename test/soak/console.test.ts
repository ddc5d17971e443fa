/**
 * Every screen of the console in both themes, on a phone and on a desk: axe-core finds nothing, nothing is wider than the window, the
 * content policy is kept. And the Effect screen beside the truth: a guard that is frozen is named.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import t from 'tap';
import { openTab, startPageAuthority } from '../support/accountPage.ts';
import { missedByKeyboard } from '../support/byKeyboard.ts';
import { inCheckout } from '../support/checkout.ts';
import { startChromium } from '../support/chromium.ts';
import { administrator } from '../support/consolePage.ts';
import { figuresOf, firstVisit } from '../support/firstVisit.ts';
import { faultsOf } from '../support/pageFaults.ts';
import { startPythonSubscriber } from '../support/pythonSubscriber.ts';

t.setTimeout(600_000);
const authority = await startPageAuthority(t);
const { issuer, register, login, call } = authority;
const { operations } = authority.authority;
const operator = { name: 'operator' };
const folder = process.env['SCREENSHOTS'];
const browser = await startChromium();
t.teardown(() => browser.close());

const user_id = (await register('ada@example.com')).body.user_id as string;
for (let count = 0; count < 6; count += 1) await login('ada@example.com');
const orders = await operations.createService({ name: 'orders', permissions: ['tokens.check'] }, operator);

/** What it shows when it is complete. */
const views: readonly (readonly [path: string, seen: string | RegExp])[] = [
  ['', 'Half in effect within'],
  ['users?order=email', 'ada@example.com'],
  [`users/${user_id}`, 'Last sign-ins'],
  ['sessions', 'first-party'],
  [`revoke?user_id=${user_id}`, 'By network'],
  ['revoke?request=unknown', 'There is no such request of yours.'],
  ['keys', 'active'],
  ['clients?order=create_time+desc', 'orders'],
  [`clients/${orders.id}`, 'Save changes'],
  ['roles', 'Resources'],
  ['roles?role=admin', 'Who has it: admin'],
  ['audit', 'role_granted'],
  ['limits', 'Unlock'],
  ['outbox', /Nothing waits|Try now/],
  ['settings', 'ISSUER'],
];

/** Kept by `npm run screenshots`, by path: the README and docs/console.md show them. */
const kept: Readonly<Record<string, string>> = {
  '-light-1440': 'console-effect-light-1440',
  [`revoke?user_id=${user_id}-light-1440`]: 'console-revoke-light-1440',
  [`users/${user_id}-dark-1440`]: 'console-user-dark-1440',
  '-dark-360': 'console-effect-dark-360',
};
if (folder !== undefined) await mkdir(folder, { recursive: true });

async function keep(page: Page, shown: string): Promise<void> {
  const name = kept[shown];
  if (folder === undefined || name === undefined) return;
  await page.evaluate('scrollTo(0, 0)');
  await page.screenshot({ path: join(inCheckout(folder), `${name}.png`) });
}

async function reasonDialog(page: Page): Promise<void> {
  await page.goto('/admin/keys');
  await page
    .getByRole('button', { name: /^Revoke key/ })
    .first()
    .click();
  await page.getByLabel('Reason').waitFor();
}

function navigationHeight(page: Page): Promise<number> {
  return page.evaluate<number>(`document.querySelector('.frame > nav').getBoundingClientRect().height`);
}

for (const theme of ['light', 'dark'] as const) {
  for (const width of [360, 1440]) {
    await t.test(`${theme}, ${width} px`, async (t) => {
      const options = { colorScheme: theme, viewport: { width, height: 900 } };
      const { page, faults, close } = await administrator(
        browser,
        authority,
        `${theme}${width}@example.com`,
        options,
      );
      t.teardown(close);
      for (const [path, seen] of views) {
        await page.goto(`/admin/${path}`);
        await page
          .getByText(seen)
          .first()
          .waitFor()
          .catch(async () => t.fail(`${path}: ${await page.textContent('body')}`));
        t.strictSame(await faultsOf(page), [], path);
        if (theme === 'light') t.strictSame(await missedByKeyboard(page), [], `${path} by keyboard`);
        await keep(page, `${path}-${theme}-${width}`);
      }
      await reasonDialog(page);
      t.strictSame(await faultsOf(page), [], 'a question');
      await page.keyboard.press('Escape');
      if (width === 360) t.ok((await navigationHeight(page)) <= 2 * 48, 'two lines of navigation at most');
      t.strictSame(faults, []);
    });
  }
}

t.test('what a first visit costs, on a CPU that is four times slower', async (t) => {
  const { page, close } = await administrator(browser, authority, 'visitor@example.com');
  t.teardown(close);
  const visit = await firstVisit(page, '/admin/', () => page.getByText('Half in effect within').waitFor());
  t.comment(figuresOf(visit));
  t.ok(visit.bytes > 10_000 && visit.bytes < 100_000, `${visit.bytes} bytes`);
  t.ok(visit.shown < 5_000, `${visit.shown} ms`);
});

t.test('the Effect screen names a guard that is frozen', async (t) => {
  const { page, close } = await administrator(browser, authority, 'effect@example.com');
  t.teardown(close);
  const { token } = await operations.createService(
    { name: 'frozen', permissions: ['tokens.check'] },
    operator,
  );
  const guard = await startPythonSubscriber(`127.0.0.1:${authority.grpcPort}`, token);
  t.teardown(() => guard.stop());
  t.strictSame(await guard.ask({ watch: true }), { lease: true });
  await page.goto('/admin/');
  const row = page.getByRole('row').filter({ hasText: 'frozen' });
  await row.getByText('connected', { exact: true }).waitFor();
  guard.freeze();
  t.teardown(() => guard.thaw());
  const frozenAt = performance.now();
  const { refresh_token } = await login('ada@example.com');
  await call('POST', '/auth/logout', { body: { refresh_token } });
  const endedAfter = performance.now() - frozenAt;
  await page.getByText('Had to be waited for in the last minute').waitFor();
  await page.getByRole('row').filter({ hasText: 'frozen' }).getByText('lease_expired').waitFor();
  t.comment(
    `the logout took ${endedAfter.toFixed(0)} ms; the screen named the guard after ${(performance.now() - frozenAt).toFixed(0)} ms`,
  );
  const strangers = await openTab(browser, issuer);
  await strangers.page.goto('/admin/');
  await strangers.page.waitForURL('**/sign-in**');
});
