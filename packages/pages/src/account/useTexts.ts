import { useApp } from '../app/app.ts';
import { accountTexts } from './texts/languages.ts';
import type { AccountTexts } from './texts/texts.ts';

export function useTexts(): AccountTexts {
  return accountTexts[useApp().language];
}
