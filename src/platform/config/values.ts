/** Reads the environment: first each variable, then the rules between them. Reports all faults at once. */
import { readFileSync, statSync } from 'node:fs';
import { StartupError } from '@countersign/verifier/errors';
import { platformLimits } from '../limits.ts';
import type { Environment } from './env.ts';
import type { Kind } from './kinds.ts';
import { relationFaults } from './relations.ts';
import { type SettingName, settingNames, settingOf, type Values } from './settings.ts';

/**
 * An empty variable counts as not set, an unknown one is ignored. Throws one StartupError with a line per fault: the variable,
 * the rule and the given value. Never shows a secret, or a URL that may contain a password.
 */
export function readValues(given: Environment): Values {
  const { found, unread } = readSecretFiles(given);
  const faults = [...unread.values()];
  const env = { ...given, ...found };
  const shown = (name: SettingName) => (env[name] ? shownValue(name, env[name]) : shownDefault(name));
  const values: Partial<Record<SettingName, unknown>> = {};
  for (const name of settingNames.filter((each) => !unread.has(each))) {
    const { kind, default: byDefault } = settingOf(name);
    const text = env[name] || byDefault;
    const value = text === undefined ? undefined : kind.read(text);
    const isOfForm = text === undefined || value !== undefined;
    // A faulty variable stays missing here, so rules about it stay silent.
    if (isOfForm) values[name] = value;
    const broken = isOfForm ? brokenBy(kind, value) : [`be ${kind.form}`];
    faults.push(...broken.map((rule) => `${name}: must ${rule}; given ${shown(name)}`));
  }
  faults.push(...relationFaults(values as Partial<Values>, shown));
  if (faults.length > 0) throw new StartupError(faults.join('\n'));
  return values as Values;
}

function brokenBy({ broken = () => [] }: Kind<unknown>, value: unknown): readonly string[] {
  return value === undefined ? [] : broken(value).filter((rule) => rule !== undefined);
}

/** Secrets in files, as orchestrators mount them: `NAME_FILE` is the path of a file with the value of `NAME`. */
function readSecretFiles(env: Environment) {
  const found: Record<string, string> = {};
  const unread = new Map<SettingName, string>();
  for (const name of settingNames) {
    const path = settingOf(name).secret && env[`${name}_FILE`];
    if (!path) continue;
    const text = env[name] ? undefined : contentOf(path);
    if (text !== undefined) found[name] = text;
    // The path is not shown: it may be the secret itself, given by mistake.
    else
      unread.set(
        name,
        env[name]
          ? `${name}_FILE: must not be set beside ${name}: which one is meant?`
          : `${name}_FILE: must be the path of a readable, non-empty file of up to ${platformLimits.secretFileBytes} bytes; given ${path.length} characters, not shown`,
      );
  }
  return { found, unread };
}

/** Without the line end and byte-order mark that editors add. Undefined when empty, too large or unreadable. */
function contentOf(path: string): string | undefined {
  try {
    if (statSync(path).size > platformLimits.secretFileBytes) return undefined;
    const text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
    return text.replace(/\r?\n$/, '') || undefined;
  } catch {
    return undefined;
  }
}

/**
 * The given value for a message to the operator: escaped and cut. Never a secret, a URL's user info, or a PEM file pasted instead
 * of its path.
 */
export function shownValue(name: string, text: string): string {
  if (settingOf(name as SettingName).secret || /[@\r\n]|-----/.test(text))
    return `${text.length} characters, not shown`;
  const escaped = JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
  return escaped.replace(/[^ -~…]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function shownDefault(name: SettingName): string {
  const { default: byDefault } = settingOf(name);
  return byDefault === undefined ? 'not set' : `"${byDefault}" (default)`;
}
