/** Reading the members of a row: each function throws `invalid_request` naming the field. A member that is null counts as absent. */
import { invalidField } from '@countersign/verifier/errors';
import { isUuid, type UserId } from '@countersign/verifier/ids';
import { accountLimits } from '../limits.ts';

export type Members = Readonly<Record<string, unknown>>;

/** Refuses every member that is not named: it would be lost without a word. */
export function refuseOthers(members: Members, names: readonly string[], prefix = ''): void {
  for (const name of Object.keys(members)) {
    if (names.includes(name)) continue;
    throw invalidField(`${prefix}${shownName(name)}`, 'known', 'is no field of this format');
  }
}

/** The operator's terminal shows it, so it must not steer one: without controls and marks of direction, and cut. */
function shownName(name: string): string {
  const { importNameCharacters: most } = accountLimits;
  const cut = name.length > most ? `${name.slice(0, most)}…` : name;
  return cut.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, (character) => {
    return `\\u{${character.codePointAt(0)?.toString(16)}}`;
  });
}

/** `field`: its name in an error, where it is inside another one. */
export function textOf(members: Members, name: string, field = name): string | undefined {
  const value = members[name] ?? undefined;
  if (value === undefined || typeof value === 'string') return value;
  throw invalidField(field, 'type', 'must be a string');
}

/** `email`, or what stands for it. */
export function requiredText(members: Members, name: string): string {
  const text = textOf(members, name);
  if (text !== undefined) return text;
  throw invalidField(name, 'required', 'must be set');
}

export function flagOf(members: Members, name: string, absent: boolean): boolean {
  const value = members[name] ?? absent;
  if (typeof value === 'boolean') return value;
  throw invalidField(name, 'type', 'must be true or false');
}

export function idOf(members: Members, name: string): UserId | undefined {
  const text = textOf(members, name);
  if (text === undefined) return undefined;
  if (isUuid(text)) return text as UserId;
  throw invalidField(name, 'format', 'must be a UUID in lower case');
}

/** As JSON object, or undefined. */
export function objectOf(members: Members, name: string, field = name): Members | undefined {
  const value = members[name] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value === 'object' && !Array.isArray(value)) return value as Members;
  throw invalidField(field, 'type', 'must be an object');
}

/** A time in the past, in milliseconds; `text` as 2030-01-31T12:00:00Z. */
export function timeOf(text: string | number | undefined, name: string, now: number): number | undefined {
  if (text === undefined) return undefined;
  const milliseconds = typeof text === 'number' ? text : millisecondsOf(text);
  if (Number.isSafeInteger(milliseconds) && milliseconds >= 0 && milliseconds <= now) return milliseconds;
  throw invalidField(name, 'format', 'must be a time since 1970 and before now, as 2020-01-31T12:00:00Z');
}

function millisecondsOf(text: string): number {
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(text);
  return isTime ? Date.parse(text) : Number.NaN;
}

/** BCP 47. */
export function localeOf(text: string | undefined, name: string): string | undefined {
  if (text === undefined) return undefined;
  try {
    const [locale] = text.length > 35 ? [] : Intl.getCanonicalLocales(text);
    if (locale !== undefined) return locale;
  } catch {
    // Not a language tag: refused below.
  }
  throw invalidField(name, 'format', 'must be a language tag as de or pt-BR');
}
