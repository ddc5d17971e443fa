/** Do two times differ? Welch's t-test, as tests of leakage use it. */

/** Beyond this, two means differ for a reason (the usual bound of leakage tests: 1 in 100,000 by chance). */
export const mostT = 4.5;

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * Without the slowest fifth, in which the machine did something else. By one bound for all: cut by bounds of their own, samples
 * of the same would seem to differ.
 */
export function withoutOutliers(samples: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const boundOf = (values: readonly number[]) =>
    values.toSorted((one, other) => one - other)[Math.ceil(values.length * 0.8) - 1] ?? 0;
  const bound = Math.max(...samples.map(boundOf));
  return samples.map((values) => values.filter((value) => value <= bound));
}

/** Welch's t: by how many standard errors two means differ. */
export function welch(one: readonly number[], other: readonly number[]): number {
  const spread = (values: readonly number[]) => {
    const middle = mean(values);
    return mean(values.map((value) => (value - middle) ** 2)) / (values.length - 1);
  };
  return (mean(one) - mean(other)) / Math.sqrt(spread(one) + spread(other));
}
