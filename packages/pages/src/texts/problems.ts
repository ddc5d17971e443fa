/** The sentence for a refusal. */
import type { Refusal } from '../api/refusal.ts';
import type { PartTexts } from './parts.ts';

export function sentenceOf({ problems }: PartTexts, { code }: Refusal): string {
  const known: Readonly<Record<string, string>> = problems;
  return known[code] ?? problems.other;
}
