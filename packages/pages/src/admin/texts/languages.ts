import type { InEveryLanguage } from '../../texts/languages.ts';
import { de } from './de.ts';
import { en } from './en.ts';
import type { AdminTexts } from './texts.ts';

export const adminTexts: InEveryLanguage<AdminTexts> = { en, de };
