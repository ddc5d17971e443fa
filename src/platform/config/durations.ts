/** Durations as operators write them: `500ms 6s 15m 12h 30d`. Inside, whole milliseconds. */

const unitMilliseconds = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
type Unit = keyof typeof unitMilliseconds;

/** Ten years. Nothing lasts longer, and sums of durations stay exact integers. */
export const longestDurationMs = 3_650 * unitMilliseconds.d;

const written = /^(0|[1-9][0-9]{0,11})(ms|s|m|h|d)$/;

/**
 * Milliseconds; `undefined` unless it is one whole number directly followed by one unit (no sign, fraction, white space or
 * leading zero) of at most ten years. `1h30m` is refused: one duration has one unit.
 */
export function parseDuration(text: string): number | undefined {
  const match = written.exec(text);
  if (match === null) return undefined;
  const milliseconds = Number(match[1]) * unitMilliseconds[match[2] as Unit];
  return milliseconds <= longestDurationMs ? milliseconds : undefined;
}

/** The shortest exact form: 900000 is `15m`, 90000 is `90s`. Throws a RangeError when there is none. */
export function formatDuration(milliseconds: number): string {
  if (!Number.isSafeInteger(milliseconds) || milliseconds < 0 || milliseconds > longestDurationMs) {
    throw new RangeError(`not a duration in whole milliseconds: ${milliseconds}`);
  }
  if (milliseconds === 0) return '0s';
  const units = Object.keys(unitMilliseconds).reverse() as Unit[];
  const unit = units.find((name) => milliseconds % unitMilliseconds[name] === 0) ?? 'ms';
  return `${milliseconds / unitMilliseconds[unit]}${unit}`;
}
