/** The language that a client prefers: Accept-Language (RFC 9110 §12.5.4). */
import { httpLimits } from './limits.ts';

const tag = /^[a-z]{2,3}(-[a-z0-9]{2,8}){0,3}$/i;

/** The first well-formed tag of the highest weight, as it was written; undefined without one. */
export function preferredLanguage(header: string | undefined): string | undefined {
  if (header === undefined || header.length > httpLimits.languageCharacters) return undefined;
  let best: { readonly language: string; readonly weight: number } | undefined;
  for (const range of header.split(',')) {
    const [language = '', ...parameters] = range.split(';').map((part) => part.trim());
    const weight = weightOf(parameters);
    if (tag.test(language) && weight > (best?.weight ?? 0)) best = { language, weight };
  }
  return best?.language;
}

function weightOf(parameters: readonly string[]): number {
  const given = parameters.find((parameter) => parameter.startsWith('q='));
  if (given === undefined) return 1;
  return /^q=(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(given) ? Number(given.slice(2)) : 0;
}
