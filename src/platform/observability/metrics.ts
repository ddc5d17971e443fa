/** What operators measure, in Prometheus' text format. Names and labels are a contract; labels have few values. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

const requestSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const effectSeconds = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

export interface Metrics {
  readonly contentType: string;
  text(): Promise<string>;
  httpRequest(method: string, route: string, status: number, seconds: number): void;
  grpcCall(method: string, status: string, seconds: number): void;
  /** A refusal by its code and, where there is one, the machine word for why. */
  refusal(code: string, reason: string | undefined): void;
  /** A service asked to take back more than it may in a minute. */
  revokeBudgetUsedUp(service: string, budget: string): void;
  /** A revocation check; without a verdict it could not be answered. */
  check(
    verdict: { readonly decidedBy: string; readonly revoked: boolean } | undefined,
    fromMemory: boolean,
  ): void;
  /** From the commit of a revocation to its effect, and how that was known of each other node. */
  effect(report: {
    readonly milliseconds: number;
    readonly nodes: readonly { readonly outcome: string }[];
  }): void;
  /** A logout or revocation could not be answered as in effect. */
  effectFailure(reason: string): void;
  /** How it was settled with a subscriber that a revocation had to wait for. */
  subscriber(outcome: string, service: string): void;
  /** The subscribers of a service get no leases for a while: a logout has waited for them for too long. */
  subscriberBackoff(service: string): void;
  /** A stream of a service that has its share of places. */
  subscriberRefused(service: string): void;
  /** The shared copy in Redis was made anew. */
  rebuild(): void;
  /** A part of the shared deny-list failed, and made up for it or will try again. */
  fault(part: string): void;
  /** A message of the bus was not believed, and why. */
  busDropped(reason: string): void;
  /** Memory that was saved in Redis is not what a node saved, and why. */
  savedMemoryRefused(reason: string): void;
  /** Something about the context of a session changed, and what the settings say of that. */
  contextSignal(signal: string, action: string): void;
  /** A request came by a proxy that is not believed. */
  unnamedProxy(): void;
  /** A connection, or a call, of nobody whom we know has given way: where, and to which limit. */
  connectionDropped(where: string, limit: string): void;
  /** Expired rows were deleted. */
  deleted(table: string, rows: number): void;
  /** Upkeep failed at something, and will try again. */
  upkeepFault(part: string): void;
  /** A value that is read when metrics are asked for; one of the same name is replaced. */
  gauge(name: string, help: string, read: () => number): void;
}

