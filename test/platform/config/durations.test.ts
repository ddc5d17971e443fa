import t from 'tap';
import { formatDuration, longestDurationMs, parseDuration } from '../../../src/platform/config/durations.ts';

t.test('a duration is one whole number and one unit', (t) => {
  const table: [string, number][] = [
    ['500ms', 500],
    ['6s', 6_000],
    ['15m', 900_000],
    ['12h', 43_200_000],
    ['30d', 2_592_000_000],
    ['0s', 0],
    ['3650d', longestDurationMs],
  ];
  for (const [text, milliseconds] of table) t.equal(parseDuration(text), milliseconds, text);
  t.end();
});

t.test('anything else is no duration', (t) => {
  const refused = [
    ['', 'nothing'],
    ['15', 'no unit'],
    ['m', 'no number'],
    ['15 m', 'a space inside'],
    [' 15m', 'a space before'],
    ['15m\n', 'a newline after'],
    ['-15m', 'a sign'],
    ['+15m', 'a plus sign'],
    ['1.5h', 'a fraction'],
    ['1e3s', 'an exponent'],
    ['0x10s', 'hexadecimal'],
    ['1h30m', 'two units'],
    ['15M', 'an upper-case unit'],
    ['2w', 'an unknown unit'],
    ['015m', 'a leading zero'],
    ['١٥m', 'digits that are not ASCII'],
    ['3651d', 'more than ten years'],
    ['999999999999d', 'far more than ten years'],
    ['9999999999999999999ms', 'more digits than can be exact'],
    ['constructor', 'a name every object has'],
  ] as const;
  for (const [text, why] of refused) t.equal(parseDuration(text), undefined, why);
  t.end();
});

t.test('a duration is written in the largest unit that is exact, and reads back the same', (t) => {
  const table: [number, string][] = [
    [0, '0s'],
    [1, '1ms'],
    [1_500, '1500ms'],
    [90_000, '90s'],
    [900_000, '15m'],
    [86_400_000, '1d'],
    [90_000_000, '25h'],
    [longestDurationMs, '3650d'],
  ];
  for (const [milliseconds, text] of table) {
    t.equal(formatDuration(milliseconds), text, text);
    t.equal(parseDuration(text), milliseconds, `${text} reads back`);
  }
  t.end();
});

t.test('what no duration can be is not written', (t) => {
  for (const wrong of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, longestDurationMs + 1]) {
    t.throws(() => formatDuration(wrong), RangeError, String(wrong));
  }
  t.end();
});
