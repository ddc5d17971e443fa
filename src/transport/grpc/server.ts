/**
 * The gRPC transport for services. Owns listening, TLS, authorisation and the translation of errors. Does not own methods: each
 * slice adds its own (`grpc.ts`).
 */

import type { Clock } from '@countersign/verifier/clock';
import { type Contract, loadContract } from '@countersign/verifier/contract/contract';
import { StartupError } from '@countersign/verifier/errors';
import {
  logVerbosity,
  Server,
  type ServerCredentials,
  type ServerOptions,
  type ServiceDefinition,
  setLogVerbosity,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import type { GrpcTls } from '../../platform/config/config.ts';
import type { Log } from '../../platform/observability/log.ts';
import type { Metrics } from '../../platform/observability/metrics.ts';
import type { Subscribers } from '../../revocation/subscribers/subscribers.ts';
import type { AuthenticateService } from '../../services/authenticateService.ts';
import { createAdmission } from './admission.ts';
import {
  type Authorize,
  type AuthorizeByHeader,
  createAuthorize,
  createAuthorizeByHeader,
} from './callers.ts';
import { type CallReports, createCallReports } from './callReports.ts';
import { openServerIdentity } from './certificates.ts';
import { createConnections } from './connections.ts';
import { createDeadlines } from './deadlines.ts';
import { createLeaving } from './goaway.ts';
import { createHealth } from './health.ts';
import { createLibraryRefusals } from './libraryRefusals.ts';
import { grpcLimits } from './limits.ts';
import type { Methods } from './methodRow.ts';
import { loadReflected } from './reflection.ts';
import { withinLimits } from './requests.ts';
import { createRpc, type Rpc } from './rpc.ts';
import { createUsages } from './usage.ts';
import { createWholeCalls, type WholeCalls } from './wholeCalls.ts';

/** A service of a slice. */
export interface GrpcService {
  readonly methods: Methods;
  mount(mount: GrpcMount): void;
}

export interface GrpcMount extends Pick<Rpc, 'unary' | 'stream' | 'watch'>, Pick<CallReports, 'report'> {
  readonly v1: Contract['v1'];
  readonly clock: Clock;
  add(service: ServiceDefinition, handlers: UntypedServiceImplementation): void;
  /** Serves plain calls of a unary method without the library; `handle` is the method's handler there, too. */
  readonly addWhole: WholeCalls['add'];
}

export interface GrpcParts {
  /** One or more per slice. */
  readonly services: readonly GrpcService[];
  readonly authenticateService: AuthenticateService;
  readonly subscribers: Pick<Subscribers, 'drain'>;
  readonly reflection: boolean;
  readonly tls: GrpcTls | undefined;
  /** False when clients should go elsewhere, as without a lease. */
  readonly canAnswer: () => boolean;
  /** Throws `unavailable` while the database is doubted. */
  readonly requireTruth: () => void;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
}

export interface GrpcServer {
  /** Returns the port; `port` 0 takes a free one. Throws `StartupError` when the address is in use. */
  listen(host: string, port: number): Promise<number>;
  /** Sends NOT_SERVING and GOAWAY, and asks subscribers to leave within `graceMs`; still serves new calls until `close`. */
  drain(graceMs: number): void;
  /** Accepts no more connections; call `close` when requests on their way have arrived. */
  stopListening(): Promise<void>;
  /** Drains, gives calls in flight at most `drainMs`, then cuts the rest. */
  close(drainMs: number): Promise<void>;
}

export function createGrpcServer(parts: GrpcParts): GrpcServer {
  // The library would write to the console; its relevant messages reach us as errors.
  setLogVerbosity(logVerbosity.NONE);
  const methods: Methods = Object.assign({}, ...parts.services.map((service) => service.methods));
  const admitting = createAdmitting({ ...parts, methods });
  const { connections, deadlines, interceptors, wholeCalls } = admitting;
  const server = new Server({ ...serverOptions, interceptors });
  const idle = addServices(server, { ...parts, ...admitting });
  const health = createHealth(server, parts);
  if (parts.reflection) new ReflectionService(loadReflected()).addToServer(server);
  const leaving = createLeaving(server, parts.clock);
  let closeIdentity = () => {};
  let subscribersLeft: Promise<void> | undefined;
  const drain = (graceMs: number) => {
    if (subscribersLeft !== undefined) return;
    health.drain();
    subscribersLeft = parts.subscribers.drain(graceMs);
    // Existing streams go on; new ones use a new connection. `close` ends both.
    leaving.sayGoaway();
  };

  return {
    async listen(host, port) {
      const identity = await openServerIdentity(parts);
      closeIdentity = identity.close;
      const bound = await bind(server, host, port, identity.credentials);
      connections.watch(server);
      wholeCalls.watch(server);
      leaving.watch();
      health.start();
      return bound;
    },
    drain,
    stopListening: leaving.stopListening,
    async close(drainMs) {
      drain(0);
      closeIdentity();
      deadlines.close();
      const cancel = parts.clock.after(drainMs, connections.destroy);
      // Subscribers first: they need this node until they have another.
      await subscribersLeft;
      const closed = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
      await Promise.race([closed, idle()]);
      // The rest are streams that only we end, such as health watches, and connections whose peers do not read. The library would
      // wait for ever for a session ended before.
      let cancelRest = () => {};
      const cut = new Promise<void>((resolve) => {
        cancelRest = parts.clock.after(grpcLimits.grpcLastStreamsMilliseconds, () => {
          connections.destroy();
          resolve();
        });
      });
      await Promise.race([closed, cut]);
      cancel();
      cancelRest();
    },
  };
}

const serverOptions: ServerOptions = {
  // Until a call is authorised; then it gets more (`connections.ts`).
  'grpc.max_concurrent_streams': grpcLimits.grpcStrangerStreams,
  'grpc-node.max_session_memory': grpcLimits.grpcSessionMegabytes,
  // The library adds jitter.
  'grpc.max_connection_age_ms': grpcLimits.grpcConnectionAgeMilliseconds,
  'grpc.max_connection_age_grace_ms': grpcLimits.grpcConnectionGraceMilliseconds,
  'grpc.max_connection_idle_ms': grpcLimits.grpcConnectionIdleMilliseconds,
  'grpc.keepalive_time_ms': grpcLimits.grpcKeepaliveMilliseconds,
  'grpc.keepalive_timeout_ms': grpcLimits.grpcKeepaliveAnswerMilliseconds,
  // Costs a tenth of each call. Without it forceShutdown finds no connections; `connections.ts` ends them.
  'grpc.enable_channelz': 0,
};

/** Admission and each service's usage of this node. */
function createAdmitting(parts: GrpcParts & { readonly methods: Methods }) {
  const reports = createCallReports(parts);
  const byCredential = createAuthorize(parts.authenticateService);
  const authorize: Authorize = (method, call) => {
    parts.requireTruth();
    return byCredential(method, call);
  };
  const ofHeader = createAuthorizeByHeader(parts.authenticateService);
  const authorizeByHeader: AuthorizeByHeader = (method, connection, authorization) => {
    parts.requireTruth();
    return ofHeader(method, connection, authorization);
  };
  const usages = createUsages();
  const connections = createConnections({ ...parts, usages });
  parts.metrics.gauge(
    'countersign_grpc_message_bytes',
    'Memory of unread gRPC messages, of all services.',
    usages.held,
  );
  const deadlines = createDeadlines(parts.clock);
  const admission = createAdmission({ ...parts, authorize, connections, deadlines, reports });
  const interceptors = [createLibraryRefusals({ ...parts, deadlines }), admission];
  const wholeCalls = createWholeCalls({ ...parts, authorizeByHeader, connections });
  return { methods: parts.methods, reports, authorize, connections, deadlines, interceptors, wholeCalls };
}

function addServices(server: Server, parts: GrpcParts & ReturnType<typeof createAdmitting>) {
  const { v1 } = loadContract();
  const { unary, stream, watch, idle } = createRpc(parts);
  const mount: GrpcMount = {
    ...{ v1, unary, stream, watch, clock: parts.clock, report: parts.reports.report },
    addWhole: parts.wholeCalls.add,
    add: (service, handlers) => server.addService(withinLimits(service, parts.methods), handlers),
  };
  for (const service of parts.services) service.mount(mount);
  return idle;
}

function bind(server: Server, host: string, port: number, creds: ServerCredentials): Promise<number> {
  const address = addressOf(host, port);
  return new Promise((resolve, reject) => {
    server.bindAsync(address, creds, (error, bound) => {
      if (error === null) resolve(bound);
      else
        reject(
          new StartupError(`GRPC_PORT: cannot listen on ${address}: ${error.message}`, { cause: error }),
        );
    });
  });
}

function addressOf(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
