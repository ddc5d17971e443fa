/** The settings of a process as an operator may see them: values, and where each comes from. Never a secret. */
import type { Environment } from './env.ts';
import { groups, type Setting } from './settings.ts';
import { shownValue } from './values.ts';

export interface ShownSetting {
  readonly name: string;
  readonly group: string;
  readonly description: string;
  /** Empty for a secret, and for one that is not set. */
  readonly value: string;
  readonly source: 'default' | 'environment' | 'file' | 'not_set';
  readonly isSecret: boolean;
}

export function shownSettings(env: Environment): readonly ShownSetting[] {
  return Object.entries(groups).flatMap(([group, rows]) =>
    Object.entries(rows as Readonly<Record<string, Setting>>).map(([name, setting]) => {
      const { description, secret: isSecret = false } = setting;
      const source = sourceOf(name, setting, env);
      const text =
        source === 'environment' ? shownValue(name, env[name] ?? '').replace(/^"|"$/g, '') : setting.default;
      const value = isSecret || source === 'not_set' ? '' : withoutPath(name, text ?? '');
      return { name, group, description: description.replaceAll('`', ''), value, source, isSecret };
    }),
  );
}

/** The path of a webhook may be its secret. */
function withoutPath(name: string, text: string): string {
  return name.endsWith('WEBHOOK_URL') && URL.canParse(text) ? new URL(text).origin : text;
}

function sourceOf(name: string, { secret, default: byDefault }: Setting, env: Environment) {
  if (env[name]) return 'environment';
  if (secret === true && env[`${name}_FILE`]) return 'file';
  return byDefault === undefined ? 'not_set' : 'default';
}
