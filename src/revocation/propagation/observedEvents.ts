/** What happens at a node, as metrics and log lines. */
import type { Clock } from '@countersign/verifier/clock';
import type { FaultLog } from '../../platform/observability/faultLog.ts';
import type { Log } from '../../platform/observability/log.ts';
import type { Metrics } from '../../platform/observability/metrics.ts';
import type { SubscriberEvents } from '../subscribers/subscribers.ts';
import type { NodeEvents } from './node.ts';

interface Parts {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly onFault: FaultLog;
}

export function subscriberEvents({ log, metrics }: Pick<Parts, 'log' | 'metrics'>): SubscriberEvents {
  return {
    onSubscriberSettled: metrics.subscriber,
    onSubscriberBackoff({ service, milliseconds }) {
      metrics.subscriberBackoff(service);
      log.warn(
        { service, milliseconds },
        'a logout waited for subscribers of a service: they get no leases for a while',
      );
    },
  };
}

export function nodeEvents({ log, metrics, clock, onFault }: Parts, node: string): NodeEvents {
  let stamped = { ageMs: 0, seenAt: clock.monotonic() };
  metrics.gauge(
    'countersign_projection_lag_seconds',
    'Time since Redis certainly had everything that PostgreSQL has, as this node knows.',
    () => (stamped.ageMs + clock.monotonic() - stamped.seenAt) / 1000,
  );
  return {
    onVerdict: metrics.check,
    onEffect: metrics.effect,
    onProgress: (progress) => log.info({ node, ...progress }, 'loading the deny-list'),
    onReconciled({ outcome, ageMs }) {
      if (ageMs !== undefined) stamped = { ageMs, seenAt: clock.monotonic() };
      if (outcome !== 'rebuilt') return;
      metrics.rebuild();
      log.info({ node }, 'Redis lacked revocations, and was filled from PostgreSQL');
    },
    onFault(part, error) {
      metrics.fault(part);
      onFault(part, error);
    },
    ...subscriberEvents({ log, metrics }),
    onMessageDropped: metrics.busDropped,
  };
}
