/**
 * Metrics of several processes as one text. Counters and histograms are sums, and what an ended process had counted stays in
 * them, so they never fall. A sum of gauges may say nothing, so each gauge gets the label `worker`.
 */
import { type Metric, Registry } from 'prom-client';

/** What `/metrics` needs. */
export interface MetricsText {
  readonly contentType: string;
  text(): Promise<string>;
}

/** A metric with its values, as prom-client gives them and JSON keeps them. */
export interface MetricValues {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly values: readonly MetricValue[];
}

interface MetricValue {
  /** Null was not a number before it became JSON. */
  readonly value: number | null;
  readonly labels: Readonly<Record<string, string | number>>;
  /** Of a part of a histogram. */
  readonly metricName?: string;
}

/** The metrics of one process, and the value of its label. */
export interface OfProcess {
  readonly worker: string;
  readonly metrics: readonly MetricValues[];
}

export const metricsContentType = Registry.PROMETHEUS_CONTENT_TYPE;

/** `ended`: the sums of the processes that ended; their gauges ended with them. */
export function summedText(
  processes: readonly OfProcess[],
  ended: readonly MetricValues[] = [],
): Promise<string> {
  const registry = new Registry();
  for (const metric of merged(processes, ended)) {
    const { name } = metric;
    registry.registerMetric({ name, get: async () => metric } as unknown as Metric);
  }
  return registry.metrics();
}

/** What remains of processes that ended. */
export function summedCounts(...all: readonly (readonly MetricValues[])[]): readonly MetricValues[] {
  return merged([], all.flat());
}

function merged(processes: readonly OfProcess[], ended: readonly MetricValues[]): readonly MetricValues[] {
  const told = [
    ...processes.flatMap(({ worker, metrics }) => metrics.map((metric) => ({ worker, metric }))),
    ...ended.filter(({ type }) => type !== 'gauge').map((metric) => ({ worker: '', metric })),
  ];
  const byName = new Map<string, typeof told>();
  for (const one of told) byName.set(one.metric.name, [...(byName.get(one.metric.name) ?? []), one]);
  return [...byName.values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const { name, help, type } = first.metric;
    if (type !== 'gauge') return [{ name, help, type, values: sums(same.map(({ metric }) => metric)) }];
    const values = same.flatMap(({ worker, metric }) =>
      metric.values.map(({ value, labels }) => ({
        value: value ?? Number.NaN,
        labels: { ...labels, worker },
      })),
    );
    return [{ name, help, type, values }];
  });
}

/** In whole billionths: a sum of fractions depends on their order, and would seem to fall when a worker ends. */
function sums(metrics: readonly MetricValues[]): readonly MetricValue[] {
  const summed = new Map<string, MetricValue & { readonly billionths: bigint }>();
  for (const each of metrics.flatMap(({ values }) => values)) {
    const labels = Object.entries(each.labels).sort(([one], [other]) => (one < other ? -1 : 1));
    const key = JSON.stringify([each.metricName, labels]);
    const billionths = (summed.get(key)?.billionths ?? 0n) + BigInt(Math.round((each.value ?? 0) * 1e9));
    summed.set(key, { ...each, billionths });
  }
  return [...summed.values()].map(({ billionths, ...each }) => ({
    ...each,
    value: Number(billionths) / 1e9,
  }));
}
