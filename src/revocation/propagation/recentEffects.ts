/** How fast the revocations of the last minute were in effect, and for whom they had to wait: for operators. In memory only. */
import type { Clock } from '@countersign/verifier/clock';
import type { Metrics } from '../../platform/observability/metrics.ts';
import { propagationLimits } from './limits.ts';

export interface LateParty {
  readonly name: string;
  readonly isNode: boolean;
  readonly outcome: string;
  /** The last time, on the wall clock. */
  readonly at: number;
  readonly times: number;
}

export interface EffectSummary {
  readonly revocations: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly worstMs: number;
  /** Of each second of the last minute, the oldest first. */
  readonly perSecond: readonly number[];
  /** The latest first. */
  readonly late: readonly LateParty[];
}

export interface RecentEffects {
  onEffect: Metrics['effect'];
  onSubscriberSettled: Metrics['subscriber'];
  summary(): EffectSummary;
}

/** What came in one second. */
interface Second {
  readonly second: number;
  count: number;
  /** In milliseconds; of a busy second only some. */
  readonly samples: number[];
  /** Times by party and outcome. */
  readonly late: Map<string, LateParty>;
}

export function createRecentEffects(clock: Pick<Clock, 'now' | 'monotonic'>): RecentEffects {
  const { recentEffectSeconds: kept, recentEffectSamples: most } = propagationLimits;
  const seconds: Second[] = [];
  const nowSecond = () => Math.floor(clock.monotonic() / 1000);
  const current = (): Second => {
    const second = nowSecond();
    const last = seconds.at(-1);
    if (last?.second === second) return last;
    const next: Second = { second, count: 0, samples: [], late: new Map() };
    seconds.push(next);
    while ((seconds[0]?.second ?? second) <= second - kept) seconds.shift();
    return next;
  };
  const noteLate = (party: Pick<LateParty, 'name' | 'isNode' | 'outcome'>) => {
    const { late } = current();
    const key = `${party.isNode} ${party.outcome} ${party.name}`;
    const times = (late.get(key)?.times ?? 0) + 1;
    if (times > 1 || late.size < most) late.set(key, { ...party, at: clock.now(), times });
  };
  return {
    onEffect({ milliseconds, nodes }) {
      const second = current();
      second.count += 1;
      sample(second, milliseconds, most);
      for (const { id, outcome } of nodes)
        if (outcome !== 'acknowledged' && outcome !== 'read') noteLate({ name: id, isNode: true, outcome });
    },
    onSubscriberSettled(outcome, service) {
      if (outcome !== 'acknowledged') noteLate({ name: service, isNode: false, outcome });
    },
    summary: () => summaryOf(seconds, nowSecond() - kept + 1, kept),
  };
}

/** Each is as likely to be kept as any other. */
function sample({ samples, count }: Second, milliseconds: number, most: number): void {
  if (samples.length < most) samples.push(milliseconds);
  else if (Math.random() < most / count) samples[Math.floor(Math.random() * most)] = milliseconds;
}

function summaryOf(seconds: readonly Second[], first: number, kept: number): EffectSummary {
  const recent = seconds.filter(({ second }) => second >= first);
  const sorted = recent.flatMap(({ samples }) => samples).sort((one, other) => one - other);
  const perSecond = Array.from({ length: kept }, (_, index) => {
    return recent.find(({ second }) => second === first + index)?.count ?? 0;
  });
  return {
    revocations: perSecond.reduce((sum, each) => sum + each, 0),
    ...{ p50Ms: quantile(sorted, 0.5), p99Ms: quantile(sorted, 0.99), worstMs: sorted.at(-1) ?? 0 },
    ...{ perSecond, late: together(recent) },
  };
}

/** Everything that is measured is kept for operators, too. */
export function withRecent(metrics: Metrics, recent: RecentEffects): Metrics {
  return {
    ...metrics,
    effect(report) {
      metrics.effect(report);
      recent.onEffect(report);
    },
    subscriber(outcome, service) {
      metrics.subscriber(outcome, service);
      recent.onSubscriberSettled(outcome, service);
    },
  };
}

function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? 0;
}

function together(seconds: readonly Second[]): readonly LateParty[] {
  const parties = new Map<string, LateParty>();
  for (const { late } of seconds)
    for (const [key, party] of late)
      parties.set(key, { ...party, times: party.times + (parties.get(key)?.times ?? 0) });
  return [...parties.values()].sort((one, other) => other.at - one.at);
}
