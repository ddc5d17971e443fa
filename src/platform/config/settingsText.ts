/** The table of settings as people read it: in `--help` and in docs/settings.md. */
import type { Setting } from './setting.ts';
import { settingNames, settingOf } from './settings.ts';

const helpWidth = 100;
const durationHint = 'Durations are one whole number and one unit: 500ms 6s 15m 12h 30d.';

/** Plain text of at most 100 columns: each variable with its meaning, form and default. Ends with a newline. */
export function settingsHelp(): string {
  const column = Math.max(...settingNames.map((name) => name.length)) + 4;
  const rows = settingNames.flatMap((name) => {
    const setting = settingOf(name);
    const text = `${setting.description} Form: ${setting.format}. Default: ${defaultText(setting)}.`;
    const lines = wrap(text.replaceAll('`', ''), helpWidth - column);
    return lines.map((line, index) => `  ${index === 0 ? name : ''}`.padEnd(column) + line);
  });
  const secrets = settingNames.filter((name) => settingOf(name).secret).map((name) => `${name}_FILE`);
  const files = wrap(`Files may hold secrets: ${secrets.join(' ')} name them.`, helpWidth).join('\n');
  return `Settings are environment variables; an empty one counts as not set.\n${durationHint}\n${files}\n\n${rows.join('\n')}\n`;
}

/** A Markdown table for docs/settings.md, one line for each variable. Ends with a newline. */
export function settingsMarkdown(): string {
  const rows = settingNames.map((name) => {
    const setting = settingOf(name);
    const shown = setting.default === undefined ? defaultText(setting) : `\`${setting.default}\``;
    const secret = setting.secret
      ? ` Secret: never shown or logged; \`${name}_FILE\` may name a file that holds it.`
      : '';
    return `| \`${name}\` | ${shown} | ${setting.format} | ${setting.description}${secret} |`;
  });
  const head = ['| Variable | Default | Form | Meaning |', '|---|---|---|---|'];
  return `${[...head, ...rows].join('\n')}\n\nAn empty variable counts as not set. ${durationHint}\n`;
}

function defaultText(setting: Setting): string {
  return setting.default ?? setting.whenUnset ?? 'none';
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
