/**
 * A counter and a histogram for what happens thousands of times a second. prom-client looks a series up by its labels each time;
 * here the caller keeps the series. Both look to the registry like its own metrics.
 */
import type { Metric, Registry } from 'prom-client';

export interface QuickCounter<Label extends string> {
  /** Counts one with each call. */
  series(labels: Readonly<Record<Label, string>>): () => void;
}

export interface QuickHistogram<Label extends string> {
  series(labels: Readonly<Record<Label, string>>): (value: number) => void;
}

interface About {
  readonly name: string;
  readonly help: string;
  readonly registers: readonly Registry[];
}

interface Value {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly metricName?: string;
}

export function createQuickCounter<Label extends string>(about: About): QuickCounter<Label> {
  const all: { readonly labels: Readonly<Record<Label, string>>; value: number }[] = [];
  register(about, 'counter', () => all);
  return {
    series(labels) {
      const series = { labels, value: 0 };
      all.push(series);
      return () => {
        series.value += 1;
      };
    },
  };
}

interface Observed {
  readonly labels: Readonly<Record<string, string>>;
  /** By bucket; the last is of values above all bounds. */
  readonly counts: number[];
  sum: number;
}

export function createQuickHistogram<Label extends string>(
  about: About & { readonly buckets: readonly number[] },
): QuickHistogram<Label> {
  const { name, buckets } = about;
  const all: Observed[] = [];
  register(about, 'histogram', () => all.flatMap((observed) => valuesOf(name, buckets, observed)));
  return {
    series(labels) {
      const observed = { labels, counts: [...buckets, 0].map(() => 0), sum: 0 };
      all.push(observed);
      return (value) => {
        let bucket = 0;
        while (bucket < buckets.length && value > (buckets[bucket] as number)) bucket += 1;
        observed.counts[bucket] = (observed.counts[bucket] as number) + 1;
        observed.sum += value;
      };
    },
  };
}

/** Each bucket of the text counts the smaller ones, too. */
function valuesOf(name: string, buckets: readonly number[], { labels, counts, sum }: Observed): Value[] {
  let count = 0;
  const inBuckets = [...buckets, '+Inf'].map((le, bucket) => {
    count += counts[bucket] as number;
    return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: count };
  });
  return [
    ...inBuckets,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ];
}

function register(
  { name, help, registers }: About,
  type: 'counter' | 'histogram',
  values: () => readonly Value[],
): void {
  const metric = {
    name,
    help,
    type,
    aggregator: 'sum',
    get: async () => ({ name, help, type, values: values() }),
  };
  for (const registry of registers) registry.registerMetric(metric as unknown as Metric);
}
