import type { AccountTexts } from './texts.ts';

export const de: AccountTexts = { title: 'Ihr Konto', overview: { title: 'Überblick' } };
