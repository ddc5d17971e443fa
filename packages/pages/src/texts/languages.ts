/** Which texts a page uses: those of the language that the authority wrote into the page, chosen from Accept-Language. */
import type { PartTexts } from './parts.ts';
import { partsDe } from './partsDe.ts';
import { partsEn } from './partsEn.ts';

/** A page has texts in each. */
export interface InEveryLanguage<Texts> {
  readonly en: Texts;
  readonly de: Texts;
}

export const partTexts: InEveryLanguage<PartTexts> = { en: partsEn, de: partsDe };

export function languageOf(tag: string): keyof InEveryLanguage<unknown> {
  return tag.toLowerCase().split('-', 1)[0] === 'de' ? 'de' : 'en';
}

/** Dates and numbers as they are written where the user is, if that is a place of this language. */
export function localeFor(language: keyof InEveryLanguage<unknown>): string {
  return (
    navigator.languages.find((each) => languageOf(each) === language && each.startsWith(language)) ?? language
  );
}
