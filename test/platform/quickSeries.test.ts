/** Our quick counters and histograms say what those of prom-client say. */
import { Counter, Histogram, Registry } from 'prom-client';
import t from 'tap';
import { createQuickCounter, createQuickHistogram } from '../../src/platform/observability/quickSeries.ts';

const buckets = [0.001, 0.01, 1];
const values = [0, 0.0005, 0.001, 0.0010001, 0.5, 1, 1.5, 100];
const labels = [
  { method: 'A', status: 'OK' },
  { method: 'B', status: 'say "hi"\\\n' },
] as const;
const labelNames = ['method', 'status'] as const;

/** Without the order of labels and lines, which mean nothing. */
function linesOf(text: string): readonly string[] {
  return text
    .trim()
    .split('\n')
    .map((line) =>
      line.replace(
        /\{(.*)\}/,
        (_, inner: string) =>
          `{${inner
            .split(/,(?=\w+=")/)
            .sort()
            .join()}}`,
      ),
    )
    .sort();
}

t.test('a histogram', async (t) => {
  const [theirs, ours] = [new Registry(), new Registry()];
  const about = { name: 'seconds', help: 'Time.', buckets };
  const histogram = new Histogram({ ...about, labelNames, registers: [theirs] });
  const quick = createQuickHistogram<(typeof labelNames)[number]>({ ...about, registers: [ours] });
  for (const each of labels) {
    const observe = quick.series(each);
    for (const value of values) {
      histogram.observe(each, value);
      observe(value);
    }
  }
  t.strictSame(linesOf(await ours.metrics()), linesOf(await theirs.metrics()));
});

t.test('a counter', async (t) => {
  const [theirs, ours] = [new Registry(), new Registry()];
  const about = { name: 'things_total', help: 'Things.' };
  const counter = new Counter({ ...about, labelNames, registers: [theirs] });
  const quick = createQuickCounter<(typeof labelNames)[number]>({ ...about, registers: [ours] });
  for (const each of labels) {
    const count = quick.series(each);
    for (let times = 0; times < 3; times += 1) {
      counter.inc(each);
      count();
    }
  }
  t.strictSame(linesOf(await ours.metrics()), linesOf(await theirs.metrics()));
});

t.test('nothing was counted yet', async (t) => {
  const ours = new Registry();
  createQuickCounter({ name: 'things_total', help: 'Things.', registers: [ours] });
  t.equal((await ours.metrics()).trim(), '# HELP things_total Things.\n# TYPE things_total counter');
});
