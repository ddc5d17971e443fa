/** Secrets in files, as orchestrators mount them: `NAME_FILE` holds the path of a file in place of `NAME` itself. */
import { readFileSync, statSync } from 'node:fs';
import { platformLimits } from '../limits.ts';
import type { Environment } from './env.ts';
import { type SettingName, settingNames, settingOf } from './settings.ts';

export interface SecretFiles {
  /** With the contents of the files under the names of the secrets. */
  readonly env: Environment;
  /** Secrets whose file cannot be used, each with the line that says so. */
  readonly faults: ReadonlyMap<SettingName, string>;
}

export function readSecretFiles(env: Environment): SecretFiles {
  const found: Record<string, string> = {};
  const faults = new Map<SettingName, string>();
  for (const name of settingNames) {
    const path = env[`${name}_FILE`];
    if (!settingOf(name).secret || !path) continue;
    const text = env[name] ? undefined : contentOf(path);
    if (text) found[name] = text;
    // The path is not shown: it may be the secret itself, given by mistake.
    else if (env[name]) faults.set(name, `${name}_FILE: must not be set beside ${name}: which one is meant?`);
    else
      faults.set(
        name,
        `${name}_FILE: must be the path of a readable file that is not empty, of up to ${platformLimits.secretFileBytes} bytes; given ${path.length} characters, not shown`,
      );
  }
  return { env: { ...env, ...found }, faults };
}

/** Without the line end, and the byte-order mark, that editors add. Undefined when it cannot be read. */
function contentOf(path: string): string | undefined {
  try {
    const { size } = statSync(path);
    if (size > platformLimits.secretFileBytes) return undefined;
    return readFileSync(path, 'utf8')
      .replace(/^\uFEFF/, '')
      .replace(/\r?\n$/, '');
  } catch {
    // Whatever is wrong with it, the operator is told which file must be readable.
    return undefined;
  }
}
