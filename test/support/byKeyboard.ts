/** Controls that cannot be reached with the Tab key, or do not show that they have the focus (WCAG 2.2, 2.1.1 and 2.4.7). */
import type { Page } from 'playwright-core';

/** Every control that can be used now, once; a group of radio buttons is one. */
const watch = `(() => {
  const root = document.querySelector('dialog:modal') ?? document;
  const controls = [...root.querySelectorAll('a[href], button, input, select, textarea, summary')].filter(
    (each) => each.checkVisibility({ visibilityProperty: true }) && !each.disabled && each.tabIndex >= 0 && !each.closest('[inert]') &&
      !(each.type === 'radio' && !each.checked));
  const missed = new Set(controls);
  const unseen = new Set();
  const named = (each) => each.tagName.toLowerCase() + ' ' + (each.ariaLabel ?? each.textContent?.trim() ?? '').slice(0, 40) + ' ' + (each.name ?? '');
  document.activeElement?.blur();
  document.addEventListener('focusin', ({ target }) => {
    missed.delete(target);
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(target);
    const isShown = (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none';
    if (!isShown) unseen.add(target);
  });
  globalThis.afterTheRound = () => [
    ...[...missed].filter((each) => each.isConnected).map((each) => 'not reached: ' + named(each)),
    ...[...unseen].map((each) => 'without a sign of focus: ' + named(each)),
  ];
  return controls.length;
})()`;

/** Fields of dates have several stops, and what scrolls is one: all rounds together are this much longer. */
const rounds = 8;

/** Goes round the page. Nothing is pressed but Tab. */
export async function missedByKeyboard(page: Page): Promise<readonly string[]> {
  const controls = await page.evaluate<number>(watch);
  let missed: readonly string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (let count = 0; count < controls + 2; count += 1) await page.keyboard.press('Tab');
    missed = await page.evaluate<readonly string[]>('afterTheRound()');
    if (missed.length === 0) break;
  }
  return missed;
}
