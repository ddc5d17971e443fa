import type { InEveryLanguage } from '../../texts/languages.ts';
import { de } from './de.ts';
import { en } from './en.ts';
import type { AccountTexts } from './texts.ts';

export const accountTexts: InEveryLanguage<AccountTexts> = { en, de };
