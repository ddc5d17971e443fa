/** The languages that have texts. */
import { de } from './de.ts';
import { en } from './en.ts';
import type { Texts } from './texts.ts';

const languages: readonly Texts[] = [en, de];

/** Those of the nearest language; English for a language without texts. `locale` is BCP 47. */
export function textsFor(locale: string | undefined): Texts {
  const primary = locale?.split('-', 1)[0]?.toLowerCase();
  return languages.find(({ language }) => language === primary) ?? en;
}
