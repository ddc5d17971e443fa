import type { AccountTexts } from './texts.ts';

export const en: AccountTexts = { title: 'Your account', overview: { title: 'Overview' } };
