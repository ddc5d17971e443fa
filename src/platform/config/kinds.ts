/** The kinds of setting values: their form in words, and how text becomes a value. */
import { accessSync, constants, statSync } from 'node:fs';
import { isIP } from 'node:net';
import { availableParallelism } from 'node:os';
import { decodeBase64url } from '@countersign/verifier/encoding';
import { platformLimits } from '../limits.ts';
import { longestDurationMs, parseDuration } from './durations.ts';

export interface Kind<T> {
  /** Completes "must be …". */
  readonly form: string;
  /** Undefined when the text does not have this form. */
  readonly read: (text: string) => T | undefined;
  /** Completes "must …" for each further rule the value breaks; undefined for a kept rule. */
  readonly broken?: (value: T) => readonly (string | undefined)[];
}

const kind = <T>(form: string, read: Kind<T>['read']): Kind<T> => ({ form, read });
const textKind = (form: string, isRight: (text: string) => boolean) =>
  kind(form, (text) => (isRight(text) ? text : undefined));

export const word = textKind('1–255 printable ASCII characters without spaces', (text) =>
  /^[!-~]{1,255}$/.test(text),
);
export const password = textKind('1–512 characters, none of them a control character', (text) =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  /^[^\x00-\x1f\x7f]{1,512}$/.test(text),
);
export const folder = textKind(
  'the path of a folder; created when it is missing',
  (text) => !text.includes('\0'),
);
export const pemFile = textKind('the path of a readable PEM file', isReadableFile);
export const file = textKind('the path of a readable file', isReadableFile);
export const path = textKind('the path of a readable file or folder', isReadable);
export const host = textKind(
  'an IPv4 address, an IPv6 address without brackets, or a host name',
  (text) => isIP(text) !== 0 || isHostName(text, 'a-z0-9'),
);
export const port = kind('a port, 0–65535; 0 takes any free port', (text) => wholeNumber(text, 0, 65_535));

export const count = (least: number, most: number): Kind<number> =>
  kind(`a whole number, ${least}–${most}`, (text) => wholeNumber(text, least, most));

/** As many as the machine has cores for this process, at most 64. */
export const workers = kind(`auto, or ${count(1, 64).form}`, (text): number | undefined =>
  text === 'auto' ? Math.min(availableParallelism(), 64) : wholeNumber(text, 1, 64),
);

export const scale = kind(
  `a number that multiplies every budget, ${platformLimits.rateScaleMinimum}–${platformLimits.rateScaleMaximum}, or off`,
  (text): number | 'off' | undefined => {
    if (text === 'off') return text;
    const number = /^(0|[1-9]\d{0,3})(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
    return number >= platformLimits.rateScaleMinimum && number <= platformLimits.rateScaleMaximum
      ? number
      : undefined;
  },
);

/** In milliseconds. The bounds are durations, too. */
export function duration(least: string, most = '3650d', form = `a duration, ${least}–${most}`): Kind<number> {
  const [minimum = 0, maximum = longestDurationMs] = [parseDuration(least), parseDuration(most)];
  return kind(form, (text) => {
    const milliseconds = parseDuration(text);
    return milliseconds !== undefined && milliseconds >= minimum && milliseconds <= maximum
      ? milliseconds
      : undefined;
  });
}

/** For values that are sent in whole seconds. */
export function wholeSeconds(least: string, most: string): Kind<number> {
  const { read } = duration(least, most);
  return kind(`a duration in whole seconds, ${least}–${most}`, (text) =>
    (read(text) ?? 1) % 1_000 === 0 ? read(text) : undefined,
  );
}

export const oneOf = <Choice extends string>(...choices: readonly Choice[]): Kind<Choice> =>
  kind(`${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`, (text) =>
    choices.find((choice) => choice === text),
  );

export const several = <Choice extends string>(...choices: readonly Choice[]) =>
  listOf(
    `${choices.join(', ')}, or several of them separated by commas`,
    (text) => choices.find((choice) => choice === text),
    choices.length,
  );

/** Up to `most` values, separated by commas. */
export function listOf<T>(
  form: string,
  read: (text: string) => T | undefined,
  most: number,
): Kind<readonly T[]> {
  return kind<readonly T[]>(form, (text) => {
    const each = text.split(',').map((part) => read(part.trim()));
    return each.length > most || each.includes(undefined) ? undefined : (each as readonly T[]);
  });
}

/** ISO 3166-1. A code that Unicode replaces by another one, such as UK, would match no phone. */
export const countries = listOf(
  'two-letter country codes (ISO 3166-1) in capitals, as DE, separated by commas',
  (text) => (/^[A-Z]{2}$/.test(text) && isCountry(text) ? text : undefined),
  300,
);

/** Length 0 would mean everybody, surely a mistake; an address with a zone is valid on one machine only. */
export const networks = listOf(
  `1–${platformLimits.trustedProxies} IP addresses or networks as 10.0.0.0/8, separated by commas`,
  (text) => {
    const [, address = '', length = '1'] = /^([^/%]+)(?:\/([1-9]\d{0,2}))?$/.exec(text) ?? [];
    const longest = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
    return Number(length) <= longest ? text : undefined;
  },
  platformLimits.trustedProxies,
);

export const key = kind('32 bytes in base64 (`openssl rand -base64 32`)', key256);
export const keys = listOf('1–4 keys as KEY_ENCRYPTION_KEY, separated by commas', key256, 4);

/** Compares the scheme as text: URL parsers accept `https:host`, tabs and backslashes. */
export const isUrl = (text: string, ...schemes: readonly string[]) =>
  schemes.some((scheme) => text.startsWith(`${scheme}://`)) && URL.canParse(text);

/** Labels of these characters and hyphens. A numeric last label is a mistyped IPv4 address (RFC 1123 §2.1). */
export function isHostName(text: string, characters: string): boolean {
  const label = `[${characters}][${characters}-]{0,62}`;
  return new RegExp(`^(?=.{1,253}$)${label}(\\.${label})*$`, 'i').test(text) && !/(^|\.)\d+$/.test(text);
}

function isCountry(code: string): boolean {
  const isUsual = Intl.getCanonicalLocales(`und-${code}`)[0] === `und-${code}`;
  const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
  return isUsual && !['EU', 'EZ', 'UN', 'ZZ'].includes(code) && names.of(code) !== undefined;
}

export function isReadableFile(path: string): boolean {
  return isReadable(path) && statSync(path).isFile();
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    // Any fault is reported as not readable; the operator does not need the errno.
    return false;
  }
}

function wholeNumber(text: string, least: number, most: number): number | undefined {
  const number = /^(0|[1-9]\d{0,14})$/.test(text) ? Number(text) : Number.NaN;
  return number >= least && number <= most ? number : undefined;
}

/** Base64 or base64url (RFC 4648 §4, §5), with or without padding, exactly 32 bytes, in canonical spelling. */
function key256(text: string): Buffer | undefined {
  if (!/^([A-Za-z0-9+/]{43}|[A-Za-z0-9_-]{43})=?$/.test(text)) return undefined;
  return decodeBase64url(text.slice(0, 43).replaceAll('+', '-').replaceAll('/', '_'));
}
