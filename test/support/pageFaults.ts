/** What is wrong with a screen as it stands: for axe-core (WCAG 2.2 AA), and wider than the window. */
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { inCheckout } from './checkout.ts';

const axe = await readFile(inCheckout('node_modules/axe-core/axe.min.js'), 'utf8');

export async function faultsOf(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe);
  const found = await page.evaluate<{ id: string; nodes: { html: string }[] }[]>(
    `axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then(({ violations }) => violations)`,
  );
  return [
    ...found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 150)).join(' | ')}`),
    ...(await tooWide(page)),
  ];
}

/** Also on the smallest phone and on the largest screen, and in a language that reads from right to left. */
async function tooWide(page: Page): Promise<readonly string[]> {
  const asOpened = page.viewportSize() ?? { width: 1440, height: 900 };
  const faults: string[] = [];
  for (const width of [asOpened.width, 320, 3840]) {
    await page.setViewportSize({ width, height: asOpened.height });
    for (const direction of ['rtl', 'ltr']) {
      await page.evaluate(`document.documentElement.dir = '${direction}'`);
      const more = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
      if (more > 0) faults.push(`${direction}, ${width} px: ${more} px wider than the window`);
    }
  }
  await page.setViewportSize(asOpened);
  return faults;
}
