/** Metrics for operators, in Prometheus' text format. Names and labels are a contract; labels have few values. */
import { collectDefaultMetrics, Gauge, type Metric, Registry } from 'prom-client';
import { registerMetrics } from './metricTable.ts';
import type { MetricValues } from './metricValues.ts';

export interface Metrics {
  readonly contentType: string;
  text(): Promise<string>;
  /** The same as `text`, for another process. */
  values(): Promise<readonly MetricValues[]>;
  httpRequest(method: string, route: string, status: number, seconds: number): void;
  grpcCall(method: string, status: string, seconds: number): void;
  /** A refusal by code and, if any, reason. */
  refusal(code: string, reason: string | undefined): void;
  /** A revocation was refused: the service's budget is used up. */
  revokeBudgetUsedUp(service: string, budget: string): void;
  /** A revocation check. Without a verdict, it had no answer. */
  check(
    verdict: { readonly decidedBy: string; readonly revoked: boolean } | undefined,
    fromMemory: boolean,
  ): void;
  /** A token of an earlier issuer: `active`, `unavailable` or why it is not active. */
  earlierToken(outcome: string): void;
  /** The time from a revocation's commit to its effect, and the outcome for each other node. */
  effect(report: {
    readonly milliseconds: number;
    readonly nodes: readonly { readonly id: string; readonly outcome: string }[];
  }): void;
  /** A logout or revocation was not answered as in effect. */
  effectFailure(reason: string): void;
  /** The outcome for a subscriber that a revocation waited for. */
  subscriber(outcome: string, service: string): void;
  /** A service's subscribers get no leases for a while: a logout waited too long for them. */
  subscriberBackoff(service: string): void;
  /** A stream was refused: its service has its share of places. */
  subscriberRefused(service: string): void;
  /** The shared copy in Redis was rebuilt. */
  rebuild(): void;
  /** A part of the shared deny-list failed. It retries, or another part covers for it. */
  fault(part: string): void;
  /** A bus message was dropped. */
  busDropped(reason: string): void;
  /** Saved memory in Redis was refused. */
  savedMemoryRefused(reason: string): void;
  /** A session's context changed; the settings ask for this action. */
  contextSignal(signal: string, action: string): void;
  /** A session was looked up in Redis. */
  lookUp(outcome: string): void;
  /** A second factor was tried. */
  secondFactor(factor: string, outcome: string): void;
  /** A one-time code was `sent` or `used`. */
  code(channel: string, outcome: string): void;
  /** A passkey's counter went back. */
  passkeyCloned(): void;
  /** A sign-in with another provider ended. */
  providerSignIn(provider: string, outcome: string): void;
  /** A request came through an unlisted proxy. */
  unnamedProxy(): void;
  /** An unauthenticated connection or call was dropped for a limit. */
  connectionDropped(where: string, limit: string): void;
  /** Expired rows were deleted. */
  deleted(table: string, rows: number): void;
  /** A mail or message: `sent`, `failed` (and sent again), `refused` or `given_up`. */
  message(channel: string, outcome: string): void;
  /** An upkeep job failed and will retry. */
  upkeepFault(part: string): void;
  /** A worker ended by itself. */
  workerEnded(): void;
  /** A value read at each scrape. Replaces a gauge of the same name. */
  gauge(name: string, help: string, read: () => number): void;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  for (const metric of metricsOfProcess()) registry.registerMetric(metric);
  const metrics = registerMetrics(registry);
  const requests = keptSeries((method: string, route: string, status: number) =>
    metrics.countersign_http_request_seconds.series({ method, route, status: String(status) }),
  );
  const calls = keptSeries((method: string, status: string) =>
    metrics.countersign_grpc_call_seconds.series({ method, status }),
  );
  const checks = keptSeries((decided_by: string, revoked: boolean, from_memory: boolean) =>
    metrics.countersign_checks_total.series({
      decided_by,
      revoked: String(revoked),
      from_memory: String(from_memory),
    }),
  );

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    values: async () => (await registry.getMetricsAsJSON()) as unknown as readonly MetricValues[],
    httpRequest: (method, route, status, seconds) => requests(method, route, status)(seconds),
    grpcCall: (method, status, seconds) => calls(method, status)(seconds),
    refusal: (code, reason) => metrics.countersign_refusals_total.inc({ code, reason: reason ?? '' }),
    revokeBudgetUsedUp: (service, budget) =>
      metrics.countersign_revoke_budget_refusals_total.inc({ service, budget }),
    check: (verdict, fromMemory) =>
      checks(verdict?.decidedBy ?? 'none', verdict?.revoked ?? false, fromMemory)(),
    earlierToken: (outcome) => metrics.countersign_earlier_tokens_total.inc({ outcome }),
    effect({ milliseconds, nodes }) {
      metrics.countersign_effect_seconds.observe(milliseconds / 1000);
      for (const { outcome } of nodes) metrics.countersign_effect_nodes_total.inc({ outcome });
    },
    effectFailure: (reason) => metrics.countersign_effect_failures_total.inc({ reason }),
    subscriber: (outcome, service) => metrics.countersign_effect_edges_total.inc({ outcome, service }),
    subscriberBackoff: (service) => metrics.countersign_edge_backoffs_total.inc({ service }),
    subscriberRefused: (service) => metrics.countersign_edges_refused_total.inc({ service }),
    rebuild: () => metrics.countersign_projection_rebuilds_total.inc(),
    fault: (part) => metrics.countersign_deny_list_faults_total.inc({ part }),
    busDropped: (reason) => metrics.countersign_bus_dropped_total.inc({ reason }),
    savedMemoryRefused: (reason) => metrics.countersign_saved_memory_refused_total.inc({ reason }),
    contextSignal: (signal, action) =>
      metrics.countersign_session_context_signals_total.inc({ signal, action }),
    lookUp: (outcome) => metrics.countersign_session_look_ups_total.inc({ outcome }),
    secondFactor: (factor, outcome) => metrics.countersign_second_factors_total.inc({ factor, outcome }),
    code: (channel, outcome) => metrics.countersign_codes_total.inc({ channel, outcome }),
    passkeyCloned: () => metrics.countersign_passkeys_cloned_total.inc(),
    providerSignIn: (provider, outcome) =>
      metrics.countersign_provider_sign_ins_total.inc({ provider, outcome }),
    unnamedProxy: () => metrics.countersign_unnamed_proxy_requests_total.inc(),
    connectionDropped: (where, limit) => metrics.countersign_connections_dropped_total.inc({ where, limit }),
    deleted: (table, rows) => metrics.countersign_deleted_rows_total.inc({ table }, rows),
    message: (channel, outcome) => metrics.countersign_messages_total.inc({ channel, outcome }),
    upkeepFault: (part) => metrics.countersign_upkeep_faults_total.inc({ part }),
    workerEnded: () => metrics.countersign_workers_ended_total.inc(),
    gauge(name, help, read) {
      // A repeated start registers it again.
      registry.removeSingleMetric(name);
      new Gauge({
        name,
        help,
        registers: [registry],
        collect() {
          this.set(read());
        },
      });
    },
  };
}

let processMetrics: readonly Metric[] | undefined;

/** Collected once: their observers never end, and would keep an authority that has closed in memory. */
function metricsOfProcess(): readonly Metric[] {
  if (processMetrics === undefined) {
    const registry = new Registry();
    collectDefaultMetrics({ register: registry });
    // The library's types describe metrics as JSON here.
    processMetrics = registry.getMetricsAsArray() as unknown as readonly Metric[];
  }
  return processMetrics;
}

/** The series of each combination of labels, found again without joining them to a text. */
function keptSeries<Labels extends readonly unknown[], Series>(open: (...labels: Labels) => Series) {
  const kept = new Map<unknown, unknown>();
  return (...labels: Labels): Series => {
    let level = kept;
    for (let at = 0; at < labels.length - 1; at += 1) {
      const next = level.get(labels[at]) ?? new Map();
      level.set(labels[at], next);
      level = next as Map<unknown, unknown>;
    }
    const last = labels[labels.length - 1];
    const found = level.get(last) ?? open(...labels);
    level.set(last, found);
    return found as Series;
  };
}
