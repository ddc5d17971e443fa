/** Metrics of several processes as one text: sums that never fall, and gauges by worker. */
import t from 'tap';
import { createMetrics } from '../../src/platform/observability/metrics.ts';
import { summedCounts, summedText } from '../../src/platform/observability/metricValues.ts';

const verdict = { decidedBy: 'memory', revoked: false };
/** As it comes from another process. */
const told = async (metrics: ReturnType<typeof createMetrics>) =>
  JSON.parse(JSON.stringify(await metrics.values()));
const linesOf = (text: string, name: string) => text.split('\n').filter((line) => line.startsWith(name));

t.test(
  'counters and histograms are sums, with what an ended process had counted; gauges are not',
  async (t) => {
    const [one, two] = [createMetrics(), createMetrics()];
    for (const [metrics, calls] of [
      [one, 2],
      [two, 3],
    ] as const) {
      for (let call = 0; call < calls; call += 1) {
        metrics.check(verdict, true);
        metrics.grpcCall('IsRevoked', 'OK', 0.002);
      }
      metrics.refusal('invalid_token', 'revoked');
      metrics.gauge('countersign_deny_list_entries', 'Revocations in memory.', () => 10 * calls);
      metrics.gauge('countersign_lease_remaining_seconds', 'Lease.', () => Number.NaN);
    }
    two.deleted('sessions', 7);
    const processes = [
      { worker: '1', metrics: await told(one) },
      { worker: '2', metrics: await told(two) },
    ];
    const checks = 'countersign_checks_total{decided_by="memory",revoked="false",from_memory="true"}';
    const together = await summedText(processes);
    t.strictSame(linesOf(together, checks), [`${checks} 5`]);
    t.strictSame(linesOf(together, 'countersign_refusals_total'), [
      'countersign_refusals_total{code="invalid_token",reason="revoked"} 2',
    ]);
    t.strictSame(linesOf(together, 'countersign_grpc_call_seconds_bucket{le="0.0025"'), [
      'countersign_grpc_call_seconds_bucket{le="0.0025",method="IsRevoked",status="OK"} 5',
    ]);
    t.strictSame(linesOf(together, 'countersign_grpc_call_seconds_count'), [
      'countersign_grpc_call_seconds_count{method="IsRevoked",status="OK"} 5',
    ]);
    t.strictSame(linesOf(together, 'countersign_deny_list_entries'), [
      'countersign_deny_list_entries{worker="1"} 20',
      'countersign_deny_list_entries{worker="2"} 30',
    ]);
    t.match(linesOf(together, 'countersign_lease_remaining_seconds{worker="1"}'), [/ Nan$/i]);
    t.equal(linesOf(together, '# TYPE countersign_checks_total').length, 1);

    const ended = summedCounts(summedCounts(), await told(two));
    const later = await summedText(processes.slice(0, 1), ended);
    t.strictSame(linesOf(later, checks), [`${checks} 5`]);
    t.strictSame(linesOf(later, 'countersign_deleted_rows_total'), [
      'countersign_deleted_rows_total{table="sessions"} 7',
    ]);
    t.strictSame(linesOf(later, 'countersign_deny_list_entries'), [
      'countersign_deny_list_entries{worker="1"} 20',
    ]);
    const twice = await summedText([], summedCounts(ended, await told(one)));
    t.strictSame(linesOf(twice, checks), [`${checks} 5`]);
  },
);

t.test('a sum of fractions does not depend on who ended', async (t) => {
  const told = (value: number) => [
    {
      ...{ name: 'countersign_seconds_total', help: 'Seconds.', type: 'counter' },
      values: [{ value, labels: {} }],
    },
  ];
  const of = (worker: string, value: number) => ({ worker, metrics: told(value) });
  const before = await summedText([of('1', 0.1), of('2', 0.2), of('main', 0.3)]);
  const after = await summedText([of('1', 0.1), of('main', 0.3)], told(0.2));
  t.equal(after, before);
  t.match(before, 'countersign_seconds_total 0.6\n');
});
