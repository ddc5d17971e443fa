import type { AdminTexts } from './texts.ts';

export const en: AdminTexts = { title: 'Console', effect: { title: 'Effect' } };
