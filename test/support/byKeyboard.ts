/** Controls that cannot be reached with the Tab key, or do not show that they have the focus (WCAG 2.2, 2.1.1 and 2.4.7). */
import type { Page } from 'playwright-core';

/**
 * Everything on the page, or in its open dialog, that somebody can press or fill in. Of radio buttons with one name, one is enough. What
 * only a program may focus, as a heading, is no control.
 */
const watch = `(() => {
  const root = document.querySelector('dialog:modal') ?? document;
  const kinds = 'a[href], button, input, select, textarea, summary, [role=button], [role=link], [role=tab], [tabindex="0"]';
  const looks = (each) => { const { outline, boxShadow, borderColor } = getComputedStyle(each); return [outline, boxShadow, borderColor].join(); };
  document.activeElement?.blur();
  const groups = new Set();
  const controls = [...root.querySelectorAll(kinds)].filter((each) => {
    if (each.disabled || !each.checkVisibility({ visibilityProperty: true })) return false;
    if (each.type !== 'radio' || each.checked) return true;
    const group = [...root.querySelectorAll('input[type=radio]')].filter(({ name }) => name === each.name);
    return !group.some(({ checked }) => checked) && group[0] === each;
  });
  const before = new Map(controls.map((each) => [each, looks(each)]));
  const missed = new Set(controls);
  const unseen = new Set();
  const onFocus = ({ target }) => {
    missed.delete(target);
    if (looks(target) === before.get(target)) unseen.add(target);
  };
  const named = (each) => each.tagName.toLowerCase() + ' ' + (each.ariaLabel ?? each.textContent?.trim() ?? '').slice(0, 40) + ' ' + (each.name ?? '');
  document.addEventListener('focusin', onFocus);
  globalThis.faultsOfTheRound = () => [
    ...[...missed].filter((each) => each.isConnected).map((each) => 'not reached: ' + named(each)),
    ...[...unseen].map((each) => 'without a sign of focus: ' + named(each)),
  ];
  globalThis.endOfRounds = () => { document.removeEventListener('focusin', onFocus); document.activeElement?.blur(); };
  return controls.length;
})()`;

/** A date field has several stops, and a scrolled region has one: so it goes round up to eight times. */
const rounds = 8;

/** Nothing is pressed but Tab. */
export async function missedByKeyboard(page: Page): Promise<readonly string[]> {
  const controls = await page.evaluate<number>(watch);
  let missed: readonly string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (let count = 0; count < controls + 2; count += 1) await page.keyboard.press('Tab');
    missed = await page.evaluate<readonly string[]>('faultsOfTheRound()');
    if (!missed.some((fault) => fault.startsWith('not reached'))) break;
  }
  await page.evaluate('endOfRounds()');
  return missed;
}