interface Series {
  observe(seconds: number): void;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const httpRequests = new Histogram({
    name: 'countersign_http_request_seconds',
    help: 'HTTP requests by method, route and status.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: requestSeconds,
    registers,
  });
  const grpcCalls = new Histogram({
    name: 'countersign_grpc_call_seconds',
    help: 'gRPC calls by method and status.',
    labelNames: ['method', 'status'] as const,
    buckets: requestSeconds,
    registers,
  });
  const refusals = new Counter({
    name: 'countersign_refusals_total',
    help: 'Refused requests by error code and machine reason.',
    labelNames: ['code', 'reason'] as const,
    registers,
  });
  const revokeBudgets = new Counter({
    name: 'countersign_revoke_budget_refusals_total',
    help: 'Revocations that were refused since the service had used up its budget.',
    labelNames: ['service', 'budget'] as const,
    registers,
  });
  const checks = new Counter({
    name: 'countersign_checks_total',
    help: 'Revocation checks by what decided them, and whether memory was asked first.',
    labelNames: ['decided_by', 'revoked', 'from_memory'] as const,
    registers,
  });
  const effects = new Histogram({
    name: 'countersign_effect_seconds',
    help: 'From the commit of a revocation until it is in effect.',
    buckets: effectSeconds,
    registers,
  });
  const effectNodes = new Counter({
    name: 'countersign_effect_nodes_total',
    help: 'Other nodes that a revocation had to reach, by how it was settled with each.',
    labelNames: ['outcome'] as const,
    registers,
  });
  const effectSubscribers = new Counter({
    name: 'countersign_effect_edges_total',
    help: 'Subscribers of this node that a revocation had to reach, by service and how it was settled with each.',
    labelNames: ['outcome', 'service'] as const,
    registers,
  });
  const subscriberBackoffs = new Counter({
    name: 'countersign_edge_backoffs_total',
    help: 'How often the subscribers of a service got no leases for a while, since a logout had waited for them.',
    labelNames: ['service'] as const,
    registers,
  });
  const subscribersRefused = new Counter({
    name: 'countersign_edges_refused_total',
    help: 'Streams of subscribers that were refused since their service had its share of places.',
    labelNames: ['service'] as const,
    registers,
  });
  const effectFailures = new Counter({
    name: 'countersign_effect_failures_total',
    help: 'Logouts and revocations that were not answered as in effect, by why.',
    labelNames: ['reason'] as const,
    registers,
  });
  const rebuilds = new Counter({
    name: 'countersign_projection_rebuilds_total',
    help: 'How often this node made the shared copy in Redis anew.',
    registers,
  });
  const contextSignals = new Counter({
    name: 'countersign_session_context_signals_total',
    help: 'Changes of where and with what sessions are used, by signal and what was done.',
    labelNames: ['signal', 'action'] as const,
    registers,
  });
  const faults = new Counter({
    name: 'countersign_deny_list_faults_total',
    help: 'Failures of a part of the shared deny-list.',
    labelNames: ['part'] as const,
    registers,
  });
  const busDropped = new Counter({
    name: 'countersign_bus_dropped_total',
    help: 'Messages of the bus that were not believed, by why.',
    labelNames: ['reason'] as const,
    registers,
  });
  const savedMemoryRefused = new Counter({
    name: 'countersign_saved_memory_refused_total',
    help: 'How often memory that was saved in Redis was not believed, by why.',
    labelNames: ['reason'] as const,
    registers,
  });
  const unnamedProxies = new Counter({
    name: 'countersign_unnamed_proxy_requests_total',
    help: 'Requests that a private address passed on which TRUSTED_PROXIES does not name.',
    registers,
  });
  const connectionsDropped = new Counter({
    name: 'countersign_connections_dropped_total',
    help: 'Connections and calls of nobody whom we know that gave way to others, by where and by limit.',
    labelNames: ['where', 'limit'] as const,
    registers,
  });
  const deletedRows = new Counter({
    name: 'countersign_deleted_rows_total',
    help: 'Expired rows deleted by this node.',
    labelNames: ['table'] as const,
    registers,
  });
  const upkeepFaults = new Counter({
    name: 'countersign_upkeep_faults_total',
    help: 'Failures of sealing the audit log, or of clean-up.',
    labelNames: ['part'] as const,
    registers,
  });

  /** Finding a series by its labels costs more than counting in it; there are as many as labels have values. */
  const known = new Map<string, Series>();
  const series = (name: string, find: () => Series) => {
    const found = known.get(name) ?? find();
    known.set(name, found);
    return found;
  };

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    httpRequest: (method, route, status, seconds) =>
      series(`${method} ${status} ${route}`, () => httpRequests.labels({ method, route, status })).observe(
        seconds,
      ),
    grpcCall: (method, status, seconds) =>
      series(`${method} ${status}`, () => grpcCalls.labels({ method, status })).observe(seconds),
    refusal: (code, reason) => refusals.inc({ code, reason: reason ?? '' }),
    revokeBudgetUsedUp: (service, budget) => revokeBudgets.inc({ service, budget }),
    check: (verdict, fromMemory) =>
      checks.inc({
        decided_by: verdict?.decidedBy ?? 'none',
        revoked: String(verdict?.revoked ?? false),
        from_memory: String(fromMemory),
      }),
    effect({ milliseconds, nodes }) {
      effects.observe(milliseconds / 1000);
      for (const { outcome } of nodes) effectNodes.inc({ outcome });
    },
    effectFailure: (reason) => effectFailures.inc({ reason }),
    subscriber: (outcome, service) => effectSubscribers.inc({ outcome, service }),
    subscriberBackoff: (service) => subscriberBackoffs.inc({ service }),
    subscriberRefused: (service) => subscribersRefused.inc({ service }),
    rebuild: () => rebuilds.inc(),
    fault: (part) => faults.inc({ part }),
    busDropped: (reason) => busDropped.inc({ reason }),
    savedMemoryRefused: (reason) => savedMemoryRefused.inc({ reason }),
    contextSignal: (signal, action) => contextSignals.inc({ signal, action }),
    unnamedProxy: () => unnamedProxies.inc(),
    connectionDropped: (where, limit) => connectionsDropped.inc({ where, limit }),
    deleted: (table, rows) => deletedRows.inc({ table }, rows),
    upkeepFault: (part) => upkeepFaults.inc({ part }),
    gauge(name, help, read) {
      // A start that is tried again makes it anew.
      registry.removeSingleMetric(name);
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read());
        },
      });
    },
  };
}
