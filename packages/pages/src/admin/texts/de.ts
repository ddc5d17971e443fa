import type { AdminTexts } from './texts.ts';

export const de: AdminTexts = { title: 'Konsole', effect: { title: 'Wirkung' } };
