/** The settings as text: for `serve --help` and docs/settings.md. */
import { groups, type Setting } from './settings.ts';

const durationHint = 'Durations are one whole number and one unit: 500ms 6s 15m 12h 30d.';

type Row = readonly [name: string, setting: Setting];
const tables = Object.entries(groups).map(([group, rows]) => [group, Object.entries(rows) as Row[]] as const);

/** For help: an introduction, then each group's variables with their descriptions. */
export function settingsHelp() {
  const secrets = tables.flatMap(([, rows]) => rows.filter(([, { secret }]) => secret));
  const files = `Files may hold secrets: ${secrets.map(([name]) => `${name}_FILE`).join(' ')} name them.`;
  const say = ({ description, kind, ...setting }: Setting) =>
    `${description} Form: ${kind.form}. Default: ${defaultText(setting)}.`.replaceAll('`', '');
  return {
    introduction: `Settings are environment variables; an empty one counts as not set. ${durationHint} ${files}`,
    groups: tables.map(([title, rows]) => {
      return { title, rows: rows.map(([name, setting]) => [name, say(setting)] as const) };
    }),
  };
}

/** For docs/settings.md: a Markdown table per group, one line per variable. Ends with a newline. */
export function settingsMarkdown(): string {
  const head = ['| Variable | Default | Form | Meaning |', '|---|---|---|---|'];
  const parts = tables.map(([group, rows]) =>
    [`## ${group}`, ...head, ...rows.map(markdownOf), ''].join('\n'),
  );
  return `${parts.join('\n')}\nAn empty variable counts as not set. ${durationHint}\n`;
}

function markdownOf([name, setting]: Row): string {
  const shown = setting.default === undefined ? defaultText(setting) : `\`${setting.default}\``;
  const files = ` Secret: never shown or logged; \`${name}_FILE\` may name a file that holds it.`;
  const meaning = `${setting.description}${setting.secret ? files : ''}`;
  return `| \`${name}\` | ${shown} | ${setting.kind.form} | ${meaning} |`;
}

const defaultText = (setting: Pick<Setting, 'default' | 'whenUnset'>) =>
  setting.default ?? setting.whenUnset ?? 'none';
