/** Reads each variable by itself: its text becomes a typed value, or one line that says what is wrong with it. */
import { accessSync, constants, statSync } from 'node:fs';
import { isIP } from 'node:net';
import { decodeBase64url } from '@countersign/verifier/encoding';
import { platformLimits } from '../limits.ts';
import { parseDuration } from './durations.ts';
import type { Environment } from './env.ts';
import { parseNetworks } from './networks.ts';
import { parseRedisUrl, type RedisAddress } from './redisUrl.ts';
import type { Setting } from './setting.ts';
import { type SettingName, settingNames, settingOf, type settings } from './settings.ts';

type Parsed<S> = S extends { kind: 'port' | 'count' | 'duration' }
  ? number
  : S extends { kind: 'secret' }
    ? Buffer
    : S extends { kind: 'secrets' }
      ? readonly Buffer[]
      : S extends { kind: 'redis' }
        ? RedisAddress
        : S extends { kind: 'networks' | 'origins' }
          ? readonly string[]
          : S extends { kind: 'scale' }
            ? number | 'off'
            : S extends { kind: 'several'; choices: readonly (infer Choice)[] }
              ? readonly Choice[]
              : S extends { choices: readonly (infer Choice)[] }
                ? Choice
                : string;
type ValueOf<S> = S extends { default: string } ? Parsed<S> : Parsed<S> | undefined;

/** Every setting with its type: durations in milliseconds, secrets as bytes, `undefined` for what may stay unset. */
export type Values = { readonly [Name in SettingName]: ValueOf<(typeof settings)[Name]> };

/** A member that is missing (not merely undefined) was faulty; rules about it do not apply. */
export interface Reading {
  readonly values: Partial<Values>;
  readonly faults: readonly string[];
}

/** Reads all variables but `without`; an empty one counts as not set, an unknown one is ignored. */
export function readValues(env: Environment, without: readonly SettingName[] = []): Reading {
  const values: Partial<Record<SettingName, unknown>> = {};
  const faults: string[] = [];
  for (const name of settingNames) {
    if (without.includes(name)) continue;
    const setting = settingOf(name);
    const text = env[name] || setting.default;
    const value = text === undefined ? undefined : parsers[setting.kind](text, setting);
    if (text !== undefined && value === undefined) {
      faults.push(`${name}: must be ${setting.format}; given ${shownValue(name, text)}`);
    } else {
      values[name] = value;
    }
  }
  return { values: values as Partial<Values>, faults };
}

/**
 * What was given, for a message to the operator: escaped and cut. Never a secret, nothing that may hold user info of
 * a URL, and nothing that looks like a PEM file pasted where its path belongs.
 */
export function shownValue(name: SettingName, text: string): string {
  if (settingOf(name).secret || /[@\r\n]|-----/.test(text)) return `${text.length} characters, not shown`;
  const escaped = JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
  return escaped.replace(/[^ -~…]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Each answers `undefined` for a text that is not of its form. */
const parsers: Record<Setting['kind'], (text: string, setting: Setting) => unknown> = {
  string: (text) => (/^[!-~]{1,255}$/.test(text) ? text : undefined),
  host: (text) => (isHost(text) ? text : undefined),
  port: (text) => (/^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined),
  count: boundedCount,
  duration: boundedDuration,
  secret: key256,
  secrets: keys256,
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  password: (text) => (/^[^\x00-\x1f\x7f]{1,512}$/.test(text) ? text : undefined),
  url: (text, { schemes = [] }) => (isUrl(text, schemes) ? text : undefined),
  origins,
  redis: parseRedisUrl,
  enum: (text, { choices = [] }) => (choices.includes(text) ? text : undefined),
  several,
  file: (text) => (isReadableFile(text) ? text : undefined),
  path: (text) => (text.includes('\0') ? undefined : text),
  networks: parseNetworks,
  scale: (text) => (text === 'off' ? text : scaleOf(text)),
};

function isHost(text: string): boolean {
  if (isIP(text) !== 0) return true;
  const isName = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,62})(\.[a-z0-9]([a-z0-9-]{0,62}))*$/i.test(text);
  // A name never ends in a number (RFC 1123 §2.1): that is a mistyped IPv4 address, which a resolver might still take.
  return isName && !/(^|\.)\d+$/.test(text);
}

function boundedCount(
  text: string,
  { atLeast = 0, atMost = Number.MAX_SAFE_INTEGER }: Setting,
): number | undefined {
  const count = Number(text);
  return /^(0|[1-9]\d{0,14})$/.test(text) && count >= atLeast && count <= atMost ? count : undefined;
}

function boundedDuration(text: string, setting: Setting): number | undefined {
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined) return undefined;
  if (milliseconds < bound(setting.minimum, 0)) return undefined;
  if (milliseconds > bound(setting.maximum, Number.POSITIVE_INFINITY)) return undefined;
  return setting.wholeSeconds && milliseconds % 1_000 !== 0 ? undefined : milliseconds;
}

function scaleOf(text: string): number | undefined {
  if (!/^(0|[1-9]\d{0,3})(\.\d{1,3})?$/.test(text)) return undefined;
  const scale = Number(text);
  return scale >= platformLimits.rateScaleMinimum && scale <= platformLimits.rateScaleMaximum
    ? scale
    : undefined;
}

function bound(text: string | undefined, otherwise: number): number {
  return (text === undefined ? undefined : parseDuration(text)) ?? otherwise;
}

/** Base64 or base64url (RFC 4648 §4, §5), with or without padding, of exactly 32 bytes and in its canonical spelling. */
function key256(text: string): Buffer | undefined {
  if (!/^([A-Za-z0-9+/]{43}|[A-Za-z0-9_-]{43})=?$/.test(text)) return undefined;
  return decodeBase64url(text.slice(0, 43).replaceAll('+', '-').replaceAll('/', '_'));
}

function keys256(text: string): readonly Buffer[] | undefined {
  const keys = text.split(',').map((each) => key256(each.trim()));
  if (keys.length > 4 || keys.includes(undefined)) return undefined;
  return keys as Buffer[];
}

function several(text: string, { choices = [] }: Setting): readonly string[] | undefined {
  const each = text.split(',').map((choice) => choice.trim());
  return each.every((choice) => choices.includes(choice)) ? each : undefined;
}

/** Only taken apart here: `relations.ts` says which of them breaks which rule. */
function origins(text: string): readonly string[] | undefined {
  const each = text.split(',').map((origin) => origin.trim());
  return each.length > platformLimits.corsOrigins || each.includes('') ? undefined : each;
}

/** The scheme is compared as written: URL parsers forgive `https:host`, tabs and back slashes, readers do not. */
function isUrl(text: string, schemes: readonly string[]): boolean {
  return schemes.some((scheme) => text.startsWith(`${scheme}://`)) && URL.canParse(text);
}

export function isReadableFile(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return statSync(path).isFile();
  } catch {
    // Whatever is wrong with it, the operator is told which file must be readable; a start has no use for the errno.
    return false;
  }
}
