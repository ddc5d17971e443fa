/** The table of metrics. docs/metrics.md lists them in this order. */
import { Counter, Histogram, type Registry } from 'prom-client';
import { createQuickCounter, createQuickHistogram } from './quickSeries.ts';

const requestSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const effectSeconds = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

const counter = <Label extends string>(help: string, ...labelNames: Label[]) => ({
  register: (name: string, registers: Registry[]) => new Counter({ name, help, labelNames, registers }),
});
const histogram = <Label extends string>(buckets: number[], help: string, ...labelNames: Label[]) => ({
  register: (name: string, registers: Registry[]) =>
    new Histogram({ name, help, labelNames, buckets, registers }),
});

/** For every request and check: see `quickSeries.ts`. */
const quickCounter = <Label extends string>(help: string, ..._labelNames: Label[]) => ({
  register: (name: string, registers: Registry[]) => createQuickCounter<Label>({ name, help, registers }),
});
const quickHistogram = <Label extends string>(buckets: number[], help: string, ..._labelNames: Label[]) => ({
  register: (name: string, registers: Registry[]) =>
    createQuickHistogram<Label>({ name, help, buckets, registers }),
});

const table = {
  countersign_http_request_seconds: quickHistogram(
    requestSeconds,
    'HTTP requests by method, route and status.',
    'method',
    'route',
    'status',
  ),
  countersign_grpc_call_seconds: quickHistogram(
    requestSeconds,
    'gRPC calls by method and status.',
    'method',
    'status',
  ),
  countersign_refusals_total: counter('Refused requests by error code and machine reason.', 'code', 'reason'),
  countersign_revoke_budget_refusals_total: counter(
    'Revocations refused because the service had used up its budget.',
    'service',
    'budget',
  ),
  countersign_checks_total: quickCounter(
    'Revocation checks by what decided them, and whether memory was asked first.',
    'decided_by',
    'revoked',
    'from_memory',
  ),
  countersign_earlier_tokens_total: counter('Introspected tokens of earlier issuers by outcome.', 'outcome'),
  countersign_effect_seconds: histogram(effectSeconds, 'Time from the commit of a revocation to its effect.'),
  countersign_effect_nodes_total: counter(
    'Other nodes that a revocation had to reach, by outcome.',
    'outcome',
  ),
  countersign_effect_edges_total: counter(
    'Subscribers of this node that a revocation had to reach, by service and outcome.',
    'outcome',
    'service',
  ),
  countersign_edge_backoffs_total: counter(
    'How often the subscribers of a service got no leases for a while, because a logout had waited for them.',
    'service',
  ),
  countersign_edges_refused_total: counter(
    'Streams of subscribers refused because the service had its share of places.',
    'service',
  ),
  countersign_effect_failures_total: counter(
    'Logouts and revocations that were not answered as in effect, by reason.',
    'reason',
  ),
  countersign_projection_rebuilds_total: counter('How often this node rebuilt the shared copy in Redis.'),
  countersign_session_context_signals_total: counter(
    'Signals of unusual logins and uses of sessions, by signal and action.',
    'signal',
    'action',
  ),
  countersign_session_look_ups_total: counter(
    'Look-ups of sessions in Redis: hits, and why others were answered by PostgreSQL.',
    'outcome',
  ),
  countersign_second_factors_total: counter(
    'Tries at a second factor, by kind and outcome.',
    'factor',
    'outcome',
  ),
  countersign_codes_total: counter(
    'One-time codes by channel: how many were sent, and how many of them were used.',
    'channel',
    'outcome',
  ),
  countersign_passkeys_cloned_total: counter('Passkeys whose counter went back: two devices have the key.'),
  countersign_provider_sign_ins_total: counter(
    'Sign-ins with other providers, by provider and outcome.',
    'provider',
    'outcome',
  ),
  countersign_deny_list_faults_total: counter('Failures of a part of the shared deny-list.', 'part'),
  countersign_bus_dropped_total: counter('Messages of the bus that were dropped, by reason.', 'reason'),
  countersign_saved_memory_refused_total: counter(
    'How often memory saved in Redis was refused, by reason.',
    'reason',
  ),
  countersign_unnamed_proxy_requests_total: counter(
    'Requests forwarded by a private address that TRUSTED_PROXIES does not name.',
  ),
  countersign_connections_dropped_total: counter(
    'Unauthenticated connections and calls that gave way to others, by place and limit.',
    'where',
    'limit',
  ),
  countersign_deleted_rows_total: counter('Expired rows deleted by this node.', 'table'),
  countersign_messages_total: counter(
    'Mails and messages for phones by channel and outcome; failed ones are sent again.',
    'channel',
    'outcome',
  ),
  countersign_upkeep_faults_total: counter('Failures of sealing the audit log, or of clean-up.', 'part'),
  countersign_workers_ended_total: counter('Workers that ended by themselves; another one starts each time.'),
};

type Table = typeof table;
export type RegisteredMetrics = { readonly [Name in keyof Table]: ReturnType<Table[Name]['register']> };

export function registerMetrics(registry: Registry): RegisteredMetrics {
  const registered = Object.entries(table).map(([name, { register }]) => [name, register(name, [registry])]);
  return Object.fromEntries(registered);
}
