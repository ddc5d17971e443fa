/** Metrics of several authorities in one process. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import t from 'tap';
import { createMetrics } from '../../src/platform/observability/metrics.ts';
import { eventually } from '../support/eventually.ts';

t.test('each tells of the process, and of nothing of another authority', async (t) => {
  const [one, other] = [createMetrics(), createMetrics()];
  one.gauge('own', 'Of one.', () => 7);
  one.upkeepFault('x');
  const [told, toldElsewhere] = [await one.text(), await other.text()];
  for (const text of [told, toldElsewhere]) {
    t.match(text, /^# HELP nodejs_gc_duration_seconds /m);
    t.match(text, /^process_cpu_user_seconds_total /m);
  }
  t.match(told, /^own 7$/m);
  t.match(told, /^countersign_upkeep_faults_total\{part="x"\} 1$/m);
  t.notMatch(toldElsewhere, /^own |part="x"/m);
});

t.test('the observers of the process keep no closed authority in memory', async (t) => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const gauge = new WeakRef(gaugeOf(createMetrics()));
  const isGone = () => {
    collectGarbage();
    return gauge.deref() === undefined;
  };
  t.ok(await eventually('it is collected', isGone));
});

/** What an authority has registered. */
function gaugeOf(metrics: ReturnType<typeof createMetrics>): () => number {
  const kept = new Array<number>(10);
  const read = () => kept.length;
  metrics.gauge('own', 'Of one.', read);
  return read;
}
