/** Times, durations and numbers in the user's language (Intl). */

export interface Formats {
  /** Date and time, in the time zone of the browser. */
  time(text: string): string;
  /** Such as "3 hours ago". */
  ago(text: string): string;
  number(value: number): string;
  milliseconds(value: number): string;
}

const steps: readonly [unit: Intl.RelativeTimeFormatUnit, seconds: number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];

export function createFormats(language: string): Formats {
  const times = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  const numbers = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
  return {
    time: (text) => times.format(new Date(text)),
    ago(text) {
      const seconds = (Date.parse(text) - Date.now()) / 1000;
      const [unit, size] = steps.find(([, each]) => Math.abs(seconds) >= each) ?? ['second', 1];
      return relative.format(Math.trunc(seconds / size), unit);
    },
    number: (value) => numbers.format(value),
    milliseconds: (value) => `${numbers.format(value < 10 ? value : Math.round(value))} ms`,
  };
}
