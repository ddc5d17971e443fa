import { useApp } from '../app/app.ts';
import { adminTexts } from './texts/languages.ts';
import type { AdminTexts } from './texts/texts.ts';

export function useTexts(): AdminTexts {
  return adminTexts[useApp().language];
}
